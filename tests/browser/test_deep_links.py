"""Every path as a visitor's first page, two of them as the first that a new server is asked for, and no path."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.serve import LAPTOP, PATHS, go, heading, knob, nudge, type_into

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path or "home")
def test_a_visitors_first_page_is_whole_on_a_laptop(path: str, server: str, visit: Open) -> None:
    page = visit(f"{server}/{path}", LAPTOP)
    expect_whole(page)
    for button in ("train", "stop"):
        expect(page.locator(f".st-key-{button} button")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("path", ["", "latent_walk"], ids=lambda path: path or "home")
def test_the_first_page_of_a_fresh_server_is_whole_and_keeps_its_knobs(
    path: str, fresh_server: str, visit: Open
) -> None:
    """What is turned stays so on another page and back; `tests/pages/test_changes.py` begins at every page."""
    page = visit(f"{fresh_server}/{path}")
    expect_whole(page)
    nudge(page, "coding_size", "ArrowLeft", 2)
    type_into(page, "seed", 123)
    size = knob(page, "coding_size").input_value()
    for other in (next(other for other in reversed(PATHS) if other != path), path):
        go(page, other)
        expect(heading(page)).to_be_visible()
        expect(knob(page, "seed")).to_have_value("123")
        expect(knob(page, "coding_size")).to_have_value(size)


def expect_whole(page: Page) -> None:
    """Heading and every knob are there."""
    expect(heading(page)).to_be_visible()
    for key in ("variant", "dataset", "coding_size", "noise_rate", "sparsity_weight", "epochs", "seed"):
        expect(page.locator(f".st-key-{key}")).to_have_count(1)


def test_an_unknown_path_is_told_and_shows_the_first_page(server: str, visit: Open) -> None:
    page = visit(f"{server}/no_such_page")
    expect(page.get_by_text("Page not found")).to_be_visible()
    expect(heading(page)).to_be_visible()
