"""Plotly charts on the page: one way to draw them, and each is made once for all visitors."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from plotly.basedatatypes import BaseTraceType

from aecore.figures import PLOTLY_CONFIG, Theme
from pages.widgets.basics import theme

Make = Callable[[Theme], go.Figure]
Add = Callable[[Theme], Sequence[BaseTraceType]]


def draw(
    make: Make, *, key: str, alt: str, of: tuple[Hashable, ...] | None = None, add: Add | None = None, **more: Any
) -> None:
    """Draw the chart that `make` makes for the visitor's theme.

    `of` says what the chart shows, down to every argument that changes it: visitors who look at the same thing share
    one figure, and `make` is not called again. None for what changes while one looks. `add` makes traces that only
    this visitor sees on a shared chart. `more` goes to Streamlit.
    """
    colours = theme.current()
    chart = make(colours) if of is None else _Told(_made((key, colours.name, *of), make))
    if add is not None:
        told = chart.to_dict()
        chart = _Told({**told, "data": [*told["data"], *(trace.to_plotly_json() for trace in add(colours))]})
    st.plotly_chart(chart, theme=None, key=key, alt=alt, **{"config": PLOTLY_CONFIG, **more})


@st.cache_resource(show_spinner=False, max_entries=150)
def _made(of: tuple[Hashable, ...], _make: Make) -> dict[str, Any]:
    return _make(theme.current()).to_dict()


class _Told(go.Figure):
    """A figure that is only what it says of itself: Streamlit asks with every run of a page, and copying and encoding
    the numbers is most of what a chart costs, the objects around them most of the memory it takes. Never written to."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.__dict__["_told"] = told

    def to_dict(self) -> dict[str, Any]:
        return self.__dict__["_told"]
