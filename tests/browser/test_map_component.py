"""The map component alone, in a page of its own: pointing, choosing, and what travels for it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import serve
from tests.browser.conftest import Open
from tests.browser.map_page import choose, lonely, panel, spot, told

pytestmark = pytest.mark.browser


def test_hover_shows_the_card_and_sends_nothing(open_map: Open):
    page = open_map()
    sent = serve.sent(page)
    page.reload()
    expect(panel(page)).to_have_attribute("data-ready", re.compile("."))
    serve.settle(page)
    assert sent, "the page speaks through a websocket this test can hear"
    sent.clear()
    i = lonely(page)
    page.mouse.move(*spot(page, i))
    expect(panel(page)).to_have_attribute("data-hovered", str(i))
    card = page.locator(".card")
    expect(card).to_contain_text(f"#{1000 + i}")
    expect(card).to_contain_text(f"error {0.01 + 0.08 * i / 199:.4f}".replace("0.", ".", 1))
    expect(card.locator("canvas")).to_have_count(2)
    pixels = card.locator("canvas").evaluate_all(
        """all => all.map(canvas => canvas.getContext("2d").getImageData(0, 0, 8, 8).data)
                  .map(data => [...data].filter((_, k) => k % 4 === 0))"""
    )
    bright = [255 if row == i % 4 else 0 for row in range(8) for _ in range(8)]
    assert pixels[0] == bright
    assert pixels[1] == [255 - value for value in bright]
    page.mouse.move(*[c - 3 for c in panel(page).bounding_box().values()][:2])
    expect(card).to_be_hidden()
    assert not sent


def test_labels_are_text_even_if_they_look_like_html(open_map: Open):
    page = open_map("mark=1")
    name = page.locator(".card .head b")
    for group, label in enumerate(("<b>bold</b>", "<img src=x>")):
        page.mouse.move(*spot(page, lonely(page, (group,))))
        expect(name).to_have_text(label)
        assert name.locator("*").count() == 0


def test_click_and_shift_click_choose_in_order(open_map: Open):
    page = open_map()
    first = lonely(page)
    page.mouse.click(*spot(page, first))
    assert told(page) == (first, [first])
    other = panel(page).evaluate(
        """(canvas, first) => {
          const at = Array.from({length: 200}, (_, i) => canvas.positionOf(i));
          const lonely = i => at.every((b, j) => i === j || Math.hypot(at[i].x - b.x, at[i].y - b.y) > 12);
          return at.findIndex((_, i) => i !== first && lonely(i));
        }""",
        first,
    )
    page.keyboard.down("Shift")
    page.mouse.click(*spot(page, other))
    page.keyboard.up("Shift")
    assert told(page) == (other, [first, other])
    expect(panel(page)).to_have_attribute("data-focus", str(other))
    expect(page.locator(".note").first).to_contain_text("2 lie further off")
    expect(page.locator(".note").first).to_contain_text("1 of its 3 nearest")
    page.keyboard.down("Shift")
    page.mouse.click(*spot(page, first))
    page.keyboard.up("Shift")
    assert told(page)[1] == [other]


Spot = tuple[float, float]


def enclosed(page: Page, corners: list[Spot]) -> list[int]:
    """The samples inside a convex shape of the page, told apart here and not by the component: they lie on the same
    side of all its edges."""

    def side(a: Spot, b: Spot, p: Spot) -> bool:
        return (b[0] - a[0]) * (p[1] - a[1]) > (b[1] - a[1]) * (p[0] - a[0])

    edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
    box = panel(page).bounding_box()
    places = panel(page).evaluate("canvas => Array.from({length: 200}, (_, i) => canvas.positionOf(i))")
    spots = [(box["x"] + place["x"], box["y"] + place["y"]) for place in places]
    return [i for i, p in enumerate(spots) if len({side(a, b, p) for a, b in edges}) == 1]


def test_box_and_lasso_choose_what_they_enclose(open_map: Open):
    page = open_map()
    for tool in ("box", "lasso"):
        choose(page, "tool", tool)
        panel(page).scroll_into_view_if_needed()
        box = panel(page).bounding_box()
        left, top = box["x"] + box["width"] * 0.2 + 0.5, box["y"] + 4.5
        right, bottom = box["x"] + box["width"] * 0.7 + 0.5, box["y"] + box["height"] * 0.8 + 0.5
        rectangle = [(left, top), (right, top), (right, bottom), (left, bottom)]
        triangle = rectangle[:3]
        expected = enclosed(page, rectangle if tool == "box" else triangle)
        assert 0 < len(expected) < 200
        path = [rectangle[0], rectangle[2]] if tool == "box" else triangle
        page.mouse.move(*path[0])
        page.mouse.down()
        for x, y in path[1:]:
            page.mouse.move(x, y, steps=4)
        page.mouse.up()
        expect(panel(page)).to_have_attribute("data-selected", str(len(expected)))
        point, selection = told(page)
        assert point is None
        assert selection == expected


def test_the_selection_stays_when_colours_change_and_clear_empties_it(open_map: Open):
    page = open_map()
    i = lonely(page)
    page.mouse.click(*spot(page, i))
    assert told(page) == (i, [i])
    choose(page, "colour", "error")
    expect(page.locator(".bar")).to_contain_text("error")
    assert told(page) == (i, [i])
    expect(panel(page)).to_have_attribute("data-selected", "1")
    page.locator(".st-key-clear button").click()
    expect(panel(page)).to_have_attribute("data-selected", "0")
    assert told(page) == (None, [])


def test_an_image_among_the_points_can_be_pointed_at_anywhere(open_map: Open):
    page = open_map()
    choose(page, "style", "images")
    x, y = spot(page, 0)  # the first sample is drawn above all others
    page.mouse.move(x + 11, y + 11)
    expect(panel(page)).to_have_attribute("data-hovered", "0")


def test_the_keyboard_walks_chooses_and_clears(open_map: Open):
    page = open_map()
    panel(page).focus()
    page.keyboard.press("ArrowRight")
    first = int(panel(page).get_attribute("data-hovered"))
    page.keyboard.press("ArrowRight")
    second = int(panel(page).get_attribute("data-hovered"))
    assert spot(page, second)[0] > spot(page, first)[0]
    expect(page.locator(".said")).to_contain_text(f"number {1000 + second:,}")
    page.keyboard.press("Enter")
    assert told(page) == (second, [second])
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Enter")
    assert len(told(page)[1]) == 2
    panel(page).focus()
    page.keyboard.press("Escape")
    assert told(page) == (None, [])
    expect(panel(page)).to_have_attribute("data-selected", "0")


def test_another_selection_sends_the_view_only(open_map: Open):
    page = open_map("n=2000")
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    page.reload()
    expect(panel(page)).to_have_attribute("data-ready", re.compile("."))
    serve.settle(page)
    whole = sum(received)
    assert whole > 60_000
    received.clear()
    page.mouse.click(*spot(page, 5))
    assert told(page)[1]
    assert sum(received) < 20_000


def test_a_tap_chooses_and_the_page_still_scrolls(browser: Browser, map_address: str):
    context = browser.new_context(viewport={"width": 380, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(map_address)
    expect(panel(page)).to_have_attribute("data-ready", re.compile("."))
    serve.settle(page)
    assert panel(page).evaluate("canvas => getComputedStyle(canvas).touchAction") == "pan-y"
    i = lonely(page)
    page.touchscreen.tap(*spot(page, i))
    expect(page.locator(".card")).to_contain_text("#1")
    expect(panel(page)).to_have_attribute("data-focus", re.compile(r"\d"))
    point, selection = told(page)
    assert selection == [point]
    context.close()
