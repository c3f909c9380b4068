"""Table of the ten marker shapes of the classes: Plotly's name, a Unicode sign for labels, and a polygon."""

from __future__ import annotations

import math
from dataclasses import dataclass

Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Marker:
    """A shape: `symbol`, its name in Plotly; `sign`, a similar Unicode character; `corners`, a polygon around (0, 0),
    y downwards, for a marker of radius 1; empty for the circle."""

    symbol: str
    sign: str
    corners: Corners


def _polygon(count: int, radius: float, turn: float, *, inner: float = 1.0, down: float = 0.0) -> Corners:
    """A regular polygon, its first corner at `turn` degrees; every second radius times `inner`, shifted `down`."""
    angles = [math.radians(turn) + 2 * math.pi * i / count for i in range(count)]
    radii = [radius * (inner if i % 2 else 1) for i in range(count)]
    return tuple((r * math.cos(a), r * math.sin(a) + down) for r, a in zip(radii, angles, strict=True))


def _cross(size: float, turn: float) -> Corners:
    half = [(1, 0.4), (0.4, 0.4), (0.4, 1), (-0.4, 1), (-0.4, 0.4), (-1, 0.4)]
    c, s = size * math.cos(math.radians(turn)), size * math.sin(math.radians(turn))
    return tuple((c * x - s * y, s * x + c * y) for x, y in (*half, *((-x, -y) for x, y in half)))


MARKERS = (
    Marker("circle", "●", ()),
    Marker("square", "■", ((-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88))),
    Marker("diamond", "◆", _polygon(4, 1.2, 0)),
    Marker("cross", "✚", _cross(1.1, 0)),
    Marker("x", "✖", _cross(1.1, 45)),
    Marker("triangle-up", "▲", _polygon(3, 1.2, -90, down=0.15)),
    Marker("triangle-down", "▼", _polygon(3, 1.2, 90, down=-0.15)),
    Marker("star", "★", _polygon(10, 1.3, -90, inner=0.45)),
    Marker("hexagon", "⬢", _polygon(6, 1.08, 0)),
    Marker("pentagon", "⬟", _polygon(5, 1.1, -90)),
)
BY_SYMBOL = {marker.symbol: marker for marker in MARKERS}
CIRCLE = _polygon(24, 1.0, 0)  # the circle as a polygon
