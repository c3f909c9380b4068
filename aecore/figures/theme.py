"""Colours and layout shared by all figures, for light and dark pages, and helpers for labels."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from aecore.figures.markers import MARKERS

FONT = '"Source Sans", "Source Sans Pro", sans-serif'

PLOTLY_CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True, "showTips": False}


@dataclass(frozen=True)
class Theme:
    """The colours, marker shapes and font of a page. Colours are `#rrggbb`.

    `classes` and `symbols` have ten entries each; a class is always colour *and* shape, in this order everywhere.
    The colours are Petroff's colour-blind-safe sequence (Accessible Color Sequences for Data Visualization, 2021,
    arXiv:2107.02270), three of them lightened for dark pages.
    `sequential` runs from low to high; the low end is the one closer to the background.
    """

    name: str
    primary: str
    background: str
    second_background: str
    text: str
    muted: str
    border: str
    guide: str
    outline: str
    classes: tuple[str, ...]
    sequential: tuple[str, ...]
    symbols: tuple[str, ...] = tuple(marker.symbol for marker in MARKERS)
    font: str = FONT
    font_size: int = 13

    @property
    def main(self) -> str:
        """The colour of the selected run."""
        return self.classes[0]

    @property
    def other(self) -> str:
        """The colour of the run or value it is compared with."""
        return self.classes[6]

    def class_colour(self, index: int) -> str:
        """The colour of a class number."""
        return self.classes[index % len(self.classes)]

    def class_symbol(self, index: int) -> str:
        """The shape of a class number, shifted by one after every ten: colour and shape are unique up to 100."""
        return self.symbols[(index + index // len(self.symbols)) % len(self.symbols)]


LIGHT = Theme(
    name="light",
    primary="#2f5fd0",
    background="#ffffff",
    second_background="#f4f6f9",
    text="#1b2330",
    muted="#5d6675",
    border="#d9dee7",
    guide="#8a93a3",
    outline="#3b4454",
    classes=(
        "#3f90da",
        "#ffa90e",
        "#bd1f01",
        "#94a4a2",
        "#832db6",
        "#a96b59",
        "#e76300",
        "#b9ac70",
        "#717581",
        "#92dadd",
    ),
    sequential=("#e3ecf7", "#8fbde8", "#3f90da", "#2a5aa8", "#1a2a5c"),
)

DARK = Theme(
    name="dark",
    primary="#446edc",
    background="#12161d",
    second_background="#1b212b",
    text="#e7eaf0",
    muted="#a3acba",
    border="#303947",
    guide="#8a93a3",
    outline="#0a0d12",
    classes=(
        "#3f90da",
        "#ffa90e",
        "#e5563f",
        "#94a4a2",
        "#b07be0",
        "#c08572",
        "#e76300",
        "#b9ac70",
        "#8d92a0",
        "#92dadd",
    ),
    sequential=("#22324a", "#2f64a0", "#3f90da", "#92dadd", "#fff3c4"),
)


def plain(text: object) -> str:
    """`text` escaped for Plotly, which interprets tags in labels and `%{…}` in hover templates."""
    return html.escape(str(text)).replace("%", "&#37;")


def rgba(colour: str, opacity: float) -> str:
    """`#rrggbb` with an opacity, as CSS: 'rgba(…)'."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def figure(theme: Theme, height: int, **margin: int) -> go.Figure:
    """An empty figure with the shared layout; `l`, `r`, `t`, `b` change a margin (pixels)."""
    axis = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "automargin": True,
        "fixedrange": True,  # dragging over a chart scrolls the page
        "gridcolor": theme.border,
        "tickfont": {"color": theme.muted, "size": theme.font_size - 1},
        "title": {"font": {"color": theme.muted, "size": theme.font_size}, "standoff": 8},
    }
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "margin": {"l": 8, "r": 10, "t": 10, "b": 8, "pad": 4, **margin},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": theme.font, "size": theme.font_size, "color": theme.text},
            "showlegend": False,
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": theme.second_background,
                "bordercolor": theme.border,
                "font": {"family": theme.font, "size": theme.font_size, "color": theme.text},
                "align": "left",
            },
            "xaxis": axis,
            "yaxis": {**axis, "showgrid": True},
        }
    )


def label(chart: go.Figure, theme: Theme, text: str, x: Any, y: Any, **more: Any) -> None:
    """Write `text` (Plotly's pseudo-HTML) at a point of the plot."""
    more = {"xanchor": "left", "yanchor": "middle", "font": {"color": theme.text, "size": theme.font_size - 1}, **more}
    chart.add_annotation(text=text, x=x, y=y, showarrow=False, **more)


def apart(places: Sequence[tuple[float, float]], gap: float, width: float = math.inf) -> list[float]:
    """Heights for labels at (x, y), y upwards, in their order: labels closer than `width` along x are at least `gap`
    apart. From the top down, each label is moved below those that it would overlap."""
    heights = [y for _, y in places]
    placed: list[tuple[float, float]] = []
    for i in sorted(range(len(places)), key=lambda i: -heights[i]):
        x = places[i][0]
        for other, taken in sorted(placed, key=lambda place: -place[1]):
            if abs(other - x) < width and abs(taken - heights[i]) < gap:
                heights[i] = taken - gap
        placed.append((x, heights[i]))
    return heights


def swatch(colour: str, text: str, sign: str = "■") -> str:
    """A label in Plotly's pseudo-HTML: the sign in the series' colour, the text in the default colour."""
    return f'<span style="color:{colour}">{sign}</span> {plain(text)}'
