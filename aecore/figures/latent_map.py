"""Figure of a latent map: points in two or three dimensions, with a legend that switches classes on and off."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from aecore.errors import SpecError
from aecore.figures.theme import LIGHT, Theme, figure, label, plain, rgba

SIZES = ((2_000, 7), (10_000, 5), (60_000, 3))  # (points up to which, diameter in pixels); in 3-D three less
SMALLEST = 2
# Plotly has eight shapes in 3-D, and draws "x" as a letter that a font may lack: open shapes, then the first again.
SYMBOLS_3D = {
    "x": "square-open",
    "triangle-up": "diamond-open",
    "triangle-down": "circle-open",
    "star": "diamond",
    "hexagon": "circle",
    "pentagon": "square",
}
MOST_NAMES, LONGEST_NAME = 40, 26  # classes with a name on the map; characters of a name
LINE, GAP, LETTER = 19.0, 4.0, 0.6  # height of a name and space beside it in pixels; width of a letter by its size
# Moves of a name by steps of half a line up and down, and three of these to the side; the shortest first.
_STEPS = np.array([(1.5 * LINE * x, LINE / 2 * y) for y in range(16, -17, -1) for x in range(-8, 9)])
_MOVES = _STEPS[np.argsort((_STEPS**2).sum(axis=1), kind="stable")]
MAP_CONFIG: dict[str, Any] = {
    "displayModeBar": True,
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud"],  # it would upload the data
    "responsive": True,
    "scrollZoom": True,
    "showTips": False,
    "toImageButtonOptions": {"format": "png", "filename": "latent-map", "scale": 2},
}


def latent_map(
    points: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    theme: Theme = LIGHT,
    *,
    numbers: np.ndarray | None = None,
    errors: np.ndarray | None = None,
    values: np.ndarray | None = None,
    value_name: str = "",
    selected: Collection[int] = (),
    marks: Sequence[tuple[Sequence[float], str]] = (),
    tool: str = "pan",
    title: str = "",
    height: int = 640,
) -> go.Figure:
    """A Plotly figure of n points: WebGL markers (`scattergl`), or `scatter3d` for three dimensions.

    Hovering a point shows its class, number and error. A click on a class in the legend hides it, a double click hides
    all others. Draw it with `config=MAP_CONFIG`, whose mode bar zooms, selects and saves a picture.

    Parameters
    ----------
    points : (n, 2) or (n, 3) float. Points that are not finite are left out.
    labels : (n,) class numbers; None for one colour.
    class_names : names of the classes by their numbers.
    theme : colours and shapes; a class is always colour and shape.
    numbers : (n,) sample numbers, 0 to n-1 by default; the first column of each trace's `customdata`.
    errors : (n,) reconstruction errors, shown on hover.
    values : (n,) values for the colours instead of the classes, scaled from their 2nd to their 98th percentile.
    value_name : title of the colour bar.
    selected : sample numbers; all other points are faded unless it is empty. In 3-D they are outlined instead.
    marks : pairs of a position and a text, drawn as stars.
    tool : what dragging does in 2-D: 'pan', 'zoom', 'select' (box) or 'lasso'.
    title : above the chart.
    height : in pixels.

    Raises
    ------
    SpecError : for points of another shape, or arrays of another length.
    """
    points = np.asarray(points, np.float32)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise SpecError(f"points: got shape {points.shape}, allowed: (n, 2) or (n, 3)")
    numbers = np.arange(len(points)) if numbers is None else np.asarray(numbers)
    for name, array in (("labels", labels), ("numbers", numbers), ("errors", errors), ("values", values)):
        if array is not None and len(array) != len(points):
            raise SpecError(f"{name}: got {len(array)}, allowed: {len(points)}, one a point")
    chart = _empty(points.shape[1], theme, tool, title, height)
    groups = np.zeros(len(points), int) if labels is None else np.asarray(labels, int)
    size = next((size for most, size in SIZES if len(points) <= most), SMALLEST)
    size = max(SMALLEST, size - 3 * (points.shape[1] == 3))
    finite = np.isfinite(points).all(axis=1)
    columns = [numbers.astype(np.float64)] + [np.asarray(errors, np.float64)] * (errors is not None)
    columns += [np.asarray(values, np.float64)] * (values is not None)
    custom = np.stack(columns, axis=1)
    hover = _hover(labels is not None, errors is not None, value_name if values is not None else "")
    chosen = np.isin(numbers, list(selected)) if len(selected) else None
    for group in np.unique(groups[finite]):
        members = np.flatnonzero(finite & (groups == group))
        marker = {"size": size, "symbol": _symbol(theme, int(group), points.shape[1]), "opacity": 0.85}
        marker["color"] = theme.class_colour(int(group)) if values is None else np.asarray(values, np.float64)[members]
        if values is not None:
            marker["coloraxis"] = "coloraxis"
        name = plain(class_names[group] if labels is not None and group < len(class_names) else group)
        more = {"name": name, "legendgroup": name, "customdata": custom[members], "hovertemplate": hover}
        picked = None if chosen is None else chosen[members]
        in_legend = labels is not None and values is None
        _add(chart, points[members], theme, picked, showlegend=in_legend, marker=marker, **more)
        if labels is not None and values is not None:
            _legend_entry(chart, name, {**marker, "color": theme.muted}, points.shape[1])
    if values is not None:
        chart.update_layout(coloraxis=_colour_axis(np.asarray(values, np.float64), value_name, theme))
    if labels is not None and points.shape[1] == 2:
        _class_names(chart, points[finite], groups[finite], class_names, theme, height)
    for position, text in marks:
        _star(chart, position, text, theme)
    return chart


def place_names(places: np.ndarray, widths: Sequence[float]) -> np.ndarray:
    """Middles (k, 2) for names of these widths, y upwards, near their `places`: none overlaps another. All in pixels.

    From the top down, each moves to the nearest free place, as in `pages/widgets/components/latent_map/names.js`.
    """
    moved = np.array(places, np.float64)
    taken: list[int] = []
    for i in sorted(range(len(moved)), key=lambda i: (-moved[i, 1], moved[i, 0])):
        spots = moved[i] + _MOVES
        free = np.ones(len(spots), bool)
        for j in taken:
            apart = np.abs(spots - moved[j])
            free &= (apart[:, 0] >= (widths[i] + widths[j]) / 2 + GAP) | (apart[:, 1] >= LINE)
        if free.any():
            moved[i] = spots[free.argmax()]
        taken.append(i)
    return moved


def _class_names(
    chart: go.Figure, points: np.ndarray, groups: np.ndarray, class_names: Sequence[str], theme: Theme, height: int
) -> None:
    """Write each class's name at the median of its points, moved where names would overlap."""
    present = np.unique(groups)
    if not 0 < len(present) <= MOST_NAMES:
        return
    names = [str(class_names[group]) if group < len(class_names) else str(group) for group in present]
    names = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names]
    medians = np.array([np.median(points[groups == group], axis=0) for group in present], np.float64)
    # Both axes have one scale, and the chart is at least about as wide as high.
    unit = max(float(np.ptp(points, axis=0).max()), 1e-9) / (height - 60)
    widths = [LETTER * theme.font_size * len(name) for name in names]
    font = {"color": theme.text, "size": theme.font_size, "weight": 600}
    for (x, y), name in zip((place_names(medians / unit, widths) * unit).tolist(), names, strict=True):
        text = {"bgcolor": rgba(theme.background, 0.65), "borderpad": 0, "xanchor": "center", "font": font}
        label(chart, theme, plain(name), x, y, **text)


def _empty(dimensions: int, theme: Theme, tool: str, title: str, height: int) -> go.Figure:
    chart = figure(theme, height, l=0, r=0, t=44 if title else 8, b=0)
    chart.update_layout(
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0.5,
            "xanchor": "center",
            "y": -0.01,
            "yanchor": "top",
            "itemsizing": "constant",
            "font": {"color": theme.text, "size": theme.font_size},
        },
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.primary},
        hovermode="closest",
        dragmode=tool if dimensions == 2 else "orbit",
        uirevision="map",
    )
    if title:
        chart.update_layout(title={"text": plain(title), "x": 0.01, "font": {"size": 16, "color": theme.text}})
    if dimensions == 3:
        axis = {"showticklabels": False, "title": "", "showspikes": False, "showbackground": False}
        axis |= {"gridcolor": theme.border, "zeroline": False}
        chart.update_layout(scene={**dict.fromkeys(("xaxis", "yaxis", "zaxis"), axis), "aspectmode": "data"})
        return chart
    chart.update_xaxes(visible=False, fixedrange=False)
    chart.update_yaxes(visible=False, fixedrange=False, scaleanchor="x")
    return chart


def _add(chart: go.Figure, points: np.ndarray, theme: Theme, picked: np.ndarray | None, **more: object) -> None:
    """Add the trace of one class; `picked` (n,) is true for the selected points, None without a selection."""
    x, y = points[:, 0], points[:, 1]
    if points.shape[1] == 2:
        faded = {} if picked is None else {"selectedpoints": np.flatnonzero(picked)}
        unselected = {"marker": {"opacity": 0.12}}
        chart.add_scattergl(x=x, y=y, mode="markers", unselected=unselected, **faded, **more)
        return
    chart.add_scatter3d(x=x, y=y, z=points[:, 2], mode="markers", **more)
    if picked is not None and picked.any():
        ring = {"size": 9, "symbol": "circle-open", "color": theme.text, "line": {"width": 2}}
        place = dict(zip("xyz", points[picked].T, strict=True))
        chart.add_scatter3d(**place, mode="markers", marker=ring, hoverinfo="skip", showlegend=False)


def _legend_entry(chart: go.Figure, name: str, marker: dict[str, Any], dimensions: int) -> None:
    """Add an entry of the legend that switches a class whose points are coloured by a value; its shape is grey."""
    marker = {key: value for key, value in marker.items() if key != "coloraxis"}
    place = {axis: [None] for axis in "xyz"[:dimensions]}
    add = chart.add_scattergl if dimensions == 2 else chart.add_scatter3d
    add(**place, mode="markers", name=name, legendgroup=name, marker=marker, showlegend=True, hoverinfo="skip")


def _star(chart: go.Figure, position: Sequence[float], text: str, theme: Theme) -> None:
    flat = len(position) == 2
    symbol = "star" if flat else "diamond"
    marker = {"size": 18, "symbol": symbol, "color": theme.primary, "line": {"width": 2, "color": theme.background}}
    place = {axis: [value] for axis, value in zip("xyz", position, strict=False)}
    add = chart.add_scattergl if flat else chart.add_scatter3d
    add(**place, mode="markers", marker=marker, name=plain(text), hovertemplate="%{fullData.name}<extra></extra>")


def _symbol(theme: Theme, group: int, dimensions: int) -> str:
    symbol = theme.class_symbol(group)
    return SYMBOLS_3D.get(symbol, symbol) if dimensions == 3 else symbol


def _hover(labelled: bool, errors: bool, value_name: str) -> str:
    lines = ["no. %{customdata[0]}"] + ["error %{customdata[1]:.4f}"] * errors
    if value_name and value_name.lower() != "error":
        lines.append(f"{plain(value_name)} %{{customdata[{1 + errors}]:.3f}}")
    return "<br>".join(["<b>%{fullData.name}</b>"] * labelled + lines) + "<extra></extra>"


def _colour_axis(values: np.ndarray, name: str, theme: Theme) -> dict[str, object]:
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, (2, 98)).tolist() if len(finite) else (0.0, 1.0)
    bar = {"title": {"text": plain(name), "side": "right"}, "thickness": 12, "outlinewidth": 0, "len": 0.7}
    bar["tickfont"] = {"color": theme.muted}
    steps = len(theme.sequential) - 1
    scale = [[i / steps, colour] for i, colour in enumerate(theme.sequential)]
    return {"cmin": low, "cmax": high if high > low else low + 1e-6, "colorscale": scale, "colorbar": bar}
