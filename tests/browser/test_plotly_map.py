"""The map as a Plotly chart: hover, legend, selection shared with the page, and the HTML file on its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import serve
from tests.browser.conftest import Open
from tests.browser.serve import settle

pytestmark = pytest.mark.browser

POINT = """([trace, i]) => {
  const chart = document.querySelector('.js-plotly-plot'), layout = chart._fullLayout;
  const box = chart.getBoundingClientRect(), [x, y] = [layout.xaxis, layout.yaxis];
  const data = chart._fullData[trace];
  return [box.left + x._offset + x.d2p(data.x[i]), box.top + y._offset + y.d2p(data.y[i]), data.customdata[i][0]];
}"""


def chart(page: Page) -> Locator:
    return page.locator(".js-plotly-plot").first


def selected(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_text(re.compile(r"^Selected: "))


def style(page: Page, name: str) -> None:
    page.locator(".st-key-style").get_by_text(name, exact=True).click()
    settle(page)


def drag_over(page: Page, x: float, y: float, size: float = 60) -> None:
    page.mouse.move(x - size, y - size)
    page.mouse.down()
    page.mouse.move(x + size, y + size, steps=6)
    page.mouse.up()
    settle(page)


def test_select_clear_and_take_away(server: str, visit: Open, tmp_path: Path) -> None:
    page = visit(f"{server}/latent_map?method=PCA&style=Plotly&select=Box")
    expect(chart(page).locator(".modebar-btn")).not_to_have_count(0)
    expect(chart(page).locator(".legend .traces")).to_have_count(10)
    expect(page.locator(".modebar-btn[data-title*='hare']")).to_have_count(0)

    x, y, _ = page.evaluate(POINT, [1, 0])
    page.mouse.move(x, y)
    expect(chart(page).locator(".hoverlayer .hovertext")).to_contain_text("no. ")
    expect(chart(page).locator(".hoverlayer .hovertext")).to_contain_text("error ")

    drag_over(page, x, y)
    expect(selected(page)).to_have_count(1)
    serve.click(page, "clear")
    settle(page)
    expect(selected(page)).to_have_count(0)
    settle(page)
    expect(selected(page)).to_have_count(0)

    x, y, _ = page.evaluate(POINT, [1, 0])
    drag_over(page, x, y)
    expect(selected(page)).to_have_count(1)
    # What is selected here is selected in the other styles, too.
    style(page, "Dots")
    expect(selected(page)).to_have_count(1)
    style(page, "Plotly")
    expect(chart(page)).to_be_visible()
    faded = page.evaluate("document.querySelector('.js-plotly-plot')._fullData.some(t => t.selectedpoints?.length)")
    assert faded

    page.get_by_role("button", name="Download this map").click()
    with page.expect_download() as download:
        page.locator(".st-key-map_html button").click()
    file = tmp_path / "map.html"
    download.value.save_as(file)
    own = visit_file(page, file)
    x, y, _ = own.evaluate(POINT, [1, 0])
    own.mouse.move(x, y)
    expect(own.locator(".card")).to_be_visible()
    expect(own.locator(".hoverlayer .hovertext")).to_contain_text("no. ")
    own.close()


def visit_file(page: Page, file: Path) -> Page:
    own = page.context.new_page()
    own.goto(file.as_uri())
    expect(own.locator(".js-plotly-plot .modebar-btn")).not_to_have_count(0)
    return own


def test_three_dimensions_are_plotly_at_first(server: str, visit: Open) -> None:
    page = visit(f"{server}/latent_map?method=PCA&dims=3-D")
    expect(chart(page).locator(".gl-container")).to_have_count(1)
    expect(page.get_by_text("Drag to turn it.")).to_be_visible()
    style(page, "Dots")
    expect(chart(page)).to_have_count(0)
    assert "style=Dots" in page.url
    page.reload()
    settle(page)
    expect(chart(page)).to_have_count(0)
