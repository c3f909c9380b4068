"""Maps: codings on a plane, errors on the image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from aecore.figures.numbers import error_text
from aecore.figures.theme import Theme, figure, label, plain, rgba


def latent_map(
    points: np.ndarray,
    labels: np.ndarray | None,
    class_names: Sequence[str],
    theme: Theme,
    colour_by: str = "class",
    errors: np.ndarray | None = None,
    selected: Iterable[int] | None = None,
    *,
    index: np.ndarray | None = None,
    value_name: str = "error",
    height: int = 560,
) -> go.Figure:
    """Samples as points, one trace a class, each class with its colour and its shape.

    A click or a lasso reports `customdata`: the sample's validation index, one integer a point.

    Parameters
    ----------
    points : (n, 2), used as float32.
    labels : (n,) class numbers, or None.
    colour_by : 'class', or 'error': by `errors`, with a colour bar.
    errors : (n,) one value a point, written beside it on hover too.
    selected : validation indices; the other points turn grey. None selects nothing and greys nothing.
    index : (n,) validation index of each point; default 0, 1, ….
    value_name : what `errors` are, if something else ('trust').
    """
    if colour_by not in ("class", "error"):
        raise ValueError(f"colour_by: got {colour_by!r}, allowed: class, error")
    if colour_by == "error" and errors is None:
        raise ValueError("colour_by: got 'error' without errors")
    points = np.asarray(points, np.float32)
    index = np.arange(len(points)) if index is None else np.asarray(index)
    groups = np.zeros(len(points), int) if labels is None else np.asarray(labels).astype(int)
    chosen = None if selected is None else np.fromiter(selected, int)

    chart = figure(theme, height, l=0, r=0, t=0, b=0)
    axis = {"visible": False, "showgrid": False, "fixedrange": False}
    chart.update_layout(
        dragmode="lasso", hovermode="closest", xaxis=axis, yaxis={**axis, "scaleanchor": "x", "scaleratio": 1}
    )
    if colour_by == "error" and len(points):
        chart.update_layout(coloraxis=_colour_axis(np.asarray(errors), theme, value_name))
    for group in np.unique(groups):
        mine = groups == group
        name = plain(_name(class_names, group)) if labels is not None else ""
        chart.add_trace(
            go.Scattergl(
                x=points[mine, 0],
                y=points[mine, 1],
                mode="markers",
                name=name,
                customdata=index[mine].astype(np.int32),
                text=None if errors is None else [error_text(v) for v in np.asarray(errors)[mine]],
                hovertemplate=_hover(name, value_name if errors is not None else ""),
                marker=_marker(
                    theme, int(group), len(points), None if colour_by == "class" else np.asarray(errors)[mine]
                ),
                selectedpoints=None if chosen is None else np.flatnonzero(np.isin(index[mine], chosen)),
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"color": theme.guide, "opacity": 0.3}},
            )
        )
    if labels is not None and len(points):
        _name_clusters(chart, points, groups, class_names, theme, height)
    return chart


def error_heat_map(error: np.ndarray, theme: Theme, *, height: int = 300) -> go.Figure:
    """Mean error of each pixel, (height, width) or with channels last (then their mean): where images are hard."""
    error = np.asarray(error, np.float32)
    error = error.mean(axis=-1) if error.ndim == 3 else error
    chart = figure(theme, height, l=0, r=0, t=4, b=4)
    bar = _colour_axis(error, theme, "error")
    # Below the image, in its middle: beside it, the bar would stand far away on a wide page.
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


def _name(class_names: Sequence[str], group: int) -> str:
    return class_names[group] if 0 <= group < len(class_names) else f"class {group}"


def _hover(name: str, value_name: str) -> str:
    parts = [f"<b>{name}</b>" if name else "", "#%{customdata}", f"{plain(value_name)} %{{text}}" if value_name else ""]
    return " · ".join(part for part in parts if part) + "<extra></extra>"


def _marker(theme: Theme, group: int, count: int, values: np.ndarray | None) -> dict[str, Any]:
    marker = {
        "symbol": theme.class_symbol(group),
        "size": 7 if count <= 1500 else 6 if count <= 4000 else 4,
        "opacity": 0.9,
        "line": {"width": 0.5, "color": rgba(theme.outline, 0.7)},
    }
    if values is None:
        return {**marker, "color": theme.class_colour(group)}
    return {**marker, "color": values.astype(np.float32), "coloraxis": "coloraxis"}


def _colour_axis(values: np.ndarray, theme: Theme, name: str) -> dict[str, Any]:
    """A scale between the 2nd and the 98th percentile, so that one outlier does not flatten all others."""
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


def _name_clusters(
    chart: go.Figure, points: np.ndarray, groups: np.ndarray, class_names: Sequence[str], theme: Theme, height: int
) -> None:
    """Each class's name at its points' median, names that would cover each other moved apart."""
    present = np.unique(groups)
    names = [_name(class_names, group) for group in present]
    spots = np.array([np.median(points[groups == group], axis=0) for group in present], float)
    # Axes are equal, so one number converts pixels: the map is as high as the figure, or as wide as a phone.
    pixel = max(float(np.ptp(points[:, 1])), float(np.ptp(points[:, 0])), 1e-9) / min(height, 420)
    for name, (x, y) in zip(names, _apart(spots, [len(name) * 7.5 * pixel for name in names], 21 * pixel), strict=True):
        label(
            chart,
            theme,
            f"<b>{plain(name)}</b>",
            float(x),
            float(y),
            xanchor="center",
            bgcolor=rgba(theme.background, 0.78),
            borderpad=1,
            font={"color": theme.text, "size": theme.font_size},
        )


def _apart(spots: np.ndarray, widths: list[float], gap: float) -> np.ndarray:
    """Move labels up and down until no two of them overlap (or a hundred rounds have passed)."""
    spots = spots.copy()
    for _ in range(100):
        moved = False
        order = np.argsort(spots[:, 1], kind="stable")
        for place, low in enumerate(order):
            for high in order[place + 1 :]:
                near = abs(spots[low, 0] - spots[high, 0]) < (widths[low] + widths[high]) / 2
                short = gap - (spots[high, 1] - spots[low, 1])
                if near and short > 1e-9 * gap:
                    spots[low, 1] -= short / 2
                    spots[high, 1] += short / 2
                    moved = True
        if not moved:
            break
    return spots
