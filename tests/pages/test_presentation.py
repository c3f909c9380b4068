"""The presentation mode: a switch on every page, in the link, that enlarges the page and its charts."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from pages.widgets.basics import theme
from tests.pages.conftest import PAGES, Open, key


def styled(app: AppTest) -> bool:
    return any("Presentation mode" in element.proto.body for element in app.get("html"))


def letters(app: AppTest) -> set[int]:
    """The sizes of the charts' letters."""
    return {json.loads(chart.proto.spec)["layout"]["font"]["size"] for chart in app.get("plotly_chart")}


@pytest.mark.parametrize("page", [*PAGES, "status"])
def test_every_page_has_the_switch_and_keeps_it_in_the_link(visit: Open, page: str) -> None:
    app = visit(page, run=key("stacked"))
    assert not styled(app) and not app.toggle(key="presentation").value
    app.toggle(key="presentation").set_value(True).run()
    assert not app.exception and styled(app)
    again = visit(page, run=key("stacked"), presentation="true")
    assert not again.exception and not again.warning and styled(again)


def test_charts_get_larger_letters(visit: Open) -> None:
    app = visit("sparsity", run=key("stacked"))
    small = letters(app)
    app.toggle(key="presentation").set_value(True).run()
    assert letters(app) == {theme.LARGE} and small == {13}
    app.toggle(key="presentation").set_value(False).run()
    assert letters(app) == small
