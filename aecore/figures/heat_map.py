"""Heat map of the mean error of each pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure, plain
from aecore.text import error_text


def error_heat_map(error: np.ndarray, theme: Theme) -> go.Figure:
    """Heat map of the mean error of each pixel, (height, width[, channels]); channels are averaged."""
    error = np.asarray(error, np.float32)
    error = error.mean(axis=-1) if error.ndim == 3 else error
    chart = figure(theme, 260, l=0, r=0, t=4, b=4)
    bar = _colour_axis(error, theme, "error")
    # Below the image: beside it, the bar would be far away on a wide page.
    bar["colorbar"].update(orientation="h", x=0.5, xanchor="center", y=0, yanchor="top", ypad=6, title=None)
    chart.add_heatmap(
        z=error,
        coloraxis="coloraxis",
        customdata=[[error_text(value) for value in row] for row in error],
        hovertemplate="row %{y}, column %{x}: %{customdata}<extra></extra>",
    )
    chart.update_layout(
        coloraxis=bar,
        xaxis={"visible": False, "constrain": "domain"},
        yaxis={"visible": False, "scaleanchor": "x", "autorange": "reversed", "constrain": "domain"},
    )
    return chart


def _colour_axis(values: np.ndarray, theme: Theme, name: str) -> dict[str, Any]:
    """A colour scale from the 2nd to the 98th percentile, which outliers do not stretch."""
    low, high = (float(q) for q in np.nanpercentile(values, (2, 98)))
    high = high if high > low else low + 1e-6
    ticks = np.linspace(low, high, 3)
    return {
        "colorscale": list(theme.sequential),
        "cmin": low,
        "cmax": high,
        "colorbar": {
            "title": {"text": plain(name), "font": {"color": theme.muted, "size": theme.font_size - 1}},
            "tickvals": ticks.tolist(),
            "ticktext": [error_text(tick) for tick in ticks],
            "tickfont": {"color": theme.muted, "size": theme.font_size - 1},
            "thickness": 10,
            "len": 0.5,
            "outlinewidth": 0,
            "xpad": 6,
        },
    }
