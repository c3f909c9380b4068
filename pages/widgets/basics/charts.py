"""Plotly charts on the page, cached for all sessions."""

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
) -> Any:
    """Draw a chart in the session's theme; returns what `st.plotly_chart` returns, the selection where it has one.

    Parameters
    ----------
    make : called with the theme, returns the figure.
    key : of the chart's element, and part of the cache key.
    alt : description of the chart for screen readers.
    of : the rest of the cache key, with every argument that changes the figure; None for a chart that is not cached.
    add : returns traces to add to a cached chart for this session only.
    **more : keyword arguments of `st.plotly_chart`.
    """
    colours = theme.current()
    look = (colours.name, colours.font_size)
    figure = make(colours) if of is None else _DictFigure(_figure_dict((key, *look, *of), make))
    if add is not None:
        content = figure.to_dict()
        traces = [trace.to_plotly_json() for trace in add(colours)]
        figure = _DictFigure({**content, "data": [*content["data"], *traces]})
    return st.plotly_chart(figure, theme=None, key=key, alt=alt, **{"config": PLOTLY_CONFIG, **more})


@st.cache_resource(show_spinner=False, max_entries=150)
def _figure_dict(of: tuple[Hashable, ...], _make: Make) -> dict[str, Any]:
    return _make(theme.current()).to_dict()


class _DictFigure(go.Figure):
    """A read-only figure that holds the dict that `to_dict` returns.

    `st.plotly_chart` calls only `to_dict`, which copies all numbers of an ordinary figure; a dict instead of a figure
    would be validated in every script run.
    """

    _content: dict[str, Any]

    def __init__(self, content: dict[str, Any]) -> None:
        object.__setattr__(self, "_content", content)

    def to_dict(self) -> dict[str, Any]:
        return self._content
