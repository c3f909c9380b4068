"""A chart is made once for all sessions that look at the same."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aecore.figures import DARK, LIGHT, Theme
from pages.widgets.basics import charts, theme


def test_a_chart_is_made_anew_for_other_content_and_another_theme_only(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, str]] = []
    drawn: list[go.Figure] = []

    def plotly_chart(chart: go.Figure, **_: Any) -> None:
        drawn.append(chart)

    def draw(what: str, of: tuple[str, ...] | None) -> None:
        def make(colours: Theme) -> go.Figure:
            made.append((what, colours.name))
            return go.Figure(layout={"title": {"text": what}})

        charts.draw(make, key="some", alt="Some chart", of=of)

    monkeypatch.setattr(st, "plotly_chart", plotly_chart)
    monkeypatch.setattr(theme, "current", lambda: LIGHT)
    for what in "aab":
        draw(what, (what,))
    monkeypatch.setattr(theme, "current", lambda: DARK)
    draw("a", ("a",))
    assert made == [("a", "light"), ("b", "light"), ("a", "dark")]
    assert [chart.to_dict()["layout"]["title"]["text"] for chart in drawn] == ["a", "a", "b", "a"]
    draw("live", None)
    draw("live", None)
    assert made[3:] == [("live", "dark")] * 2


def test_what_only_one_visitor_sees_leaves_the_shared_chart_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(st, "plotly_chart", lambda chart, **_: drawn.append(chart.to_dict()))
    monkeypatch.setattr(theme, "current", lambda: LIGHT)

    def make(_: Theme) -> go.Figure:
        return go.Figure(go.Scatter(x=[1], y=[2]), layout={"title": {"text": "shared"}})

    def mine(colours: Theme) -> list[go.Scatter]:
        return [go.Scatter(x=[3], y=[4], marker={"color": colours.primary})]

    for add in (mine, None):
        charts.draw(make, key="ringed", alt="Some chart", of=("ringed",), add=add)
    with_mine, shared = drawn
    assert [trace["x"] for trace in shared["data"]] == [[1]]
    assert [list(trace["x"]) for trace in with_mine["data"]] == [[1], [3]]
    assert with_mine["data"][1]["marker"] == {"color": LIGHT.primary} and with_mine["layout"] == shared["layout"]


def test_streamlit_draws_a_cached_chart_as_it_draws_the_figure() -> None:
    def script() -> None:
        import plotly.graph_objects as go
        import streamlit as st

        from aecore.figures import PLOTLY_CONFIG
        from pages.widgets.basics import charts

        figure = go.Figure(go.Scatter(x=[1, 2], y=[2.5, 3]), layout={"title": {"text": "Title"}})
        charts.draw(lambda _: figure, key="cached", alt="A chart", of=("a",))
        st.plotly_chart(figure, theme=None, key="direct", alt="A chart", config=PLOTLY_CONFIG)

    app = AppTest.from_function(script).run()
    assert not app.exception
    cached, direct = (chart.proto for chart in app.get("plotly_chart"))
    assert cached.spec == direct.spec and "Title" in cached.spec and cached.config == direct.config
