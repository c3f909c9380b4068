"""Exact nearest neighbours, distance ranks, and the position of a new coding on a finished map."""

from __future__ import annotations

import math

import numpy as np

from aecore.datasets.base import Data, as_float
from aecore.errors import AecoreError
from aecore.store.files import read_json
from aecore.store.runs import ResultFolder

VOTERS = 5
BLOCK = 1 << 22  # distances computed at a time: 32 MB
SAMPLES = 4096  # samples read at a time
ROWS = 512  # rows compared at a time
TIE = 1e-12  # rounding of a squared distance, as a share of the points' squared lengths
# Squares of numbers that are all larger or all smaller than these leave float32, with which scikit-learn computes.
LARGE, SMALL = 1e15, 1e-15


def scale(*arrays: np.ndarray) -> float:
    """A power of 2 near the largest absolute value in `arrays` if that is above `LARGE` or below `SMALL`, else 1.

    Divided by it, values keep all their digits, and their squares stay within float32.
    """
    largest = max((float(np.abs(array).max(initial=0)) for array in arrays), default=0.0)
    ordinary = largest == 0 or SMALL <= largest <= LARGE or not math.isfinite(largest)
    return 1.0 if ordinary else math.ldexp(1.0, math.frexp(largest)[1] - 1)


def nearest(queries: np.ndarray, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The `k` rows closest to each query, nearest first: indices (m, k) and Euclidean distances (m, k).

    Exact, by comparing every query (m, d) with every row (n, d); `k` is lowered to n. Raises `AecoreError` for no rows,
    for different widths and for queries that are not finite.
    """
    queries, rows = np.asarray(queries, np.float64), np.asarray(rows, np.float64)
    if queries.ndim != 2 or rows.ndim != 2 or queries.shape[1] != rows.shape[1] or not len(rows):
        raise AecoreError(f"codings: got shapes {queries.shape} and {rows.shape}, allowed: (m, d) and (n, d), n ≥ 1")
    if not np.isfinite(queries).all():
        raise AecoreError("codings: got NaN or infinite values, allowed: finite ones")
    k = max(1, min(k, len(rows)))
    centre = rows.mean(axis=0)  # centred, the expanded square below loses fewer digits
    queries, rows = queries - centre, rows - centre
    squares = np.einsum("ij,ij->i", rows, rows)
    indices, distances = np.empty((len(queries), k), np.intp), np.empty((len(queries), k))
    step = max(1, BLOCK // len(rows))
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        rough = squares - 2 * block @ rows.T  # squared distances but for a constant of each query
        candidates = np.sort(np.argpartition(rough, k - 1, axis=1)[:, :k], axis=1)
        exact = np.linalg.norm(rows[candidates] - block[:, None], axis=2)
        order = np.argsort(exact, axis=1, kind="stable")
        indices[start : start + step] = np.take_along_axis(candidates, order, axis=1)
        distances[start : start + step] = np.take_along_axis(exact, order, axis=1)
    return indices, distances


def ranks(rows: np.ndarray, position: int) -> np.ndarray:
    """The rank (n,) of each row (n, d) by its distance to the row at `position`, from 1 on; 0 for that row itself.

    Equally distant rows all have the lowest of their ranks.
    """
    rows = np.asarray(rows, np.float64)
    distances = np.square(rows - rows[position]).sum(axis=1)
    distances[position] = -1
    return np.searchsorted(np.sort(distances), distances)


def centred(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`x` (n, d) as float64 about its mean, for smaller rounding errors of distances, and the squared lengths (n,)."""
    x = np.asarray(x, np.float64)
    x = x - x.mean(axis=0)
    return x, np.einsum("ij,ij->i", x, x)


def squared_distances(x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The squared distance (n,) of each row of `x` (n, d) to the row whose number `numbers` (n,) has at its place."""
    distances = np.empty(len(x))
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        distances[rows] = np.square(x[numbers[rows]] - x[rows]).sum(axis=1)
    return distances


def nearest_samples(data: Data, numbers: np.ndarray, position: int, k: int) -> np.ndarray:
    """Positions, nearest first, of the `k` samples among `numbers` (n,) closest to the one at `position`, by their
    pixels or features. Samples are read in blocks: a data set in float64 may not fit into memory."""
    query = as_float(data.numbered(numbers[position : position + 1]))
    distances = np.empty(len(numbers))
    for start in range(0, len(numbers), SAMPLES):
        block = as_float(data.numbered(numbers[start : start + SAMPLES]))
        distances[start : start + SAMPLES] = np.square(block - query).reshape(len(block), -1).sum(axis=1)
    distances[position] = np.inf
    return np.argsort(distances, kind="stable")[: min(k, len(numbers) - 1)]


def place_on_map(z: np.ndarray, work: ResultFolder, codings: np.ndarray) -> np.ndarray:
    """Positions (m, dimensions) float32 of new codings `z` (m, d) on the finished map `work`.

    On a PCA map, the projection on its components; on a map 'none', the codings themselves, 0 on missing axes. On any
    other map, the median of the positions of the 5 nearest codings, for every engine alike.

    Parameters
    ----------
    codings : (n, d), of the map's points, in their order.

    Raises `AecoreError` for other shapes, codings that are not finite, and map files that cannot be read.
    """
    z, points = np.asarray(z, np.float64), work.array("points")
    codings = np.asarray(codings).reshape(len(codings), -1)
    if z.ndim != 2 or z.shape[1] != codings.shape[1] or len(codings) != len(points):
        raise AecoreError(
            f"codings: got {z.shape} for {codings.shape} codings of a map of {len(points)} points, "
            "allowed: (m, d) for the (n, d) codings of its points"
        )
    method = read_json(work.folder / "spec.json", {}).get("map", {}).get("method")
    if method in ("pca", "none") and not np.isfinite(z).all():
        raise AecoreError("codings: got NaN or infinite values, allowed: finite ones")
    if method == "pca":
        basis = work.arrays("basis")
        return ((z - basis["mean"]) @ basis["components"].T).astype(np.float32)
    if method == "none":
        return np.pad(z, ((0, 0), (0, points.shape[1] - z.shape[1]))).astype(np.float32)
    indices, _ = nearest(z, codings, VOTERS)
    return np.median(np.asarray(points)[indices], axis=1).astype(np.float32)
