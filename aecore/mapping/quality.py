"""How far a map can be trusted: who is near whom, in the codings and in the map."""

from __future__ import annotations

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from aecore.mapping.engines import neighbours

NEIGHBOURS = 15
VOTERS = 5
JUDGED_POINTS = 2000  # of more points only so many, evenly spread, are judged (against all the others)
BLOCK = 256


def trustworthiness(x: np.ndarray, drawn: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Are neighbours in the map `drawn` (n, 2) neighbours in `x` (n, d)? 1 = all of them; chance is about 0.5.

    Venna and Kaski (2001): each of a point's `k` neighbours in the map costs its rank in `x` beyond `k`, normalised
    by the worst case. `k` is lowered for fewer than 2k + 2 points. The value equals scikit-learn's for up to 2,000
    points; beyond, it is the mean over 2,000 of them.
    """
    n = len(x)
    k = min(k, (n - 1) // 2)
    judged = np.unique(np.linspace(0, n - 1, min(n, JUDGED_POINTS)).astype(int))
    near, _ = neighbours(drawn, k)
    x = np.asarray(x, np.float64)
    squares = np.einsum("ij,ij->i", x, x)[None]
    cost = 0
    for start in range(0, len(judged), BLOCK):
        rows = judged[start : start + BLOCK]
        distances = euclidean_distances(x[rows], x, squared=True, Y_norm_squared=squares)
        distances[np.arange(len(rows)), rows] = np.inf  # a point is not its own neighbour
        for column in near[rows].T:
            rank = (distances < distances[np.arange(len(rows)), column][:, None]).sum(axis=1) + 1
            cost += int(np.maximum(rank - k, 0).sum())
    return 1 - 2 * cost / (len(judged) * k * (2 * n - 3 * k - 1))


def continuity(x: np.ndarray, drawn: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Are neighbours in `x` still neighbours in the map? Trustworthiness with the two exchanged."""
    return trustworthiness(drawn, x, k)


def knn_accuracy(x: np.ndarray, labels: np.ndarray, k: int = VOTERS) -> float:
    """Share of points whose `k` nearest others in `x` (n, d) vote for their own label (n,); ties: the lower label."""
    near, _ = neighbours(x, min(k, len(x) - 1))
    classes, codes = np.unique(labels, return_inverse=True)
    votes = (codes[near][:, :, None] == np.arange(len(classes))).sum(axis=1)
    return float((votes.argmax(axis=1) == codes).mean())
