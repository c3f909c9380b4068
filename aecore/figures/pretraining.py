"""Figure of accuracy against the number of labels, with and without pretraining."""

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
HEIGHT = 380  # pixels of the chart


def accuracy_by_labels(rows: Sequence[Row], theme: Theme, counts: Sequence[int] = ()) -> go.Figure:
    """Accuracy against the number of labels (logarithmic), one series per arm.

    Small points are seeds, lines go through the means, error bars are one standard deviation to either side.

    Parameters
    ----------
    rows : the finished trainings.
    counts : numbers of labels that the axis includes even without rows.
    """
    shown = sorted({*counts, *(row.labels for row in rows)}) or [100]
    chart = figure(theme, HEIGHT, r=128, t=26)
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
        accuracies: dict[int, list[float]] = {}
        for row in sorted(row for row in rows if row.arm == arm):
            accuracies.setdefault(row.labels, []).append(100 * row.accuracy)
        places = {n * 10 ** (side * DODGE): values for n, values in accuracies.items()}
        _draw(chart, theme, ARMS[arm], places, colour, symbol)
        if accuracies:
            most = max(accuracies)
            ends.append((statistics.fmean(accuracies[most]), swatch(colour, ARMS[arm], "━"), most))
    _label_ends(chart, theme, ends, (HEIGHT - 70) / (top - bottom))
    return chart


def _draw(chart: go.Figure, theme: Theme, name: str, seeds: dict[float, list[float]], colour: str, symbol: str) -> None:
    """Draw an arm: traces of its seeds and of its means, even if empty, so that Plotly updates the chart in place."""
    chart.add_scatter(
        x=[x for x, values in seeds.items() for _ in values],
        y=[value for values in seeds.values() for value in values],
        mode="markers",
        marker={"symbol": symbol, "size": 6, "color": colour, "opacity": 0.45},
        hovertemplate=f"{name}, one seed: %{{y:.1f}} %<extra></extra>",
    )
    chart.add_scatter(
        x=list(seeds),
        y=[statistics.fmean(values) for values in seeds.values()],
        error_y={
            "type": "data",
            "array": [statistics.stdev(values) if len(values) > 1 else 0 for values in seeds.values()],
            "thickness": 1.5,
            "width": 4,
        },
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"symbol": symbol, "size": 8, "color": colour, "line": {"color": theme.background, "width": 1}},
        hovertemplate=f"{name}, mean: %{{y:.1f}} %<extra></extra>",
    )


def _range(values: list[float]) -> tuple[float, float]:
    """The range of the accuracy axis in multiples of ten, which seldom changes while results arrive."""
    if not values:
        return 0.0, 100.0
    return max(0.0, 10 * math.floor((min(values) - 1) / 10)), min(100.0, 10 * math.ceil((max(values) + 1) / 10))


def _label_ends(chart: go.Figure, theme: Theme, ends: list[tuple[float, str, int]], pixels: float) -> None:
    """Draw labels at the ends of the lines, moved apart from the top down if they would overlap."""
    last = math.inf
    for y, text, n in sorted(ends, reverse=True):
        place = min(y * pixels, last - LABEL_GAP)
        last = place
        label(chart, theme, text, math.log10(n), y, xshift=22, yshift=place - y * pixels)
