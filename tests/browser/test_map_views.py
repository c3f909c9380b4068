"""The map component alone, in a page of its own: zoom, pan and turn, two panels, and odd data."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import serve
from tests.browser.conftest import Open
from tests.browser.map_page import choose, lonely, panel, spot, told

pytestmark = pytest.mark.browser


def test_zoom_survives_a_rerun_and_a_double_click_ends_it(open_map: Open):
    page = open_map()
    before = spot(page, 0)
    page.mouse.move(*spot(page, 1))
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(300)
    zoomed = spot(page, 0)
    assert abs(zoomed[0] - before[0]) + abs(zoomed[1] - before[1]) > 20
    choose(page, "style", "images")
    assert spot(page, 0) == pytest.approx(zoomed, abs=0.5)
    box = panel(page).bounding_box()
    page.mouse.dblclick(box["x"] + 5, box["y"] + 5)
    page.wait_for_timeout(300)
    assert spot(page, 0) == pytest.approx(before, abs=0.5)


def test_a_drag_pans_and_chooses_nothing(open_map: Open):
    page = open_map()
    before, (x, y) = spot(page, 0), spot(page, 3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    assert spot(page, 0) == pytest.approx((before[0] + 60, before[1] + 30), abs=0.5)
    assert told(page) == (None, [])


def test_three_dimensions_turn_under_a_drag(open_map: Open):
    page = open_map("dims=3")
    box, before = panel(page).bounding_box(), spot(page, 0)
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 230, box["y"] + 30, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    after = spot(page, 0)
    assert abs(after[0] - before[0]) > 5
    page.mouse.move(*after)
    expect(panel(page)).to_have_attribute("data-hovered", re.compile(r"\d+"))


def test_two_panels_share_hover_and_selection(open_map: Open):
    page = open_map("two=1")
    i = lonely(page)
    page.mouse.move(*spot(page, i))
    for number in (0, 1):
        expect(panel(page, number)).to_have_attribute("data-hovered", str(i))
    page.mouse.click(*spot(page, i))
    for number in (0, 1):
        expect(panel(page, number)).to_have_attribute("data-focus", str(i))
    assert told(page) == (i, [i])
    boxes = [panel(page, number).bounding_box() for number in (0, 1)]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]


def test_two_panels_stand_below_each_other_on_a_phone(open_map: Open):
    page = open_map("two=1", serve.PHONE)
    boxes = [panel(page, number).bounding_box() for number in (0, 1)]
    assert boxes[0]["y"] + boxes[0]["height"] < boxes[1]["y"]
    assert all(box["width"] <= 380 for box in boxes)


def test_data_that_are_no_images_show_words_only(open_map: Open):
    page = open_map("vectors=1")
    choose(page, "style", "images")
    page.mouse.move(*spot(page, lonely(page)))
    card = page.locator(".card")
    expect(card).to_contain_text("#1")
    expect(card.locator("figcaption")).to_have_text(["reconstruction"])


def test_sixty_thousand_points_mount(open_map: Open):
    page = open_map("n=60000")
    page.mouse.move(*spot(page, 7))
    expect(panel(page)).to_have_attribute("data-hovered", re.compile(r"\d+"))
    expect(page.locator(".card canvas")).to_have_count(2)


@pytest.mark.parametrize("query", ["n=0", "n=1", "odd=same", "odd=nan", "n=2&dims=3"])
def test_maps_that_are_hardly_maps_can_be_walked(open_map: Open, query: str):
    page = open_map(query)
    panel(page).focus()
    for key in ("ArrowRight", "ArrowUp", "Enter", "+", "0"):
        page.keyboard.press(key)
    point, selection = told(page)
    if query == "n=0":
        assert (point, selection) == (None, [])
    else:
        assert selection == [point]
        assert query != "odd=nan" or (point % 3 and point != 1)


def test_points_fly_to_another_projection_and_keep_the_selection(open_map: Open):
    page = open_map()
    i = lonely(page)
    page.mouse.click(*spot(page, i))
    before, ready = spot(page, i), panel(page).get_attribute("data-ready")
    choose(page, "projection", "turned")
    page.wait_for_timeout(600)
    assert spot(page, i) != pytest.approx(before, abs=3)
    assert panel(page).get_attribute("data-ready") == ready
    expect(panel(page)).to_have_attribute("data-focus", str(i))
    assert told(page) == (i, [i])
