"""Interpolation and arithmetic of codings: lerp, slerp, class means, a − b + c, enlarged grids. NumPy only.

All functions return codings (m, d) float32 in drawing order, row by row.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from aecore.errors import AecoreError

Path = Literal["straight", "spherical"]
PARALLEL = 1e-4  # below this sine of the angle two codings count as parallel


def lerp(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """Linear interpolation: n codings (n, d) equally spaced from a (d,) to b (d,), both ends exact.

    Raises `AecoreError` for codings of different lengths, or fewer than 2 steps.
    """
    a, b, t = _ends(a, b, n)
    return _exact((1 - t) * a + t * b, a, b)


def slerp(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """Spherical interpolation: n codings (n, d) from a (d,) to b (d,) in equal angles around the origin, ends exact.

    With Ω the angle between a and b, the coding at t is sin((1 − t) Ω) / sin Ω · a + sin(t Ω) / sin Ω · b: Shoemake,
    "Animating rotation with quaternion curves" (SIGGRAPH 1985), for codings White, "Sampling generative networks"
    (arXiv:1609.04468). Between two codings of equal length all steps have that length, at which a normal prior in many
    dimensions has nearly all its mass; `lerp` passes closer to the origin.

    Equal to `lerp` where `angle` is None. Raises `AecoreError` like `lerp`.
    """
    omega = angle(a, b)
    if omega is None:
        return lerp(a, b, n)
    a, b, t = _ends(a, b, n)
    return _exact((np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega), a, b)


def interpolate(a: np.ndarray, b: np.ndarray, n: int, path: Path) -> np.ndarray:
    """`lerp` for the path 'straight', `slerp` for 'spherical'."""
    return slerp(a, b, n) if path == "spherical" else lerp(a, b, n)


def angle(a: np.ndarray, b: np.ndarray) -> float | None:
    """The angle in radians between a (d,) and b (d,); None for a zero vector and for parallel or opposite ones, which
    span no plane."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if a.shape != b.shape or a.ndim != 1 or not np.isfinite(lengths) or lengths == 0:
        return None
    omega = float(np.arccos(np.clip(a @ b / lengths, -1, 1)))
    return omega if np.sin(omega) > PARALLEL else None


def class_means(codings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean coding (k, d) of each of the k classes in `np.unique(labels)`, in that order.

    `codings` : (n, d); `labels` : (n,). Raises `AecoreError` where the shapes do not match.
    """
    codings, labels = np.asarray(codings, np.float64), np.asarray(labels)
    if codings.ndim != 2 or labels.shape != codings.shape[:1]:
        raise AecoreError(f"labels: got {labels.shape} for codings {codings.shape}, allowed: one a coding")
    return np.array([codings[labels == label].mean(axis=0) for label in np.unique(labels)], np.float32).reshape(
        -1, codings.shape[1]
    )


def arithmetic(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a − b + c as (1, d): the difference of a and b added to c. Raises `AecoreError` for codings of different lengths.

    The vector arithmetic of Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional
    generative adversarial networks" (arXiv:1511.06434), section 6.3.2.
    """
    a, b, c = (np.asarray(z, np.float64) for z in (a, b, c))
    if not a.shape == b.shape == c.shape or a.ndim != 1:
        raise AecoreError(f"codings: got shapes {a.shape}, {b.shape}, {c.shape}, allowed: (d,) three times")
    return _float32(a + (c - b))[None]


def enlarged_grid(codings: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """A grid of codings (r, c, d) enlarged bilinearly to rows × columns, corners on corners: (rows * columns, d).

    As the grid of random codings in Géron, "Hands-on machine learning with Scikit-Learn, Keras and TensorFlow" (2nd
    edition, chapter 17), but with aligned corners, so that the codings of the grid occur exactly (`grid_positions`).

    Raises `AecoreError` for a grid that would shrink, and for other shapes.
    """
    grid = np.asarray(codings, np.float64)
    if grid.ndim != 3 or not (1 <= grid.shape[0] <= rows and 1 <= grid.shape[1] <= columns):
        raise AecoreError(f"codings: got a grid {grid.shape} for {rows} × {columns}, allowed: (r, c, d), not more")
    return _along(_along(grid, rows, 0), columns, 1).reshape(rows * columns, -1).astype(np.float32)


def grid_positions(shape: tuple[int, int], rows: int, columns: int) -> list[int]:
    """The positions in `enlarged_grid` that hold codings of the grid (r, c) itself."""
    down, across = (_whole(n, m) for n, m in zip(shape, (rows, columns), strict=True))
    return [i * columns + j for i in down for j in across]


def _along(grid: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Linear interpolation along one axis to `size` values, first on first and last on last."""
    coordinates = _coordinates(grid.shape[axis], size)
    low = np.minimum(coordinates.astype(int), max(grid.shape[axis] - 2, 0))
    high = np.minimum(low + 1, grid.shape[axis] - 1)
    part = (coordinates - low).reshape([-1 if other == axis else 1 for other in range(grid.ndim)])
    return (1 - part) * grid.take(low, axis) + part * grid.take(high, axis)


def _coordinates(count: int, size: int) -> np.ndarray:
    """(size,) coordinates of the new values among the old ones 0 … count − 1."""
    return np.arange(size) * (count - 1) / max(size - 1, 1)


def _whole(count: int, size: int) -> list[int]:
    return [i for i, coordinate in enumerate(_coordinates(count, size)) if coordinate == round(coordinate)]


def _ends(a: np.ndarray, b: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both ends as float64 and the times (n, 1) of all steps."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise AecoreError(f"codings: got shapes {a.shape} and {b.shape}, allowed: (d,) twice")
    if n < 2:
        raise AecoreError(f"steps: got {n}, allowed: 2 or more")
    return a, b, np.linspace(0, 1, n)[:, None]


def _exact(steps: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    steps[0], steps[-1] = a, b
    return _float32(steps)


def _float32(codings: np.ndarray) -> np.ndarray:
    """Finite codings as float32, those beyond its range as its largest number."""
    most = np.finfo(np.float32).max
    return np.clip(codings, -most, most).astype(np.float32)
