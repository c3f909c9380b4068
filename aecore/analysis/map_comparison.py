"""Comparison of two maps of the same samples, and of one sample with the others of a run. NumPy only."""

from __future__ import annotations

import numpy as np

from aecore.analysis import hashing
from aecore.analysis.neighbours import TIE, centred, squared_distances
from aecore.errors import AecoreError
from aecore.specs.run import RunSpec


def displacement(reference: np.ndarray, aligned: np.ndarray) -> np.ndarray:
    """The distance (n,) float32 of each point to itself in another map, in units of the first map's longer side.

    `reference`, `aligned` : (n, k), row i the same sample, the second already aligned (`aecore.analysis.procrustes`).
    Raises `AecoreError` where the shapes differ.
    """
    reference, aligned = _paired(reference, aligned)
    return (_distances(reference, aligned) / _side(reference)).astype(np.float32)


def chance_displacement(reference: np.ndarray, aligned: np.ndarray) -> float:
    """The median of `displacement` with the points paired at random (seed 0): its value for unrelated maps."""
    reference, aligned = _paired(reference, aligned)
    shuffled = aligned[np.random.default_rng(0).permutation(len(aligned))]
    return float(np.median(_distances(reference, shuffled)) / _side(reference)) if len(reference) else 0.0


def shared_neighbours(a: np.ndarray, b: np.ndarray, spaces: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """The share of each point's neighbours (n, k) in `a` that are among those in `b` too: (n,) float32 in [0, 1].

    The order of the neighbours does not count. Chance is k / (n - 1). With `spaces`, the points (n, d) among which `a`
    and `b` were searched, ties count in favour: one as far as the last neighbour may replace it. Raises `AecoreError`
    where the shapes differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim != 2:
        raise AecoreError(f"neighbours: got shapes {a.shape} and {b.shape}, allowed: (n, k) twice")
    if not a.shape[1]:
        return np.zeros(len(a), np.float32)
    common = np.zeros(len(a), int)
    for column in a.T:  # column by column: no array (n, k, k)
        common += (b == column[:, None]).any(axis=1)
    if spaces is not None:
        common = np.maximum(common, _common_with_ties(a, b, spaces))
    return (common / a.shape[1]).astype(np.float32)


def _common_with_ties(a: np.ndarray, b: np.ndarray, spaces: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """How many (n,) of each point's neighbours `a` and `b` (n, k) can be the same, of those in either."""
    k = a.shape[1]
    either = np.hstack([a, b])
    repeated = np.stack([(a == column[:, None]).any(axis=1) for column in b.T], axis=1)
    near, certain = [], []  # at most as far as the last neighbour; nearer than that
    for space, last in zip(spaces, (k - 1, 2 * k - 1), strict=True):
        x, squares = centred(space)
        distances = np.stack([squared_distances(x, column) for column in either.T], axis=1)
        limit, slack = distances[:, last : last + 1], TIE * squares[:, None]
        near.append(distances <= limit + slack)
        certain.append(distances < limit - slack)
    common = (near[0] & near[1])[:, :k].sum(axis=1) + ((near[0] & near[1])[:, k:] & ~repeated).sum(axis=1)
    room = k - (certain[0] & ~near[1])[:, :k].sum(axis=1), k - (certain[1] & ~near[0])[:, k:].sum(axis=1)
    return np.minimum(np.minimum(*room), common)


def share_larger(errors: np.ndarray, error: float) -> float:
    """The share of `errors` (n,) that are larger than `error`; ties count half. NaN without any errors."""
    errors = np.asarray(errors)
    if not len(errors):
        return float("nan")
    return float(((errors > error).sum() + (errors == error).sum() / 2) / len(errors))


def code_bits(spec: RunSpec, coding: np.ndarray) -> np.ndarray | None:
    """A hashing run's coding (d,) as booleans, above `hashing.threshold`; None for other runs."""
    return np.asarray(coding) > hashing.threshold(spec) if spec.hashes else None


def _paired(reference: np.ndarray, aligned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    reference, aligned = np.asarray(reference, np.float64), np.asarray(aligned, np.float64)
    if reference.shape != aligned.shape or reference.ndim != 2:
        raise AecoreError(f"maps: got shapes {reference.shape} and {aligned.shape}, allowed: (n, k) twice")
    return reference, aligned


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(a - b).sum(axis=1))


def _side(points: np.ndarray) -> float:
    """The longer side of the box around the points; 1 for points that coincide."""
    return float(np.ptp(points, axis=0).max()) or 1.0 if len(points) else 1.0
