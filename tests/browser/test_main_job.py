"""The main job: set knobs, train, watch it learn, look at the result on every page, pass the link on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DIGITS, Open
from tests.browser.serve import (
    PATIENCE,
    await_trained,
    click,
    go,
    heading,
    knob,
    pick,
    progress,
    run_in,
    settle,
    type_into,
)

pytestmark = pytest.mark.browser
LEARNING = "validation images so far"
LASSO = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.25))  # corners, as shares of the map


def test_train_watch_and_look_from_all_sides(server: str, visit: Open) -> None:
    page = visit(server)
    expect(page.locator(".ae-grid img").or_(page.get_by_text("Nothing to show yet")).first).to_be_visible()
    pick(page, "dataset", "Small digits")
    type_into(page, "epochs", 100)
    click(page, "train")
    expect(progress(page)).to_be_visible()
    watch_it_learn(page)
    key = await_trained(page)
    expect(heading(page)).to_have_text("Stacked · 30 codings · 100 epochs")
    expect(page.get_by_text(LEARNING)).to_have_count(0)
    expect(page.locator(".ae-worth").get_by_text("kNN accuracy")).to_be_visible(timeout=PATIENCE)  # measured unasked

    go(page, "latent_map")
    expect(heading(page)).to_have_text("Stacked · 30 codings · 100 epochs")
    draw_maps(page)
    select_on_the_map(page)
    before = [knob(page, name).input_value() for name in ("variant", "dataset", "seed", "epochs")]
    page.reload()
    settle(page)
    expect(heading(page)).to_have_text("Stacked · 30 codings · 100 epochs")
    expect(page.get_by_role("radio", name="t-SNE")).to_be_checked()
    assert [knob(page, name).input_value() for name in ("variant", "dataset", "seed", "epochs")] == before
    assert run_in(page) == key

    go(page, "sparsity")
    bars = page.locator(".st-key-activations .main-svg").first
    expect(bars).to_be_visible()
    before_bars = bars.inner_html()
    pick(page, "sparsity_layer", "hidden 1 · dense 128")
    page.wait_for_function(
        "before => document.querySelector('.st-key-activations .main-svg')?.innerHTML !== before", arg=before_bars
    )
    go(page, "")
    expect(heading(page)).to_have_text("Stacked · 30 codings · 100 epochs")
    assert run_in(page) == key


def watch_it_learn(page: Page) -> None:
    """While it trains Stop can be pressed, the curve stands, and the pictures become others."""
    expect(page.get_by_text(LEARNING)).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-stop button")).to_be_enabled()
    expect(page.locator(".st-key-curves .scatterlayer .trace").first).to_be_attached()
    page.wait_for_function(
        """([before, learning]) => document.body.innerText.includes(learning)
           && document.querySelector('.ae-grid').innerHTML !== before""",
        arg=[page.locator(".ae-grid").first.inner_html(), LEARNING],
        timeout=PATIENCE,
    )


def the_map(page: Page) -> Locator:
    """The canvas on which the map takes clicks, once it is drawn."""
    canvas = page.locator(".st-key-latent_map_map canvas[data-ready]:visible").first
    expect(canvas).to_be_visible(timeout=PATIENCE)
    return canvas


def draw_maps(page: Page) -> None:
    """The page asks for UMAP by itself; PCA and t-SNE are one click away, and each ends with a map and a word on its
    worth."""
    expect(page.get_by_role("radio", name="UMAP")).to_be_checked()
    pick_segment(page, "PCA")
    before = place_of(page, 100)
    pick_segment(page, "t-SNE")
    expect(page.get_by_text(re.compile("Trust (the|most) neighbourhoods"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Can this map be trusted?")).to_be_visible()
    page.wait_for_timeout(500)  # points fly to their new places
    assert place_of(page, 100) != before


def place_of(page: Page, position: int) -> tuple[float, float]:
    """Where a point of the map stands on the page."""
    canvas = the_map(page)
    box, at = canvas.bounding_box(), canvas.evaluate("(canvas, i) => canvas.positionOf(i)", position)
    assert box
    return box["x"] + at["x"], box["y"] + at["y"]


def select_on_the_map(page: Page) -> None:
    """A pointer brings an image at once, a click the point's neighbours, a lasso many until they are cleared."""
    x, y = place_of(page, 100)
    page.mouse.move(x, y)
    expect(the_map(page)).to_have_attribute("data-hovered", re.compile(r"\d+"))
    page.mouse.click(x, y)
    expect(page.get_by_text(re.compile(r"Selected: 1 sample"))).to_be_visible()
    expect(page.get_by_text("Nearest in the codings")).to_be_visible()
    click(page, "clear")
    expect(page.get_by_text("Selected:")).to_have_count(0)
    pick_segment(page, "Lasso")
    box = the_map(page).bounding_box()
    assert box
    corners = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in LASSO]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"Selected: [\d,]+ samples"))).to_be_visible()
    images = page.locator(".st-key-selected_images figure")
    expect(images.nth(10)).to_be_visible()
    images.nth(3).click()  # from the image to its point
    expect(page.get_by_text("Nearest in the codings")).to_be_visible()
    expect(the_map(page)).not_to_have_attribute("data-focus", "-1")
    pick_segment(page, "PCA")  # the same samples stay selected on another map
    expect(page.get_by_text(re.compile(r"Selected: [\d,]+ samples"))).to_be_visible()
    expect(the_map(page)).not_to_have_attribute("data-selected", "0")
    click(page, "clear")
    expect(page.get_by_text("Selected:")).to_have_count(0)
    pick_segment(page, "t-SNE")


def pick_segment(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).locator("xpath=ancestor-or-self::*[self::label or self::button]").click()
    settle(page)


def test_a_walk_through_two_codings(server: str, visit: Open) -> None:
    page = visit(f"{server}/latent_walk?variant=variational&coding_size=2&{DIGITS}")
    click(page, "train")
    await_trained(page)
    walk = page.locator(".walk[data-ready]")
    expect(walk).to_be_visible(timeout=PATIENCE)
    before, picture = walk.get_attribute("data-z"), pixels(page)
    slider = walk.locator(".row input").first
    slider.focus()
    slider.press("Home")
    expect(walk).not_to_have_attribute("data-z", before or "")
    assert pixels(page) != picture
    expect(page).to_have_url(re.compile(r"[?&]z=-3%2C"))
    there = walk.get_attribute("data-z") or ""
    page.reload()
    settle(page)
    expect(walk).to_have_attribute("data-z", there)
    pick_segment(page, "Plane")
    expect(walk).to_have_attribute("data-z", there)
    expect(walk.locator(".flat canvas").first).to_be_visible()


def pixels(page: Page) -> str:
    """The decoded picture, as a text."""
    return page.locator("canvas[data-picture]").evaluate("canvas => canvas.toDataURL()")


def test_stop_and_train_anew(server: str, visit: Open) -> None:
    page = visit(f"{server}/?epochs=200&seed=11")
    click(page, "train")
    expect(page.get_by_text(LEARNING)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("epoch [2-9] of 200")).first).to_be_visible(timeout=PATIENCE)
    click(page, "stop")
    expect(heading(page)).to_contain_text("stopped early", timeout=PATIENCE)
    expect(page.locator(".st-key-train button")).to_have_text(re.compile("Train"))
    click(page, "train")
    expect(progress(page)).to_be_visible()
    expect(page.get_by_text(re.compile("epoch 1 of 200")).first).to_be_visible(timeout=PATIENCE)
    click(page, "stop")
    expect(progress(page)).to_have_count(0, timeout=PATIENCE)
