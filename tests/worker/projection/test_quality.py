"""The numbers about a map, against scikit-learn's and against what must come out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from aecore.specs.map import MapSpec
from aecore.store.progress import Report
from aecore.worker.projection import quality
from aecore.worker.projection.engines import embed, neighbours


def blobs(n: int, d: int = 6, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, n)
    return (rng.normal(size=(classes, d))[labels] * 2 + rng.normal(size=(n, d))).astype(np.float32), labels


@pytest.mark.parametrize("n", [40, 700])
def test_trustworthiness_is_scikit_learns(n: int) -> None:
    x, _ = blobs(n)
    drawn = x[:, :2] + 0.5 * x[:, 2:4]
    assert quality.trustworthiness(x, drawn) == pytest.approx(reference(x, drawn, n_neighbors=15), abs=1e-6)
    assert quality.trustworthiness(drawn, x) == pytest.approx(reference(drawn, x, n_neighbors=15), abs=1e-6)
    assert quality.trustworthiness(drawn, x) != quality.trustworthiness(x, drawn)


def test_perfect_random_and_few() -> None:
    x, _ = blobs(400)
    assert quality.trustworthiness(x, x) == 1
    noise = np.random.default_rng(1).normal(size=(400, 2))
    assert 0.4 < quality.trustworthiness(x, noise) < 0.6
    assert quality.trustworthiness(x[:10], noise[:10]) == pytest.approx(reference(x[:10], noise[:10], n_neighbors=4))


def judged(n: int, tell: Report = lambda share: None) -> tuple[np.ndarray, np.ndarray, quality.MapTrust]:
    x, _ = blobs(n)
    drawn = x[:, :2] + 0.5 * x[:, 2:4]
    return x, drawn, quality.measure_trust(x, drawn, neighbours(x, 20 if n > 40 else min(15, n - 1))[0], tell)


@pytest.mark.parametrize("n", [3, 9, 40, 700])
def test_a_judgement_is_scikit_learns_point_by_point(n: int) -> None:
    x, drawn, found = judged(n)
    k = min(15, (n - 1) // 2)
    assert found.trustworthiness == pytest.approx(reference(x, drawn, n_neighbors=k), abs=1e-6)
    assert found.continuity_mean == pytest.approx(reference(drawn, x, n_neighbors=k), abs=1e-6)
    for values, mean in ((found.trust, found.trustworthiness), (found.continuity, found.continuity_mean)):
        assert values.shape == (n,) and values.dtype == np.float32 and values.min() >= 0 and values.max() <= 1
        assert values.mean() == pytest.approx(mean, abs=1e-6)
    np.testing.assert_array_equal(found.near_map, neighbours(drawn, min(10, n - 1))[0])


def test_one_misplaced_point_is_found() -> None:
    plane = blobs(200)[0][:, :2]
    x = np.hstack([plane, np.zeros((200, 1))]).astype(np.float32)
    x[17, 2] = 50  # far above all others, in their midst on the map: a false neighbour of those around it
    found = quality.measure_trust(x, plane, neighbours(x, 15)[0])
    fooled = (neighbours(plane, 15)[0] == 17).any(axis=1)
    assert fooled.any() and found.trust[fooled].max() < 0.95 and found.trust[~fooled].min() == 1
    drawn = plane.copy()
    drawn[17] += 50  # and torn away from its neighbours
    found = quality.measure_trust(plane, drawn, neighbours(plane, 15)[0])
    assert found.continuity.argmin() == 17 and found.continuity[17] < 0.5 and np.median(found.continuity) > 0.99


def test_many_points_are_ranked_among_some(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, exact = judged(3000)
    monkeypatch.setattr(quality, "REFERENCES", 1000)
    _, _, rough = judged(3000)
    assert not np.array_equal(exact.trust, rough.trust)
    np.testing.assert_array_equal(exact.near_map, rough.near_map)
    for a, b in ((exact.trust, rough.trust), (exact.continuity, rough.continuity)):
        assert abs(a.mean() - b.mean()) < 0.002  # no bias
        assert np.sqrt(np.square(a - b).mean()) < 0.01 and np.corrcoef(a, b)[0, 1] > 0.95


def test_duplicates_are_perfect_neighbours() -> None:
    x = np.repeat(blobs(40)[0], 5, axis=0)
    found = quality.measure_trust(x, x[:, :2] * 0, neighbours(x, 15)[0])
    assert np.isfinite(found.trust).all() and found.continuity.min() == 1  # all map distances tie
    assert quality.measure_trust(x, x, neighbours(x, 15)[0]).trust.min() == 1


def test_progress_and_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "BLOCK", 100)
    told: list[float] = []
    judged(700, told.append)
    assert told == sorted(told) and told[0] == 0 and 0.8 < told[-1] <= 1 and len(told) > 8

    def stop(share: float) -> None:
        if share > 0.3:
            raise KeyError

    with pytest.raises(KeyError):
        judged(700, stop)


def test_knn_accuracy_is_leave_one_out() -> None:
    x, labels = blobs(150)
    expected = cross_val_score(KNeighborsClassifier(5), x, labels, cv=LeaveOneOut()).mean()
    assert quality.vote_accuracy(neighbours(x, 5)[0], labels) == pytest.approx(expected)
    assert quality.vote_accuracy(neighbours(np.eye(5)[labels] + 0.01 * x[:, :5], 5)[0], labels) == 1
    shuffled = np.random.default_rng(1).permutation(labels)
    assert quality.vote_accuracy(neighbours(x, 5)[0], shuffled) < 0.4


def in_favour(x: np.ndarray, other: np.ndarray, k: int) -> float:
    """The mean trust of `other` as a map of `x` where ties count in favour, point by point from its definition."""
    n, total = len(x), 0.0
    for i in range(n):
        far, near = (np.square(values - values[i]).sum(axis=1) for values in (x, other))
        ranks = np.array([1 + (np.delete(far, i) < distance).sum() for distance in far])
        others = [j for j in np.lexsort((ranks, near)) if j != i]  # nearest on the map, of those the lowest rank
        total += np.maximum(ranks[others[:k]] - k, 0).sum()
    return 1 - 2 * total / (n * k * (2 * n - 3 * k - 1))


TIED: dict[str, np.ndarray] = {
    "a grid": np.stack(np.meshgrid(np.arange(9), np.arange(7)), axis=-1).reshape(-1, 2).astype(np.float32),
    "bits": np.random.default_rng(0).integers(0, 2, (90, 4)).astype(np.float32),
    "duplicates": np.repeat(blobs(12)[0], 7, axis=0) + 100,
    "two places": np.repeat(np.eye(2, 3), [50, 9], axis=0),
}


@pytest.mark.parametrize("name", TIED)
def test_ties_count_in_favour(name: str) -> None:
    x = TIED[name]
    noise = np.random.default_rng(1).normal(size=(len(x), 2))
    for points in (noise, x[:, :2] + 1e-3 * noise, np.round(noise)):
        judged = quality.measure_trust(x, points, neighbours(x, 16)[0])
        assert judged.trustworthiness == pytest.approx(in_favour(x, points, 15), abs=1e-9)
        assert judged.continuity_mean == pytest.approx(in_favour(points, x, 15), abs=1e-9)
        assert quality.trustworthiness(x, points) == pytest.approx(judged.trustworthiness, abs=1e-9)


@pytest.mark.parametrize("references", [5000, 100])
def test_duplicates_side_by_side_cost_nothing(monkeypatch: pytest.MonkeyPatch, references: int) -> None:
    monkeypatch.setattr(quality, "REFERENCES", references)
    x = np.repeat(blobs(20, d=2)[0], 25, axis=0)
    points = x + 1e-3 * np.random.default_rng(1).normal(size=x.shape)
    for near in (15, 16, 40):
        judged = quality.measure_trust(x, points, neighbours(x, near)[0])
        assert judged.trust.min() == judged.continuity.min() == 1


def test_tsne_of_duplicates_keeps_its_continuity() -> None:
    x = np.repeat(blobs(20)[0], 25, axis=0)
    spec = MapSpec("tsne", perplexity=20)
    points = embed(x, spec, lambda share: None)
    assert quality.measure_trust(x, points, neighbours(x, 60)[0]).continuity_mean > 0.95


def test_without_ties_the_neighbours_are_the_nearest() -> None:
    x, _ = blobs(300)
    near = neighbours(x, 16)[0]
    claimed = quality._favoured(x, near, x[:, :2], 15)
    np.testing.assert_array_equal(claimed, near[:, :15])


def test_equally_near_points_share_their_votes() -> None:
    labels = np.array([0] * 7 + [1] * 5)
    x = np.zeros((12, 2), np.float32)
    for order in (np.arange(12), np.arange(12)[::-1], np.random.default_rng(0).permutation(12)):
        near = neighbours(x, 11)[0]
        assert quality.vote_accuracy(near, labels[order], x) == pytest.approx(7 / 12)
    x, labels = blobs(150)
    near = neighbours(x, 15)[0]
    assert quality.vote_accuracy(near, labels, x) == quality.vote_accuracy(near, labels)
