"""Figure of several maps of the same points, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure, label, plain

GAP = 0.02  # between two maps, as a share of the figure
STRIP = 20  # pixels for the title above a map
PER_ROW, ROW_HEIGHT = 3, 170  # maps in a row, and pixels of its height


def small_multiples(
    maps: np.ndarray,
    labels: np.ndarray | None,
    names: Sequence[str],
    theme: Theme,
) -> go.Figure:
    """Maps of the same points in rows of three, all on one scale, classes in their colours, without hover.

    `maps` is (m, n, 2 or more) float, of which the first two axes are drawn; `labels` (n,) class numbers or None;
    `names` (m,) are the titles of the maps.
    """
    maps = np.asarray(maps, np.float32)[:, :, :2]
    rows = -(-len(maps) // PER_ROW)
    height = rows * ROW_HEIGHT
    chart = figure(theme, height, l=0, r=0, t=0, b=0)
    colours = (
        theme.main if labels is None else [theme.class_colour(int(group)) for group in np.asarray(labels).astype(int)]
    )
    flat = maps.reshape(-1, 2)
    low, high = flat.min(axis=0), flat.max(axis=0)
    edge = 0.03 * float((high - low).max() or 1)
    width, tall = (1 - GAP * (PER_ROW - 1)) / PER_ROW, 1 / rows
    for i, points in enumerate(maps):
        row, column = divmod(i, PER_ROW)
        left, top = column * (width + GAP), 1 - row * tall
        number = "" if i == 0 else str(i + 1)
        axis = {"visible": False, "fixedrange": True}
        across = {"domain": [left, left + width], "range": [low[0] - edge, high[0] + edge], "anchor": f"y{number}"}
        upwards = {
            "domain": [top - tall, top - STRIP / height],
            "range": [low[1] - edge, high[1] + edge],
            "anchor": f"x{number}",
            "scaleanchor": f"x{number}",
        }
        chart.update_layout({f"xaxis{number}": {**axis, **across}, f"yaxis{number}": {**axis, **upwards}})
        # WebGL, since SVG is slow for thousands of points; all maps share one context.
        chart.add_trace(
            go.Scattergl(
                x=points[:, 0],
                y=points[:, 1],
                xaxis=f"x{number}",
                yaxis=f"y{number}",
                mode="markers",
                hoverinfo="skip",
                marker={"size": 3, "color": colours, "opacity": 0.85},
            )
        )
        position = {"xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "top"}
        label(chart, theme, plain(names[i]), left + width / 2, top, **position)
    return chart
