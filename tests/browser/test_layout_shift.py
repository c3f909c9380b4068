"""No page moves by itself, neither while it loads nor after a knob was turned."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import layout_shift
from tests.browser.serve import PATHS, PHONE, WIDE, new_page, nudge, settle
from tests.browser.tabs import Tabs

pytestmark = pytest.mark.browser

MOST = 0.1  # the goal is .05; `python -m tests.bench.layout_shift` has the figures
CALM = 1000  # milliseconds in which charts and components still arrive


@pytest.fixture(scope="module")
def visited(server: str, tabs: Tabs) -> str:
    """The address of a server whose first visitor has been there: its HTML page is styled from then on."""
    tabs.give_back(tabs.visit(server))
    return server


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path or "home")
def test_a_page_stays_where_it_is(path: str, visited: str, browser: Browser) -> None:
    page = new_page(browser)
    layout_shift.observe(page)
    for size in (WIDE, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{visited}/{path}")
        settle(page)
        expect(page.locator("html.ae-still")).to_be_attached()
        expect(page.get_by_test_id("stMainBlockContainer")).to_be_visible()
        page.wait_for_timeout(CALM)
        loaded = layout_shift.take(page)
        assert layout_shift.total(loaded) < MOST, (size, loaded)
        if size is PHONE:  # the sidebar covers the page
            page.get_by_role("button", name="Knobs").click()
            page.wait_for_timeout(CALM)
            layout_shift.take(page)
        nudge(page, "coding_size", "ArrowLeft")
        page.wait_for_timeout(CALM)
        turned = layout_shift.take(page)
        assert layout_shift.total(turned) < MOST, (size, turned)
    page.context.close()


def test_what_moves_is_counted(browser: Browser) -> None:
    """So that a page that stays is not one that nobody observed."""
    page = new_page(browser)
    layout_shift.observe(page)
    page.goto("data:text/html,<p id=gap></p><p id=text style='height:400px'>some text</p>")
    page.wait_for_timeout(200)
    page.evaluate("document.querySelector('#gap').style.height = '300px'")
    page.wait_for_timeout(200)
    moved = layout_shift.take(page)
    page.context.close()
    assert layout_shift.total(moved) > MOST and any(shift.sources for shift in moved)
