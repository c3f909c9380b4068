"""The leaderboard's chart: the error of every run against its coding size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from aecore.figures.markers import BY_SYMBOL
from aecore.figures.theme import Theme, apart, figure, plain, rgba, swatch
from aecore.text import error_text

RIGHT = 116  # pixels right of the plot, for labels
WIDTH = 230  # pixels of the plot on a phone, where labels are most likely to overlap
LABEL_GAP, LABEL_WIDTH = 16.0, 130.0
BELOW = 4.0  # PCA's line ends at the best run's error divided by this, since PCA with all components has error 0
MOST_TICKS = 9
HEIGHT = 470  # pixels of the chart


def errors_by_size(
    table: pd.DataFrame,
    best: pd.DataFrame,
    pca_mse: pd.DataFrame,
    theme: Theme,
) -> go.Figure:
    """Validation MSE against the number of codings, log-log; a marker per run with its key as `customdata`.

    Each variant has a colour and a shape, a label at its largest coding size, and a thin line through its best runs.
    The best run of each size has a ring; the dotted line is PCA.

    Parameters
    ----------
    table, best, pca_mse : as `aecore.classroom.leaderboard` makes them, of one data set and not empty.
    """
    chart = figure(theme, HEIGHT, r=RIGHT, t=26)
    pca_mse = pca_mse[pca_mse["pca_mse"] > table["mse"].min() / BELOW]
    left, right = _range([*table["codings"], *pca_mse["codings"]], 0.06)
    bottom, top = _range([*table["mse"], *pca_mse["pca_mse"]], 0.05)
    _axes(chart, theme, (left, right), (bottom, top))
    across, up = WIDTH / (right - left), (HEIGHT - 80) / (top - bottom)
    ends: list[tuple[float, float, str]] = []
    if len(pca_mse) > 1:
        chart.add_scatter(
            x=pca_mse["codings"],
            y=pca_mse["pca_mse"],
            mode="lines",
            hoverinfo="skip",
            line={"color": theme.guide, "width": 2, "dash": "dot"},
        )
        ends.append(
            (
                *_place(pca_mse["codings"].iloc[-1], pca_mse["pca_mse"].iloc[-1]),
                swatch(theme.guide, "PCA", "┈"),
            )
        )
    for number, group in table.groupby("variant", sort=True):
        family = int(str(number))
        colour, symbol = theme.class_colour(family), theme.class_symbol(family)
        name = str(group["name"].mode().iloc[0])
        line = group.sort_values(["codings", "mse"]).drop_duplicates("codings")
        if len(line) > 1:
            chart.add_scatter(
                x=line["codings"].tolist(),
                y=line["mse"].tolist(),
                mode="lines",
                hoverinfo="skip",
                line={"color": colour, "width": 1},
                opacity=0.55,
            )
        text = swatch(colour, name, BY_SYMBOL[symbol].sign)
        ends.append((*_place(line["codings"].iloc[-1], line["mse"].iloc[-1]), text))
    _markers(chart, theme, table)
    chart.add_trace(ring(best, theme.text, 15, 1.5))
    heights = apart([(x * across, y * up) for x, y, _ in ends], LABEL_GAP, LABEL_WIDTH)
    _names(chart, theme, [(x, y, text, to - y * up) for (x, y, text), to in zip(ends, heights, strict=True)])
    return chart


def ring(table: pd.DataFrame, colour: str, size: int, width: float) -> go.Scatter:
    """A trace with a ring around each run of the table."""
    return go.Scatter(
        x=table["codings"].tolist(),
        y=table["mse"].tolist(),
        mode="markers",
        hoverinfo="skip",
        marker={"symbol": "circle-open", "size": size, "color": colour, "line": {"width": width}},
    )


def _markers(chart: go.Figure, theme: Theme, table: pd.DataFrame) -> None:
    """Draw all runs as one trace, which Plotly draws faster than one trace per variant."""
    texts = [
        f"{plain(name)}<br>{codings:,} codings · {epochs:,} epochs · seed {seed}<br>"
        f"MSE {error_text(mse)}{'' if math.isnan(pca_mse) else f' (PCA {error_text(pca_mse)})'}"
        for name, codings, epochs, seed, mse, pca_mse in zip(
            *(table[column].tolist() for column in ("name", "codings", "epochs", "seed", "mse", "pca_mse")),
            strict=True,
        )
    ]
    families = table["variant"].tolist()
    opaque = {"marker": {"opacity": 1}}
    chart.add_scatter(
        x=table["codings"].tolist(),
        y=table["mse"].tolist(),
        mode="markers",
        marker={
            "symbol": [theme.class_symbol(family) for family in families],
            "color": [theme.class_colour(family) for family in families],
            "size": 10,
            "line": {"color": theme.outline, "width": 0.8},
        },
        customdata=table["key"].tolist(),
        text=texts,
        hovertemplate="%{text}<br>click opens it<extra></extra>",
        selected=opaque,
        unselected=opaque,
    )


def _names(chart: go.Figure, theme: Theme, ends: Sequence[tuple[float, float, str, float]]) -> None:
    """Draw the labels of the variants, all at once, since Plotly validates all annotations with each one added."""
    shared = {
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "middle",
        "xshift": 13,
        "font": {"color": theme.text, "size": theme.font_size - 1},
        "bgcolor": rgba(theme.background, 0.7),
        "borderpad": 0,
    }
    names = [{**shared, "text": text, "x": x, "y": y, "yshift": shift} for x, y, text, shift in ends]
    title = {
        "text": "error (MSE) on validation data",
        "x": 0,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "yshift": 6,
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "bottom",
        "font": {"color": theme.muted, "size": theme.font_size - 1},
    }
    chart.update_layout(annotations=[title, *names])


def _axes(chart: go.Figure, theme: Theme, wide: tuple[float, float], high: tuple[float, float]) -> None:
    sizes, errors = _ticks(*wide, (1, 3)), _ticks(*high, (1, 2, 5))
    chart.update_xaxes(
        type="log",
        range=wide,
        tickvals=sizes,
        ticktext=[f"{size:,.0f}" for size in sizes],
        title_text="coding size: numbers a sample",
    )
    chart.update_yaxes(type="log", range=high, tickvals=errors, ticktext=[error_text(error) for error in errors])


def _place(codings: float, error: float) -> tuple[float, float]:
    """The coordinates of a point on the logarithmic axes."""
    return math.log10(codings), math.log10(max(error, 1e-9))


def _range(values: Sequence[float], margin: float) -> tuple[float, float]:
    """The logarithms of the smallest and the largest value, widened by a margin."""
    logs = [math.log10(max(value, 1e-9)) for value in values]
    low, high = min(logs), max(logs)
    room = max(margin * (high - low), 0.1)
    return low - room, high + room


def _ticks(low: float, high: float, steps: tuple[int, ...]) -> list[float]:
    """`steps` times powers of ten within 10**low to 10**high; only the powers if that gives more than `MOST_TICKS`; the
    middle if it gives none."""
    powers = [10.0**power for power in range(math.floor(low), math.ceil(high) + 1)]
    values = [step * power for power in powers for step in steps]
    ticks = [value for value in values if low <= math.log10(value) <= high]
    if len(ticks) > MOST_TICKS:
        ticks = [value for value in powers if low <= math.log10(value) <= high]
    return ticks or [10 ** ((low + high) / 2)]
