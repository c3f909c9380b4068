"""Knobs and picture never disagree silently: one line says how they differ, and goes when they agree again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.serve import click, knob, nudge, pick, type_into

pytestmark = pytest.mark.browser
# One of each kind of control, two of them under Advanced; `tests/pages/test_pages.py` turns every knob.
SLIDERS = ("coding_size",)
FIELDS = {"seed": 1, "hidden": "20"}
LISTS = {"dataset": "Fashion-MNIST, 12,000 images", "loss": "mse"}


def expect_difference(page: Page, there: bool) -> None:
    line = page.get_by_text(re.compile("Showing .*; the knobs say"))
    expect(line).to_have_count(1 if there else 0)
    train = expect(page.locator(".st-key-train button"))
    (train.not_to_have_text if there else train.to_have_text)(re.compile("Train again"))


def test_a_knob_of_any_kind_that_is_moved_is_said_until_it_is_moved_back(
    server: str, digits_run: str, visit: Open
) -> None:
    page = visit(f"{server}/?run={digits_run}")
    page.get_by_text("Advanced", exact=True).click()
    expect_difference(page, False)
    for key in SLIDERS:
        nudge(page, key, "ArrowRight")
        expect_difference(page, True)
        nudge(page, key, "ArrowLeft")
        expect_difference(page, False)
    for act, values in ((type_into, FIELDS), (pick, LISTS)):
        for key, value in values.items():
            before = knob(page, key).input_value()
            act(page, key, value)
            expect_difference(page, True)
            act(page, key, before)
            expect_difference(page, False)


def test_another_variant_is_said_until_the_run_is_opened_again(server: str, digits_run: str, visit: Open) -> None:
    page = visit(f"{server}/?run={digits_run}")
    pick(page, "variant", "Convolutional")
    expect_difference(page, True)
    page.get_by_text("Recent runs", exact=True).click()
    click(page, f"recent_{digits_run}")
    expect_difference(page, False)
    expect(knob(page, "variant")).to_have_value("Stacked")
