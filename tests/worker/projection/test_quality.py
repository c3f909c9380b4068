"""The numbers about a map, against scikit-learn's and against what must come out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from aecore.store.progress import Report
from aecore.worker.projection import quality
from aecore.worker.projection.engines import neighbours


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
