"""Procrustes alignment: two maps of the same points differ by their shape only, not by rotation, scale or position."""

from __future__ import annotations

import numpy as np
from scipy.linalg import orthogonal_procrustes

from aecore.analysis.neighbours import scale
from aecore.errors import AecoreError

FLAT = 1e-12  # a spread below this share of the positions' size is rounding


def rotation(moved: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, float]:
    """The orthogonal matrix R (k, k), reflections included, that minimises |moved R − reference| for (n, k) arrays, and
    the sum of the singular values of their product (Schönemann 1966)."""
    matrix, share = orthogonal_procrustes(moved, reference)
    return matrix, float(share)


def procrustes(reference: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, float]:
    """`moved` (n, k) rotated, reflected, scaled and shifted onto `reference` (n, k) by least squares, and the distance.

    Row i of both is the same point. Returns the aligned map (n, k) float64, in the reference's units, and the
    standardised Procrustes distance in [0, 1]: the share of the reference's spread (sum of squares about its mean)
    that stays unexplained; 0 = the same shape. Rotation: Schönemann (1966), with scaling Gower (1975); the distance is
    symmetric. A map whose points all coincide has no shape: its distance is 1 to any other, 0 to another such map.

    Raises `AecoreError` for shapes that differ and for values that are not finite.
    """
    reference, moved = np.asarray(reference, np.float64), np.asarray(moved, np.float64)
    if reference.ndim != 2 or reference.shape != moved.shape or 0 in reference.shape:
        raise AecoreError(f"maps: got shapes {reference.shape} and {moved.shape}, allowed: the same points (n, k)")
    if not (np.isfinite(reference).all() and np.isfinite(moved).all()):
        raise AecoreError("maps: got NaN or infinite positions, allowed: finite ones")
    unit = scale(reference)
    reference, moved = reference / unit, moved / scale(moved)
    centre = reference.mean(axis=0)
    fixed, turned = reference - centre, moved - moved.mean(axis=0)
    size, other = np.linalg.norm(fixed), np.linalg.norm(turned)
    flat = size <= FLAT * np.abs(reference).max(), other <= FLAT * np.abs(moved).max()
    if any(flat):
        return np.broadcast_to(centre * unit, reference.shape).copy(), 0.0 if all(flat) else 1.0
    matrix, share = rotation(turned / other, fixed / size)
    aligned = turned @ matrix * (share * size / other) + centre
    return aligned * unit, float(np.clip(1 - share**2, 0, 1))
