"""Quality of a map: per point, how well neighbours among the codings and on the map agree (Venna and Kaski 2001).

Each of a point's k = 15 nearest neighbours on the map costs its rank among the codings beyond k, 0 for one of the k
nearest codings. The point's trust is 1 − the sum divided by the worst case, k(2n − 3k − 1)/2; its continuity is the
same with codings and map exchanged. The means over all points are trustworthiness and continuity. For fewer than
2k + 2 points k is lowered.

Up to `REFERENCES` points all ranks are counted, and the means equal scikit-learn's `trustworthiness` (ties take the
lower rank). With more points, the rank r of a neighbour beyond the k nearest is estimated from `REFERENCES` random
points, with standard error about √(r·n / REFERENCES).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecore.store.progress import Report
from aecore.worker.projection.engines import neighbours

NEIGHBOURS = 15
STORED = 10  # nearest neighbours of a point that a map folder holds
VOTERS = 5
REFERENCES = 5000
BLOCK = 512  # rows of distances at a time: 20 MB


@dataclass(frozen=True)
class MapTrust:
    """Trustworthiness and continuity of a map and of each of its points.

    `trust`, `continuity` : (n,) float32 in [0, 1], 1 = all neighbours agree.
    `trustworthiness`, `continuity_mean` : their means.
    `near_map` : (n, 10) int32, the nearest neighbours on the map, nearest first; n − 1 columns for n ≤ 10.
    """

    trust: np.ndarray
    continuity: np.ndarray
    trustworthiness: float
    continuity_mean: float
    near_map: np.ndarray


def measure_trust(x: np.ndarray, points: np.ndarray, near: np.ndarray, report: Report = lambda share: None) -> MapTrust:
    """Compare the neighbours on the map `points` (n, 2 or 3) with those among `x` (n, d), n at least 3.

    Parameters
    ----------
    near : (n, at least k) row numbers of the exact nearest neighbours in `x`, nearest first.
    report : called with the share done; its exceptions end the work.
    """
    k = _valid_k(len(x), NEIGHBOURS)
    report(0.0)
    near_map, _ = neighbours(points, min(max(k, STORED), len(x) - 1), lambda share: report(0.0))
    near_codings, near_points = np.asarray(near)[:, :k], near_map[:, :k]
    trust = _agreement(x, near_points, near_codings, lambda share: report(share / 2))
    continuity = _agreement(points, near_codings, near_points, lambda share: report(0.5 + share / 2))
    return MapTrust(
        trust.astype(np.float32),
        continuity.astype(np.float32),
        float(trust.mean()),
        float(continuity.mean()),
        np.ascontiguousarray(near_map[:, :STORED], dtype=np.int32),
    )


def trustworthiness(x: np.ndarray, points: np.ndarray) -> float:
    """The mean trust of a map `points` (n, 2) of `x` (n, d): 1 = all neighbours agree; about 0.5 for random points."""
    k = _valid_k(len(x), NEIGHBOURS)
    return float(_agreement(x, neighbours(points, k)[0], neighbours(x, k)[0]).mean())


def vote_accuracy(near: np.ndarray, labels: np.ndarray) -> float:
    """Leave-one-out accuracy of kNN classification: the share of points whose 5 nearest vote for their label.

    `near` (n, at least 5) are row numbers, nearest first, `labels` (n,); ties take the lower label.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    votes = (codes[near[:, :VOTERS]][:, :, None] == np.arange(len(classes))).sum(axis=1)
    return float((votes.argmax(axis=1) == codes).mean())


def _valid_k(n: int, k: int) -> int:
    """`k`, lowered so that the worst case of n points is defined."""
    return min(k, (n - 1) // 2)


def _agreement(x: np.ndarray, claimed: np.ndarray, true: np.ndarray, report: Report = lambda share: None) -> np.ndarray:
    """Per point, (n,) float64 in [0, 1]: how low the ranks of its `claimed` neighbours (n, k) are in `x` (n, d).

    1 = all of them are among the `true` nearest neighbours (n, k).
    """
    n, k = claimed.shape
    all_ranks = n <= REFERENCES
    references = np.arange(n) if all_ranks else np.sort(np.random.default_rng(0).choice(n, REFERENCES, replace=False))
    column = np.full(n, -1)
    column[references] = np.arange(len(references))  # of a point in the distances below; -1: not a reference
    x = np.asarray(x, np.float64)
    x = x - x.mean(axis=0)  # keeps distances, with a smaller rounding error
    squares = np.einsum("ij,ij->i", x, x)
    left = np.hstack([x, np.ones((n, 1))])
    right = np.vstack([-2 * x[references].T, squares[references]])
    cost = np.empty(n)
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        report(start / n)
        distances = left[rows] @ right  # squared, minus the row's own square, which does not change the order
        is_reference = column[rows] >= 0
        distances[np.flatnonzero(is_reference), column[rows][is_reference]] = np.inf  # not its own neighbour
        if all_ranks:
            limits = np.take_along_axis(distances, claimed[rows], axis=1)
        else:
            limits = ((x[claimed[rows]] - x[rows, None]) ** 2).sum(axis=2) - squares[rows, None]
        distances.sort(axis=1)  # with a binary search in each row, faster than counting for each neighbour
        closer = np.array([row.searchsorted(limit) for row, limit in zip(distances, limits, strict=True)])
        rank = 1 + closer * ((n - 1) / (len(references) - is_reference))[:, None]
        beyond = np.maximum(rank - k, 0 if all_ranks else 1)
        agrees = (claimed[rows][:, :, None] == true[rows][:, None, :]).any(axis=2)
        cost[rows] = np.where(agrees, 0, beyond).sum(axis=1)
    return 1 - 2 * cost / (k * (2 * n - 3 * k - 1))
