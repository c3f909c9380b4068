"""Laying one map on another: of two maps of the same points only the shape may differ, not how they are turned."""

from __future__ import annotations

import numpy as np

from aecore.errors import AecoreError


def procrustes(reference: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, float]:
    """Turn, mirror, scale and shift `moved` (n, k) so that it lies on `reference` (n, k) as well as it can.

    Row i of both is the same point. Returns the aligned map (n, k) float64, in the reference's units, and the
    standardised Procrustes distance in [0, 1]: the share of the reference's spread (sum of squares about its mean)
    that stays unexplained; 0 = the same shape. Best rotation: Schönemann (1966), with scaling Gower (1975); the
    distance is symmetric. A map whose points all coincide has no shape: its distance is 1 to any other, 0 to its like.

    Raises `AecoreError` for shapes that differ and for values that are not finite.
    """
    reference, moved = np.asarray(reference, np.float64), np.asarray(moved, np.float64)
    if reference.ndim != 2 or reference.shape != moved.shape or 0 in reference.shape:
        raise AecoreError(f"maps: got shapes {reference.shape} and {moved.shape}, allowed: the same points (n, k)")
    if not (np.isfinite(reference).all() and np.isfinite(moved).all()):
        raise AecoreError("maps: got NaN or infinite positions, allowed: finite ones")
    centre = reference.mean(axis=0)
    fixed, turned = reference - centre, moved - moved.mean(axis=0)
    size, other = np.linalg.norm(fixed), np.linalg.norm(turned)
    nothing = 1e-12  # of the positions' own size: what rounding leaves of no spread
    flat = size <= nothing * np.abs(reference).max(), other <= nothing * np.abs(moved).max()
    if any(flat):
        return np.broadcast_to(centre, reference.shape).copy(), 0.0 if all(flat) else 1.0
    left, overlap, right = np.linalg.svd((turned / other).T @ (fixed / size))
    share = float(overlap.sum())
    aligned = turned @ (left @ right) * (share * size / other) + centre
    return aligned, float(np.clip(1 - share**2, 0, 1))
