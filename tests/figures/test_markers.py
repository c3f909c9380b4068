"""The marker shapes: one table for Plotly, for labels and for own drawings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aecore.figures import LIGHT
from aecore.figures.markers import MARKERS, Marker


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def test_ten_shapes_in_the_order_of_the_theme() -> None:
    assert tuple(marker.symbol for marker in MARKERS) == LIGHT.symbols
    assert len({marker.sign for marker in MARKERS}) == 10
    assert [marker.symbol for marker in MARKERS if not marker.corners] == ["circle"]


@pytest.mark.parametrize("marker", [marker for marker in MARKERS if marker.corners], ids=lambda marker: marker.symbol)
def test_shapes_are_about_as_large_as_the_circle(marker: Marker) -> None:
    corners = np.array(marker.corners)
    assert 0.45 * math.pi < area(corners) < 1.1 * math.pi
    assert np.abs(corners[:, 0].min() + corners[:, 0].max()) < 0.25 and np.linalg.norm(corners, axis=1).max() < 1.5


def test_the_x_is_the_cross_turned() -> None:
    shapes = {marker.symbol: np.array(marker.corners) for marker in MARKERS}
    turned = shapes["cross"] @ np.array([[1, 1], [-1, 1]]) / math.sqrt(2)
    assert shapes["x"] == pytest.approx(turned)
    assert shapes["triangle-up"][0] == pytest.approx([0, -1.05])  # y points downwards: its tip is above
