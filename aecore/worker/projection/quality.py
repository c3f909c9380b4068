"""Quality of a map: per point, how well neighbours among the codings and on the map agree (Venna and Kaski 2001).

Each of a point's k = 15 nearest neighbours on the map costs its rank among the codings beyond k, 0 for one of the k
nearest codings. The point's trust is 1 − the sum divided by the worst case, k(2n − 3k − 1)/2; its continuity is the
same with codings and map exchanged. The means over all points are trustworthiness and continuity. For fewer than
2k + 2 points k is lowered.

Ties count in favour of the map: of equally distant points, those count as the k nearest that are nearest in the other
space, and each has the lowest of their ranks. So duplicates that lie side by side on the map in any order cost nothing.

Up to `REFERENCES` points all ranks are counted, and without ties the means equal scikit-learn's `trustworthiness`. With
more points, the rank r of a neighbour beyond the k nearest is estimated from `REFERENCES` random points, with standard
error about √(r·n / REFERENCES).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aecore.analysis.neighbours import TIE, centred, squared_distances
from aecore.store.progress import Report
from aecore.worker.projection.engines import neighbours

NEIGHBOURS = 15
STORED = 10  # nearest neighbours of a point that a map folder holds
VOTERS = 5
SHARING = 20  # nearest neighbours among which equally distant ones share votes
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
    near : (n, at least k) row numbers of the exact nearest neighbours in `x`, nearest first; searched again if there
        are only k, because the next one tells whether the last one is tied.
    report : called with the share done; its exceptions end the work.
    """
    k = _valid_k(len(x), NEIGHBOURS)
    report(0.0)
    near_map, _ = neighbours(points, min(max(k + 1, STORED), len(x) - 1), lambda share: report(0.0))
    near = np.asarray(near) if near.shape[1] > k else neighbours(x, k + 1, lambda share: report(0.0))[0]
    claimed = _favoured(points, near_map, x, k, lambda: report(0.0))
    trust = _agreement(x, claimed, near[:, :k], lambda share: report(share / 2))
    claimed = _favoured(x, near, points, k, lambda: report(0.5))
    continuity = _agreement(points, claimed, near_map[:, :k], lambda share: report(0.5 + share / 2))
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
    claimed = _favoured(points, neighbours(points, k + 1)[0], x, k)
    return float(_agreement(x, claimed, neighbours(x, k)[0]).mean())


def vote_accuracy(near: np.ndarray, labels: np.ndarray, x: np.ndarray | None = None) -> float:
    """Leave-one-out accuracy of kNN classification: the share of points whose 5 nearest vote for their label.

    `near` (n, at least 5) are row numbers, nearest first, `labels` (n,); equal votes take the lower label. With the
    points `x` (n, d), those of the first 20 of `near` that are as far as the fifth share the votes that are left.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    count = min(VOTERS, near.shape[1])
    weights: np.ndarray = np.ones((len(near), count))
    if x is not None:
        x, squares = centred(x)
        near = near[:, :SHARING]
        distances = np.stack([squared_distances(x, column) for column in near.T], axis=1)
        last, slack = distances[:, count - 1 : count], TIE * squares[:, None]
        nearer, tied = distances < last - slack, np.abs(distances - last) <= slack
        share = (count - nearer.sum(axis=1)) / tied.sum(axis=1)
        weights = nearer + tied * share[:, None]
    voters = codes[near[:, : weights.shape[1]]]
    votes = np.stack([((voters == code) * weights).sum(axis=1) for code in range(len(classes))], axis=1)
    return float((votes.round(9).argmax(axis=1) == codes).mean())


def _valid_k(n: int, k: int) -> int:
    """`k`, lowered so that the worst case of n points is defined."""
    return min(k, (n - 1) // 2)


def _agreement(x: np.ndarray, claimed: np.ndarray, true: np.ndarray, report: Report = lambda share: None) -> np.ndarray:
    """Per point, (n,) float64 in [0, 1]: how low the ranks of its `claimed` neighbours (n, k) are in `x` (n, d).

    1 = all of them are among the `true` nearest neighbours (n, k), nearest first, or as near as the last of those.
    """
    n, k = claimed.shape
    all_ranks = n <= REFERENCES
    references = np.arange(n) if all_ranks else np.sort(np.random.default_rng(0).choice(n, REFERENCES, replace=False))
    column = np.full(n, -1)
    column[references] = np.arange(len(references))  # of a point in the distances below; -1: not a reference
    x, squares = centred(x)
    left, right = _factors(x, squares, references)
    cost = np.empty(n)
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        report(start / n)
        distances = left[rows] @ right
        is_reference = column[rows] >= 0
        distances[np.flatnonzero(is_reference), column[rows][is_reference]] = np.inf  # not its own neighbour
        if all_ranks:
            limits = np.take_along_axis(distances, claimed[rows], axis=1)
        else:
            limits = ((x[claimed[rows]] - x[rows, None]) ** 2).sum(axis=2) - squares[rows, None]
        slack = TIE * (squares[rows, None] + squares[claimed[rows]])
        last = np.square(x[true[rows, -1]] - x[rows]).sum(axis=1) - squares[rows]
        agrees = limits <= last[:, None] + slack
        limits = limits - slack  # equal distances must not be closer by rounding
        distances.sort(axis=1)  # with a binary search in each row, faster than counting for each neighbour
        closer = np.array([row.searchsorted(limit) for row, limit in zip(distances, limits, strict=True)])
        rank = 1 + closer * ((n - 1) / (len(references) - is_reference))[:, None]
        beyond = np.maximum(rank - k, 0 if all_ranks else 1)
        cost[rows] = np.where(agrees, 0, beyond).sum(axis=1)
    return 1 - 2 * cost / (k * (2 * n - 3 * k - 1))


def _favoured(
    x: np.ndarray, near: np.ndarray, other: np.ndarray, k: int, check: Callable[[], None] = lambda: None
) -> np.ndarray:
    """The `k` nearest neighbours (n, k) in `x`; of those as far as the k-th, the nearest in `other`.

    `near` (n, at least k + 1) are row numbers of the nearest in `x`, nearest first. `check` is called before each block
    of points with such ties and may raise.
    """
    claimed, n = near[:, :k].copy(), len(x)
    x, squares = centred(x)
    last, following = (squared_distances(x, near[:, place]) for place in (k - 1, k))
    slack = TIE * (squares + squares[near[:, k - 1]])
    tied = np.flatnonzero(following <= last + slack)
    if not len(tied):
        return claimed
    everyone = np.arange(n)
    y, other_squares = centred(other)
    (left, right), (other_left, other_right) = _factors(x, squares, everyone), _factors(y, other_squares, everyone)
    step = max(1, BLOCK * REFERENCES // n)
    for rows in (tied[start : start + step] for start in range(0, len(tied), step)):
        check()
        limit, room = (last - squares)[rows, None], slack[rows, None]
        distances, preference = left[rows] @ right, other_left[rows] @ other_right
        preference[distances < limit - room] = -np.inf  # nearer than the k-th: one of the k whatever `other` says
        preference[distances > limit + room] = np.inf
        preference[np.arange(len(rows)), rows] = np.inf  # not its own neighbour
        claimed[rows] = np.argpartition(preference, k - 1, axis=1)[:, :k]
    return claimed


def _factors(x: np.ndarray, squares: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrices whose product has the squared distances of all rows to `columns`, minus each row's own square, which
    does not change their order."""
    left = np.hstack([x, np.ones((len(x), 1))])
    return left, np.vstack([-2 * x[columns].T, squares[columns]])
