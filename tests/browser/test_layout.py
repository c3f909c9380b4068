"""What must be in view on a phone, and that light and dark can both be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.serve import PATHS, PHONE, heading

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path or "home")
def test_a_phone_has_train_stop_and_knobs_and_no_sideways_scrolling(
    path: str, server: str, digits_run: str, visit: Open
) -> None:
    page = visit(f"{server}/{path}?run={digits_run}", PHONE)
    expect(heading(page)).to_be_visible()
    bar = page.locator(".st-key-phone_bar")
    for name in ("Train again", "Stop"):
        expect(bar.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    expect(bar.get_by_role("button", name="Train again")).to_be_enabled()
    expect(bar.get_by_role("button", name="Stop")).to_be_disabled()
    knobs = page.get_by_role("button", name="Knobs")
    expect(knobs).to_be_in_viewport(ratio=1)
    if path == "":
        columns = "grid => getComputedStyle(grid).gridTemplateColumns.split(' ').length"
        assert page.locator(".ae-block").first.evaluate(columns) == 5
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    knobs.click()
    expect(page.locator(".st-key-variant input")).to_be_in_viewport()
    expect(page.locator(".st-key-train button")).to_be_in_viewport(ratio=1)


def test_a_phones_buttons_train_and_stop(server: str, visit: Open) -> None:
    page = visit(f"{server}/?dataset=digits&seed=9041&epochs=400", PHONE)
    bar = page.locator(".st-key-phone_bar")
    train, stop = (bar.get_by_role("button", name=name) for name in ("Train", "Stop"))
    train.click()
    expect(stop).to_be_enabled(timeout=60_000)
    expect(train).to_be_disabled()
    stop.click()
    expect(stop).to_be_disabled(timeout=60_000)
    expect(train).to_be_enabled()


def test_light_and_dark_differ_and_charts_can_be_read(server: str, digits_run: str, visit: Open) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(f"{server}/?run={digits_run}", scheme=scheme)
        ground = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
        ticks = page.locator(".st-key-curves .xtick text, .st-key-curves .ytick text")
        expect(ticks.first).to_be_visible()
        for ink in ticks.evaluate_all("ticks => ticks.map(tick => getComputedStyle(tick).fill)"):
            assert abs(brightness(ink) - brightness(ground)) > 60, (scheme, ink, ground)
        grounds[scheme] = ground
    assert brightness(grounds["light"]) > 200
    assert brightness(grounds["dark"]) < 60


def brightness(colour: str) -> float:
    """Mean of red, green and blue of 'rgb(r, g, b)'."""
    parts = colour[colour.index("(") + 1 : colour.index(")")].split(",")
    return sum(float(part) for part in parts[:3]) / 3
