"""The same points drawn several times, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure, label, plain

GAP = 0.02  # between two drawings, as a share of the figure
STRIP = 20  # pixels for the name above a drawing


def small_multiples(
    maps: np.ndarray,
    labels: np.ndarray | None,
    names: Sequence[str],
    theme: Theme,
    *,
    per_row: int = 3,
    row_height: int = 170,
) -> go.Figure:
    """Maps of the same points in rows, all on one scale, classes in their colours; nothing to hover.

    `maps` is (m, n, 2 or more) float, of which the first two axes are drawn; `labels` (n,) class numbers or None;
    `names` (m,) stand above the drawings; `row_height` is in pixels.
    """
    maps = np.asarray(maps, np.float32)[:, :, :2]
    rows = -(-len(maps) // per_row)
    height = rows * row_height
    chart = figure(theme, height, l=0, r=0, t=0, b=0)
    colours = (
        theme.main if labels is None else [theme.class_colour(int(group)) for group in np.asarray(labels).astype(int)]
    )
    flat = maps.reshape(-1, 2)
    low, high = flat.min(axis=0), flat.max(axis=0)
    edge = 0.03 * float((high - low).max() or 1)
    width, tall = (1 - GAP * (per_row - 1)) / per_row, 1 / rows
    for i, points in enumerate(maps):
        row, column = divmod(i, per_row)
        left, top = column * (width + GAP), 1 - row * tall
        mine = "" if i == 0 else str(i + 1)
        axis = {"visible": False, "fixedrange": True}
        across = {"domain": [left, left + width], "range": [low[0] - edge, high[0] + edge], "anchor": f"y{mine}"}
        upwards = {
            "domain": [top - tall, top - STRIP / height],
            "range": [low[1] - edge, high[1] + edge],
            "anchor": f"x{mine}",
            "scaleanchor": f"x{mine}",
        }
        chart.update_layout({f"xaxis{mine}": {**axis, **across}, f"yaxis{mine}": {**axis, **upwards}})
        # WebGL: five times 2,000 points would be slow as SVG, and all drawings share one context.
        chart.add_trace(
            go.Scattergl(
                x=points[:, 0],
                y=points[:, 1],
                xaxis=f"x{mine}",
                yaxis=f"y{mine}",
                mode="markers",
                hoverinfo="skip",
                marker={"size": 3, "color": colours, "opacity": 0.85},
            )
        )
        place = {"xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "top"}
        label(chart, theme, plain(names[i]), left + width / 2, top, **place)
    return chart
