"""The Compare page in a browser: links that restore it, runs picked and dropped, and one hover on two maps."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from aecore.presets import demonstrations
from tests.browser.conftest import Open
from tests.browser.serve import PATIENCE, click, knob, pick, settle

pytestmark = pytest.mark.browser
STACKED, LINEAR, HASHING = (demonstrations.keys()[name] for name in ("stacked", "linear", "hashing"))


def rows(page: Page) -> list[str]:
    """The runs' names, the best first."""
    return page.locator(".ae-who b").all_inner_texts()


def test_a_link_restores_both_maps(server: str, visit: Open) -> None:
    page = visit(f"{server}/compare?run={STACKED}&other={LINEAR}&other_method=PCA&colour=Moved")
    expect(page.get_by_text("Half of the points moved less than")).to_be_visible(timeout=PATIENCE)
    expect(knob(page, "other")).to_have_value(re.compile("Linear"))
    assert f"other={LINEAR}" in page.url and "colour=Moved" in page.url
    said = page.get_by_text("Half of the points moved less than").inner_text()
    pick(page, "other", "The same run, another projection")
    expect(page.get_by_text("One run, one set of codings")).to_be_visible(timeout=PATIENCE)
    assert "other=same" in page.url
    pick(page, "other", "Linear · 30 codings · 12 epochs")
    page.locator(".st-key-other_method").get_by_text("PCA", exact=True).click()
    expect(page.get_by_text(said)).to_be_visible(timeout=PATIENCE)  # as before


def test_hovering_one_map_rings_the_same_sample_on_the_other(server: str, visit: Open) -> None:
    page = visit(f"{server}/compare?run={STACKED}&other={LINEAR}")
    panels = page.locator("canvas[data-ready]")
    expect(panels).to_have_count(2, timeout=PATIENCE)
    number = 17
    left = panels.nth(0)
    left.scroll_into_view_if_needed()
    spot = left.evaluate("(canvas, i) => canvas.positionOf(i)", number)
    box = left.bounding_box()
    assert box
    x, y = box["x"] + spot["x"], box["y"] + spot["y"]
    page.mouse.move(x + 1, y)
    page.mouse.move(x, y)
    hovered = left.get_attribute("data-hovered")
    assert hovered not in (None, "", "-1")
    expect(panels.nth(1)).to_have_attribute("data-hovered", hovered)
    page.mouse.click(x, y)
    expect(page.get_by_text("Selected: 1 sample")).to_be_visible()
    assert panels.nth(0).get_attribute("data-selected") == panels.nth(1).get_attribute("data-selected")


def test_a_sample_and_its_runs_are_in_the_link(server: str, visit: Open) -> None:
    page = visit(f"{server}/compare?run={STACKED}&view=One%20sample&sample=7&runs={STACKED},{HASHING}")
    expect(page.locator(".ae-who")).to_have_count(2)
    expect(knob(page, "sample")).to_have_value("7")
    expect(page.locator(".ae-bits")).to_have_count(1)
    page.get_by_role("button", name="2 runs").click()
    knob(page, "runs").press("Backspace")  # the last one goes
    expect(page.locator(".ae-who")).to_have_count(1)
    settle(page)
    assert f"runs={STACKED}" in page.url and HASHING not in page.url
    page.keyboard.press("Escape")
    click(page, "another")
    expect(knob(page, "sample")).not_to_have_value("7")
    settle(page)
    number = knob(page, "sample").input_value()
    again = visit(page.url)
    expect(knob(again, "sample")).to_have_value(number)
    assert rows(again) == rows(page)


def test_a_row_becomes_a_card_on_a_phone(server: str, visit: Open) -> None:
    page = visit(f"{server}/compare?run={STACKED}&view=One%20sample&runs={STACKED}", (380, 844))
    row = page.locator(".ae-run:not(.ae-heads)")
    assert row.evaluate("row => getComputedStyle(row).gridTemplateColumns.split(' ').length") == 3
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
