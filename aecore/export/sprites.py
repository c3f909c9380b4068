"""Many small images side by side in one picture."""

from __future__ import annotations

import numpy as np


def side_by_side(images: np.ndarray) -> tuple[np.ndarray, int]:
    """(picture, images in a row) of n images (n, height, width[, 3]) in a near-square grid, whose empty cells are 0."""
    count, height, width = images.shape[:3]
    columns = max(1, round((count * height / width) ** 0.5))
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, *images.shape[1:]), images.dtype)
    cells[:count] = images
    grid = cells.reshape(rows, columns, *images.shape[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(grid).reshape(rows * height, columns * width, *images.shape[3:]), columns
