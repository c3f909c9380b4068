"""Ways through the codings: from one to another, between class means, by arithmetic, over a grid. NumPy only.

Everything returns codings (m, d) float32 in the order in which they are drawn, row by row.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from aecore.errors import AecoreError

Way = Literal["straight", "spherical"]
PARALLEL = 1e-4  # a sine of the angle below this: the same direction, or the opposite one


def straight(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """n codings (n, d) equally spaced on the straight line from a (d,) to b (d,), both ends exact.

    Raises `AecoreError` for codings of different lengths, or fewer than 2 steps.
    """
    a, b, t = _ends(a, b, n)
    return _exact((1 - t) * a + t * b, a, b)


def spherical(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """n codings (n, d) on the arc from a (d,) to b (d,) around the origin, equal steps in its angle, both ends exact.

    With Ω the angle between a and b, the coding at t is sin((1 − t) Ω) / sin Ω · a + sin(t Ω) / sin Ω · b: Shoemake,
    "Animating rotation with quaternion curves" (SIGGRAPH 1985), for codings White, "Sampling generative networks"
    (arXiv:1609.04468). Of two codings of one length every step has that length too, which is where a normal prior in
    many dimensions has nearly all its mass; a straight line would pass closer to the origin.

    Where Ω or its direction means nothing (a zero vector, the same direction, the opposite one) it is `straight`.
    Raises `AecoreError` like `straight`.
    """
    a, b, t = _ends(a, b, n)
    turn = angle(a, b)
    if turn is None:
        return _exact((1 - t) * a + t * b, a, b)
    return _exact((np.sin((1 - t) * turn) * a + np.sin(t * turn) * b) / np.sin(turn), a, b)


def between(a: np.ndarray, b: np.ndarray, n: int, way: Way) -> np.ndarray:
    """`straight` or `spherical`, by name."""
    return spherical(a, b, n) if way == "spherical" else straight(a, b, n)


def angle(a: np.ndarray, b: np.ndarray) -> float | None:
    """The angle in radians between a (d,) and b (d,); None where it spans no plane, and a walk can only be straight."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if not np.isfinite(lengths) or lengths == 0:
        return None
    turn = float(np.arccos(np.clip(a @ b / lengths, -1, 1)))
    return turn if np.sin(turn) > PARALLEL else None


def class_means(codings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean coding (k, d) of each of the k classes in `np.unique(labels)`, in that order.

    `codings` : (n, d); `labels` : (n,). Raises `AecoreError` where they do not belong together.
    """
    codings, labels = np.asarray(codings, np.float64), np.asarray(labels)
    if codings.ndim != 2 or labels.shape != codings.shape[:1]:
        raise AecoreError(f"labels: got {labels.shape} for codings {codings.shape}, allowed: one a coding")
    return np.array([codings[labels == label].mean(axis=0) for label in np.unique(labels)], np.float32).reshape(
        -1, codings.shape[1]
    )


def arithmetic(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a − b + c as (1, d): what sets a apart from b, added to c. Raises `AecoreError` for codings of different lengths.

    The vector arithmetic of Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional
    generative adversarial networks" (arXiv:1511.06434), section 6.3.2.
    """
    a, b, c = (np.asarray(z, np.float64) for z in (a, b, c))
    if not a.shape == b.shape == c.shape or a.ndim != 1:
        raise AecoreError(f"codings: got shapes {a.shape}, {b.shape}, {c.shape}, allowed: (d,) three times")
    return (a + (c - b)).astype(np.float32)[None]


def resized(codings: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """A grid of codings (r, c, d) enlarged to rows × columns, bilinearly: (rows * columns, d).

    The grid of Géron, "Hands-on machine learning with Scikit-Learn, Keras and TensorFlow" (2nd edition, chapter 17),
    which enlarges 3 × 4 random codings to 5 × 7 with `tf.image.resize`. That function aligns the outer edges of the
    grids and so puts the given codings a little beside their places; here corners fall on corners, and at 5 × 7 every
    second row and column holds given codings exactly (`given`).

    Raises `AecoreError` where the grid would shrink, or is none.
    """
    grid = np.asarray(codings, np.float64)
    if grid.ndim != 3 or not (1 <= grid.shape[0] <= rows and 1 <= grid.shape[1] <= columns):
        raise AecoreError(f"codings: got a grid {grid.shape} for {rows} × {columns}, allowed: (r, c, d), not more")
    return _along(_along(grid, rows, 0), columns, 1).reshape(rows * columns, -1).astype(np.float32)


def given(shape: tuple[int, int], rows: int, columns: int) -> list[int]:
    """Which of the rows × columns places of `resized` hold codings of the grid (r, c) itself, unmixed."""
    down, across = (_whole(n, m) for n, m in zip(shape, (rows, columns), strict=True))
    return [i * columns + j for i in down for j in across]


def _along(grid: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Linear interpolation along one axis to `size` places, first on first and last on last."""
    place = _places(grid.shape[axis], size)
    low = np.minimum(place.astype(int), max(grid.shape[axis] - 2, 0))
    high = np.minimum(low + 1, grid.shape[axis] - 1)
    part = (place - low).reshape([-1 if i == axis else 1 for i in range(grid.ndim)])
    return (1 - part) * grid.take(low, axis) + part * grid.take(high, axis)


def _places(count: int, size: int) -> np.ndarray:
    """(size,) where the new places lie among 0 … count − 1; whole numbers where they fall on an old one."""
    return np.arange(size) * (count - 1) / max(size - 1, 1)


def _whole(count: int, size: int) -> list[int]:
    return [i for i, place in enumerate(_places(count, size)) if place == round(place)]


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
    return steps.astype(np.float32)
