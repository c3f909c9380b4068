"""What labels are worth with and without pretraining."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure, label, swatch
from aecore.specs.pretraining import ARMS

if TYPE_CHECKING:
    from aecore.store.experiments import Row

DODGE = 0.05  # decades between the arms' points of one number of labels
LABEL_GAP = 16.0  # pixels between the middles of two labels


def accuracy_by_labels(
    rows: Sequence[Row], theme: Theme, counts: Sequence[int] = (), *, height: int = 380
) -> go.Figure:
    """Accuracy against the number of labels (logarithmic), one series an arm.

    Each small point is one seed, each line goes through the means, each bar is one standard deviation to either side.

    Parameters
    ----------
    rows : the trainings that are done.
    counts : numbers of labels the axis has room for even before there are rows.
    """
    shown = sorted({*counts, *(row.labels for row in rows)}) or [100]
    chart = figure(theme, height, r=128, t=26)
    low, high = math.log10(shown[0]) - 0.12, math.log10(shown[-1]) + 0.12
    chart.update_xaxes(
        type="log", range=[low, high], tickvals=shown, ticktext=[f"{n:,}" for n in shown], title_text="labelled images"
    )
    bottom, top = _range([100 * row.accuracy for row in rows])
    chart.update_yaxes(range=[bottom, top], dtick=10 if top - bottom > 20 else 5, ticksuffix=" %")
    label(
        chart,
        theme,
        "accuracy on validation images",
        0,
        1,
        xref="paper",
        yref="paper",
        yanchor="bottom",
        yshift=6,
        font={"color": theme.muted, "size": theme.font_size - 1},
    )
    ends = []
    for arm, colour, symbol, side in (
        ("scratch", theme.other, "square", -1),
        ("pretrained", theme.main, "circle", 0),
        ("frozen", theme.classes[4], "diamond", 1),
    ):
        found: dict[int, list[float]] = {}
        for row in sorted(row for row in rows if row.arm == arm):
            found.setdefault(row.labels, []).append(100 * row.accuracy)
        places = {n * 10 ** (side * DODGE): values for n, values in found.items()}
        _draw(chart, theme, ARMS[arm], places, colour, symbol)
        if found:
            ends.append((statistics.fmean(found[max(found)]), swatch(colour, ARMS[arm], "━"), max(found)))
    _label_ends(chart, theme, ends, (height - 70) / (top - bottom))
    return chart


def _draw(chart: go.Figure, theme: Theme, name: str, found: dict[float, list[float]], colour: str, symbol: str) -> None:
    """One arm: its seeds, and over them its means; both traces also when empty, so that nothing is drawn anew."""
    chart.add_scatter(
        x=[x for x, values in found.items() for _ in values],
        y=[value for values in found.values() for value in values],
        mode="markers",
        marker={"symbol": symbol, "size": 6, "color": colour, "opacity": 0.45},
        hovertemplate=f"{name}, one seed: %{{y:.1f}} %<extra></extra>",
    )
    chart.add_scatter(
        x=list(found),
        y=[statistics.fmean(values) for values in found.values()],
        error_y={
            "type": "data",
            "array": [statistics.stdev(values) if len(values) > 1 else 0 for values in found.values()],
            "thickness": 1.5,
            "width": 4,
        },
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"symbol": symbol, "size": 8, "color": colour, "line": {"color": theme.background, "width": 1}},
        hovertemplate=f"{name}, mean: %{{y:.1f}} %<extra></extra>",
    )


def _range(values: list[float]) -> tuple[float, float]:
    """Lowest and highest accuracy shown, in tens, so that it seldom moves while results come in."""
    if not values:
        return 0.0, 100.0
    return max(0.0, 10 * math.floor((min(values) - 1) / 10)), min(100.0, 10 * math.ceil((max(values) + 1) / 10))


def _label_ends(chart: go.Figure, theme: Theme, ends: list[tuple[float, str, int]], pixels: float) -> None:
    """Name the lines where they end, from the top down; labels that would touch are moved apart."""
    last = math.inf
    for y, text, n in sorted(ends, reverse=True):
        place = min(y * pixels, last - LABEL_GAP)
        last = place
        label(chart, theme, text, math.log10(n), y, xshift=22, yshift=place - y * pixels)
