"""The numbers about a map, against scikit-learn's and against what must come out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from aecore.mapping import quality


def blobs(n: int, d: int = 6, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, n)
    return (rng.normal(size=(classes, d))[labels] * 2 + rng.normal(size=(n, d))).astype(np.float32), labels


@pytest.mark.parametrize("n", [40, 700])
def test_trustworthiness_is_scikit_learns(n: int) -> None:
    x, _ = blobs(n)
    drawn = x[:, :2] + 0.5 * x[:, 2:4]
    assert quality.trustworthiness(x, drawn) == pytest.approx(reference(x, drawn, n_neighbors=15), abs=1e-6)
    assert quality.continuity(x, drawn) == pytest.approx(reference(drawn, x, n_neighbors=15), abs=1e-6)
    assert quality.continuity(x, drawn) != quality.trustworthiness(x, drawn)


def test_perfect_random_and_few() -> None:
    x, _ = blobs(400)
    assert quality.trustworthiness(x, x) == quality.continuity(x, x) == 1
    noise = np.random.default_rng(1).normal(size=(400, 2))
    assert 0.4 < quality.trustworthiness(x, noise) < 0.6
    assert quality.trustworthiness(x[:10], noise[:10]) == pytest.approx(reference(x[:10], noise[:10], n_neighbors=4))


def test_many_points_are_judged_by_some(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = blobs(700)
    drawn = x[:, :2]
    exact = quality.trustworthiness(x, drawn)
    monkeypatch.setattr(quality, "JUDGED_POINTS", 300)
    assert quality.trustworthiness(x, drawn) == pytest.approx(exact, abs=0.01)
    assert quality.trustworthiness(x, drawn) != exact


def test_knn_accuracy_is_leave_one_out() -> None:
    x, labels = blobs(150)
    expected = cross_val_score(KNeighborsClassifier(5), x, labels, cv=LeaveOneOut()).mean()
    assert quality.knn_accuracy(x, labels) == pytest.approx(expected)
    assert quality.knn_accuracy(np.eye(5)[labels] + 0.01 * x[:, :5], labels) == 1
    shuffled = np.random.default_rng(1).permutation(labels)
    assert quality.knn_accuracy(x, shuffled) < 0.4
