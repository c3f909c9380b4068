"""How far a map can be trusted: who is near whom, in the codings and in the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aecore.worker.projection.engines import neighbours

NEIGHBOURS = 15
KEPT = 10  # of a point's nearest in the map are handed on, to be drawn
VOTERS = 5
REFERENCES = 5000  # more points than this are ranked among so many of them
BLOCK = 512  # rows of distances at a time: 20 MB; fewer, and threads mostly wait for each other

Tell = Callable[[float], None]  # called with the share that is done, several times a second; may raise to stop


@dataclass(frozen=True)
class Judgement:
    """Which points of a map can be trusted, and the whole map.

    `trust`, `continuity` : (n,) float32, one value a point in [0, 1], 1 = perfect.
    `trustworthiness`, `continuity_mean` : their means, Venna and Kaski's trustworthiness and continuity.
    `near_map` : (n, 10) int32, the nearest others in the map, nearest first; fewer where there are no ten others.
    """

    trust: np.ndarray
    continuity: np.ndarray
    trustworthiness: float
    continuity_mean: float
    near_map: np.ndarray


def judge(x: np.ndarray, drawn: np.ndarray, near: np.ndarray, tell: Tell = lambda share: None) -> Judgement:
    """Compare the neighbours in the map `drawn` (n, 2 or 3) with those in `x` (n, d), n at least 3.

    Venna and Kaski (2001): each of a point's k = 15 neighbours in the map costs its rank in `x` beyond k, 0 when it is
    one of the k nearest there; the sum is divided by the worst case, k(2n − 3k − 1)/2. That is the point's trust; with
    the two spaces exchanged, its continuity. `k` is lowered for fewer than 2k + 2 points.

    Up to 5,000 points all ranks are counted, and the means are scikit-learn's `trustworthiness` (where distances tie,
    the lower rank counts). Of more, a neighbour that is not among the k nearest has its rank estimated by how many of
    5,000 points drawn at random are closer, one rank r to within √(r·n/5000). Against all ranks of 16,000 points that
    changed a point's trust or continuity by .0024 (root of the mean square; at most .013), the means by .0008.

    Parameters
    ----------
    near : (n, at least k) the exact nearest others in `x`, nearest first.
    tell : hears the share that is done; what it raises ends the work.
    """
    k = _fitting(len(x), NEIGHBOURS)
    tell(0.0)
    found, _ = neighbours(drawn, min(max(k, KEPT), len(x) - 1), lambda share: tell(0.0))
    near, mapped = np.asarray(near)[:, :k], found[:, :k]
    trust = _kept(x, mapped, near, lambda share: tell(share / 2))
    continuity = _kept(drawn, near, mapped, lambda share: tell(0.5 + share / 2))
    return Judgement(
        trust.astype(np.float32),
        continuity.astype(np.float32),
        float(trust.mean()),
        float(continuity.mean()),
        np.ascontiguousarray(found[:, :KEPT], dtype=np.int32),
    )


def trustworthiness(x: np.ndarray, drawn: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Are neighbours in the map `drawn` (n, 2) neighbours in `x` (n, d)? 1 = all of them; chance is about 0.5.

    The mean of `judge`'s trust: scikit-learn's value for up to 5,000 points, an estimate beyond.
    """
    k = _fitting(len(x), k)
    return float(_kept(x, neighbours(drawn, k)[0], neighbours(x, k)[0]).mean())


def continuity(x: np.ndarray, drawn: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Are neighbours in `x` still neighbours in the map? Trustworthiness with the two exchanged."""
    return trustworthiness(drawn, x, k)


def knn_accuracy(x: np.ndarray, labels: np.ndarray, k: int = VOTERS) -> float:
    """Share of points whose `k` nearest others in `x` (n, d) vote for their own label (n,); ties: the lower label."""
    return voted(neighbours(x, min(k, len(x) - 1))[0], labels, k)


def voted(near: np.ndarray, labels: np.ndarray, k: int = VOTERS) -> float:
    """`knn_accuracy` where the nearest others are known: `near` (n, at least k), nearest first."""
    classes, codes = np.unique(labels, return_inverse=True)
    votes = (codes[near[:, :k]][:, :, None] == np.arange(len(classes))).sum(axis=1)
    return float((votes.argmax(axis=1) == codes).mean())


def _fitting(n: int, k: int) -> int:
    """`k`, lowered until the worst case of n points can be columns from the best."""
    return min(k, (n - 1) // 2)


def _kept(x: np.ndarray, claimed: np.ndarray, true: np.ndarray, tell: Tell = lambda share: None) -> np.ndarray:
    """For each point, (n,) float64: how near in `x` (n, d) its `claimed` neighbours (n, k) are; 1 = all are `true`."""
    n, k = claimed.shape
    everyone = n <= REFERENCES
    others = np.arange(n) if everyone else np.sort(np.random.default_rng(0).choice(n, REFERENCES, replace=False))
    place = np.full(n, -1)
    place[others] = np.arange(len(others))  # where a point stands among the others
    x = np.asarray(x, np.float64)
    x = x - x.mean(axis=0)  # distances stay, and lose fewer digits
    squares = np.einsum("ij,ij->i", x, x)
    wide = np.hstack([x, np.ones((n, 1))])
    columns = np.vstack([-2 * x[others].T, squares[others]])
    cost = np.empty(n)
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        tell(start / n)
        distances = wide[rows] @ columns  # squared, less the row's own square, which changes no order
        own = place[rows] >= 0
        distances[np.flatnonzero(own), place[rows][own]] = np.inf  # a point is not its own neighbour
        if everyone:
            limits = np.take_along_axis(distances, claimed[rows], axis=1)
        else:
            limits = ((x[claimed[rows]] - x[rows, None]) ** 2).sum(axis=2) - squares[rows, None]
        distances.sort(axis=1)  # and a search in each row: half the time of counting for each neighbour
        closer = np.array([row.searchsorted(limit) for row, limit in zip(distances, limits, strict=True)])
        rank = 1 + closer * ((n - 1) / (len(others) - own))[:, None]
        beyond = np.maximum(rank - k, 0 if everyone else 1)
        known = (claimed[rows][:, :, None] == true[rows][:, None, :]).any(axis=2)
        cost[rows] = np.where(known, 0, beyond).sum(axis=1)
    return 1 - 2 * cost / (k * (2 * n - 3 * k - 1))
