"""Figure of a map in large type, for a projector: no axes, the name of each class at its median."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, apart, figure, label, plain, rgba

SPARE = 0.03  # margin around the points, as a share of the width
CUT = 0.5  # percent of the points at each end that may lie outside the axes
GAP = 0.062  # smallest distance of two names, as a share of the height
NAME_SIZE = 26  # pixels


def class_map(
    points: np.ndarray,
    labels: np.ndarray | None,
    names: Sequence[str],
    theme: Theme,
) -> go.Figure:
    """Points (n, 2) with equal axes in the colours of their classes (n,), the names of the classes at their medians.

    Without labels all points have one colour.
    """
    points = np.asarray(points, np.float32)
    chart = figure(theme, 640, l=0, r=0, t=0, b=0)
    low, high = np.percentile(points, [CUT, 100 - CUT], axis=0)
    spare = SPARE * float((high - low).max()) or 1.0
    for axis, update in ((0, chart.update_xaxes), (1, chart.update_yaxes)):
        update(visible=False, range=[float(low[axis]) - spare, float(high[axis]) + spare])
    chart.update_yaxes(scaleanchor="x")
    groups = np.zeros(len(points), int) if labels is None else np.asarray(labels, int)
    middles = []
    for group in np.unique(groups):
        members = points[groups == group]
        chart.add_scattergl(
            x=members[:, 0],
            y=members[:, 1],
            mode="markers",
            hoverinfo="skip",
            marker={
                "size": 8,
                "color": theme.class_colour(int(group)),
                "symbol": theme.class_symbol(int(group)),
                "opacity": 0.8,
            },
        )
        middles.append((*np.median(members, axis=0).tolist(), str(names[group]) if group < len(names) else ""))
    if labels is not None:
        heights = apart([(x, y) for x, y, _ in middles], GAP * float(high[1] - low[1] + 2 * spare))
        for (x, _, text), y in zip(middles, heights, strict=True):
            label(
                chart,
                theme,
                plain(text),
                x,
                y,
                xanchor="center",
                font={"color": theme.text, "size": NAME_SIZE},
                bgcolor=rgba(theme.background, 0.78),
                borderpad=2,
            )
    return chart
