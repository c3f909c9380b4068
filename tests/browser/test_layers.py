"""The layers of the network's drawing are chosen with the mouse and with the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.serve import settle

pytestmark = pytest.mark.browser


def test_a_layer_shows_its_activations_until_it_is_chosen_again(server: str, digits_run: str, visit: Open) -> None:
    page = visit(f"{server}/?run={digits_run}")
    hidden, codings = (page.locator(f'button[data-layer="{name}"]') for name in ("hidden_1", "codings"))
    bars = page.locator(".st-key-activity")
    expect(bars).to_have_count(0)
    hidden.click()
    expect(page.get_by_text("Each bar is one of 128 units")).to_be_visible()
    expect(hidden).to_have_attribute("aria-pressed", "true")
    settle(page)
    codings.focus()
    codings.press("Enter")
    expect(page.get_by_text("Each bar is one of 30 units")).to_be_visible()
    expect(codings).to_have_attribute("aria-pressed", "true")
    expect(hidden).to_have_attribute("aria-pressed", "false")
    expect(codings).to_be_focused()
    settle(page)
    codings.press("Space")
    expect(bars).to_have_count(0)
    expect(codings).to_have_attribute("aria-pressed", "false")
