"""Where a new coding belongs on a map that is drawn already, and who its neighbours are."""

from __future__ import annotations

import numpy as np

from aecore.errors import AecoreError
from aecore.store.files import read_json
from aecore.store.runs import ResultFolder

VOTERS = 5
BLOCK = 1 << 22  # distances at a time: 32 MB


def nearest(queries: np.ndarray, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The `k` rows closest to each query, nearest first: indices (m, k) and Euclidean distances (m, k).

    Exact, by comparing every query (m, d) with every row (n, d); `k` is lowered to n. Raises `AecoreError` where there
    are no rows, widths differ or a query is not finite.
    """
    queries, rows = np.asarray(queries, np.float64), np.asarray(rows, np.float64)
    if queries.ndim != 2 or rows.ndim != 2 or queries.shape[1] != rows.shape[1] or not len(rows):
        raise AecoreError(f"codings: got shapes {queries.shape} and {rows.shape}, allowed: (m, d) and (n, d), n ≥ 1")
    if not np.isfinite(queries).all():
        raise AecoreError("codings: got NaN or infinite values, allowed: finite ones")
    k = max(1, min(k, len(rows)))
    centre = rows.mean(axis=0)  # distances stay, and the expanded square loses fewer digits
    queries, rows = queries - centre, rows - centre
    squares = np.einsum("ij,ij->i", rows, rows)
    indices, distances = np.empty((len(queries), k), np.intp), np.empty((len(queries), k))
    step = max(1, BLOCK // len(rows))
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        rough = squares - 2 * block @ rows.T  # what is missing is the same for all rows of a query
        found = np.sort(np.argpartition(rough, k - 1, axis=1)[:, :k], axis=1)
        exact = np.linalg.norm(rows[found] - block[:, None], axis=2)
        order = np.argsort(exact, axis=1, kind="stable")
        indices[start : start + step] = np.take_along_axis(found, order, axis=1)
        distances[start : start + step] = np.take_along_axis(exact, order, axis=1)
    return indices, distances


def place(z: np.ndarray, work: ResultFolder, codings: np.ndarray) -> np.ndarray:
    """Where new codings `z` (m, d) belong on the finished map `work`: (m, dimensions) float32.

    PCA is exact: the map's own directions. 'none' is the codings themselves, 0 on an axis they do not have. Elsewhere
    it is the median of the map positions of the 5 nearest codings: as good as UMAP's own `transform` (its class is
    guessed as well from there), never where no point lies, and the same for every engine.

    Parameters
    ----------
    codings : (n, d), of the map's own points, in their order.

    Raises `AecoreError` where widths do not fit, a coding is not finite or the map's files cannot be read.
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
