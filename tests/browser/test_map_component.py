"""The map component alone, in a small page of its own: what a visitor does with it, and what travels for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import serve

pytestmark = pytest.mark.browser

# A page with one map whose making the address tells: `?n=200&two=1`. It keeps the answer, as a page of the app does,
# and writes it down, so that a test sees what Python was told.
PAGE = """
import json
import numpy as np
import streamlit as st
from pages.widgets.components import latent_map
from pages.widgets.server import streamlit_patches
from pages.widgets.components.latent_map import Mark
from pages.widgets.components.latent_map import Panel

streamlit_patches.apply()
asked = st.query_params
n, dims = int(asked.get("n", 200)), int(asked.get("dims", 2))
draws = np.random.default_rng(0)
labels = np.arange(n) % 4
corners = np.c_[labels % 2, labels // 2, labels * 0][:, :dims] * 3
points = (draws.normal(size=(n, dims)) * 0.35 + corners).astype("f4")
if asked.get("odd") == "same":
    points[:] = 1
if asked.get("odd") == "nan":
    points[::3], points[1] = np.nan, np.inf
images = np.zeros((n, 8, 8), "u1")
images[np.arange(n), labels] = 255
near = (np.arange(n)[:, None] + [4, 8, 12]) % max(n, 1)
near_map = (np.arange(n)[:, None] + [4, 5, 6]) % max(n, 1)
errors = np.linspace(0.01, 0.09, n)
colour = st.radio("colour", ["class", "error"], key="colour")
tool = st.radio("tool", ["click", "box", "lasso"], key="tool")
if st.radio("projection", ["straight", "turned"], key="projection") == "turned":
    points = np.ascontiguousarray(points[:, ::-1] * -1)
style = st.radio("style", ["dots", "images"], key="style")
panels = [Panel(points, "one", near, near_map, 255 - images, errors)]
if "two" in asked:
    panels.append(Panel(points[:, ::-1] * 2, "two", near, near_map, images))
if st.button("clear", key="clear"):
    st.session_state["kept"] = ([], None)
selected, focus = st.session_state.get("kept", ([], None))
picked = latent_map.draw(
    panels, key="map", numbers=np.arange(n) + 1000, labels=labels, class_names=["<b>bold</b>", "<img src=x>", "c", "d"],
    images=None if "vectors" in asked else images, colour=colour, style=style, tool=tool, selected=selected,
    focus=focus,
    marks=[Mark(0, (1.5,) * dims, "<i>mine</i>", images[0])] if "mark" in asked else [],
)
st.session_state["kept"] = (picked.selection, picked.point)
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.markdown("told " + json.dumps([picked.point, picked.selection, st.session_state["runs"]]))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("map")
    (folder / "page.py").write_text(PAGE)
    with serve.app(folder / "page.py") as url:
        yield url


Open = Callable[..., Page]


@pytest.fixture
def opened(visit: Open, address: str) -> Open:
    def opened(query: str = "", size: tuple[int, int] = serve.WIDE) -> Page:
        page = visit(f"{address}/?{query}", size)
        expect(panel(page)).to_have_attribute("data-ready", re.compile("."))
        return page

    return opened


def panel(page: Page, number: int = 0) -> Locator:
    return page.locator("canvas.over").nth(number)


def spot(page: Page, i: int, number: int = 0) -> tuple[float, float]:
    """Where sample i stands on the page."""
    panel(page, number).scroll_into_view_if_needed()
    box = panel(page, number).bounding_box()
    at = panel(page, number).evaluate("(canvas, i) => canvas.positionOf(i)", i)
    return box["x"] + at["x"], box["y"] + at["y"]


def told(page: Page) -> tuple[int | None, list[int]]:
    """What Python was told in its latest run: the point and the selection."""
    serve.settle(page)
    point, selection, _ = json.loads(page.get_by_text("told [").inner_text().removeprefix("told "))
    return point, selection


def choose(page: Page, key: str, option: str) -> None:
    page.locator(f".st-key-{key}").get_by_text(option, exact=True).click()
    serve.settle(page)


def lonely(page: Page, among: tuple[int, ...] = (0, 1, 2, 3)) -> int:
    """A sample of these classes with nobody within 12 pixels, so that a click on it can mean nobody else."""
    found = panel(page).evaluate(
        """(canvas, among) => {
          const at = Array.from({length: 200}, (_, i) => canvas.positionOf(i));
          return at.findIndex((a, i) => among.includes(i % 4)
            && at.every((b, j) => i === j || Math.hypot(a.x - b.x, a.y - b.y) > 12));
        }""",
        among,
    )
    assert found >= 0
    return found


def test_hover_shows_the_card_and_sends_nothing(opened: Open):
    page = opened()
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


@pytest.mark.parametrize("group", [0, 1])
def test_labels_are_text_even_if_they_look_like_html(opened: Open, group: int):
    page = opened("mark=1")
    page.mouse.move(*spot(page, lonely(page, (group,))))
    name = page.locator(".card .head b")
    expect(name).to_have_text(["<b>bold</b>", "<img src=x>"][group])
    assert name.locator("*").count() == 0


def test_click_and_shift_click_choose_in_order(opened: Open):
    page = opened()
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


@pytest.mark.parametrize("tool", ["box", "lasso"])
def test_box_and_lasso_choose_what_they_enclose(opened: Open, tool: str):
    page = opened()
    choose(page, "tool", tool)
    serve.settle(page)
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


def test_the_selection_stays_when_colours_change_and_clear_empties_it(opened: Open):
    page = opened()
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


def test_zoom_survives_a_rerun_and_a_double_click_ends_it(opened: Open):
    page = opened()
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


def test_an_image_among_the_points_can_be_pointed_at_anywhere(opened: Open):
    page = opened()
    choose(page, "style", "images")
    x, y = spot(page, 0)  # the first sample is drawn above all others
    page.mouse.move(x + 11, y + 11)
    expect(panel(page)).to_have_attribute("data-hovered", "0")


def test_a_drag_pans_and_chooses_nothing(opened: Open):
    page = opened()
    before, (x, y) = spot(page, 0), spot(page, 3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    assert spot(page, 0) == pytest.approx((before[0] + 60, before[1] + 30), abs=0.5)
    assert told(page) == (None, [])


def test_three_dimensions_turn_under_a_drag(opened: Open):
    page = opened("dims=3")
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


def test_two_panels_share_hover_and_selection(opened: Open):
    page = opened("two=1")
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


def test_two_panels_stand_below_each_other_on_a_phone(opened: Open):
    page = opened("two=1", serve.PHONE)
    boxes = [panel(page, number).bounding_box() for number in (0, 1)]
    assert boxes[0]["y"] + boxes[0]["height"] < boxes[1]["y"]
    assert all(box["width"] <= 380 for box in boxes)


def test_the_keyboard_walks_chooses_and_clears(opened: Open):
    page = opened()
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


def test_data_that_are_no_images_show_words_only(opened: Open):
    page = opened("vectors=1")
    choose(page, "style", "images")
    page.mouse.move(*spot(page, lonely(page)))
    card = page.locator(".card")
    expect(card).to_contain_text("#1")
    expect(card.locator("figcaption")).to_have_text(["reconstruction"])


def test_another_selection_sends_the_view_only(opened: Open):
    page = opened("n=2000")
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


def test_sixty_thousand_points_mount(opened: Open):
    page = opened("n=60000")
    page.mouse.move(*spot(page, 7))
    expect(panel(page)).to_have_attribute("data-hovered", re.compile(r"\d+"))
    expect(page.locator(".card canvas")).to_have_count(2)


@pytest.mark.parametrize("query", ["n=0", "n=1", "odd=same", "odd=nan", "n=2&dims=3"])
def test_maps_that_are_hardly_maps_can_be_walked(opened: Open, query: str):
    page = opened(query)
    panel(page).focus()
    for key in ("ArrowRight", "ArrowUp", "Enter", "+", "0"):
        page.keyboard.press(key)
    point, selection = told(page)
    if query == "n=0":
        assert (point, selection) == (None, [])
    else:
        assert selection == [point]
        assert query != "odd=nan" or (point % 3 and point != 1)


def test_a_tap_chooses_and_the_page_still_scrolls(browser: Browser, address: str):
    context = browser.new_context(viewport={"width": 380, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
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


def test_points_fly_to_another_projection_and_keep_the_selection(opened: Open):
    page = opened()
    i = lonely(page)
    page.mouse.click(*spot(page, i))
    before, ready = spot(page, i), panel(page).get_attribute("data-ready")
    choose(page, "projection", "turned")
    page.wait_for_timeout(600)
    assert spot(page, i) != pytest.approx(before, abs=3)
    assert panel(page).get_attribute("data-ready") == ready
    expect(panel(page)).to_have_attribute("data-focus", str(i))
    assert told(page) == (i, [i])
