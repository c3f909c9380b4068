"""Bits under one's hand: a flip is decoded in the browser, without a message, and then once told to Python.

The server runs a page with nothing but the bits on it, of a run whose folder this test writes: its decoder is one dense
layer, so that every picture can be computed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from aecore import datasets
from aecore.specs.run import RunSpec
from aecore.store.runs import Run
from tests.browser import serve
from tests.browser.conftest import Open
from tests.made import weights, write

pytestmark = pytest.mark.browser
SPEC = RunSpec(
    dataset="digits", hidden=(), coding_size=16, coding_activation="sigmoid", noise_on="coding", noise_rate=5.0
)
WIDE = SPEC.replace(coding_size=256)
APP = """
import streamlit as st
from aecore.store import runs
from pages.widgets.latent_walk import bits
from pages.widgets.server import shared
from pages.widgets.components import latent_walk

run = runs.open_run(st.query_params["run"], shared.cache())
data = shared.data(run.spec.dataset)
st.markdown(run.key)
bits.draw(run, data, latent_walk.walker(run, data))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bits")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    (folder / "small.py").write_text(APP)
    with serve.app(folder / "small.py", AECORE_CACHE=str(folder), AECORE_WARM="0") as url:
        yield url


def opened(visit: Open, address: str, run: Run, query: str = "", size: tuple[int, int] = serve.WIDE) -> Page:
    page = visit(f"{address}/?run={run.key}{query}", size)
    expect(root(page)).to_have_attribute("data-ready", "true")
    return page


def root(page: Page) -> Locator:
    return page.locator(".bits")


def bit(page: Page, i: int) -> Locator:
    return page.locator(".bits .bit").nth(i)


def code(page: Page) -> list[int]:
    return [int(sign) for sign in root(page).get_attribute("data-bits") or ""]


def expected(bits: list[float]) -> np.ndarray:
    x = np.array(bits, np.float32) @ weights(len(bits), 64)
    return 255 / (1 + np.exp(-x)) + 0.5


def test_a_flip_is_decoded_at_once_and_told_once(address: str, folder: Path, visit: Open) -> None:
    run = write(SPEC, folder)
    page = opened(visit, address, run)
    messages = serve.sent(page)
    page.reload()
    expect(root(page)).to_have_attribute("data-small", "16")
    serve.settle(page)
    assert messages, "the page speaks through a websocket this test can hear"
    messages.clear()
    own = code(page)
    large = page.locator(".bits .decoded canvas")
    assert np.abs(serve.greys(large) - expected(own)).max() <= 1
    one = [bit ^ (i == 5) for i, bit in enumerate(own)]
    assert np.abs(serve.greys(bit(page, 5).locator("canvas")) - expected(one)).max() <= 1
    # Three flips without a pause: the picture follows each, no word is sent until they are over, and then one.
    flips = page.evaluate(
        """greys => {
          const inside = e => [e, ...(e.shadowRoot ? find(e.shadowRoot) : [])];
          const find = node => [...node.querySelectorAll("*")].flatMap(inside);
          const all = find(document), tiles = all.filter(e => e.matches(".bit"));
          const canvas = all.find(e => e.matches(".decoded canvas"));
          return [5, 0, 5].map(i => { tiles[i].click(); return eval(greys)(canvas); });
        }""",
        serve.GREYS,
    )
    told = [one, [bit ^ (i in (0, 5)) for i, bit in enumerate(own)], [bit ^ (i == 0) for i, bit in enumerate(own)]]
    for drawn, flipped in zip(flips, told, strict=True):
        assert np.abs(np.array(drawn) - expected(flipped)).max() <= 1
    assert not messages
    expect(bit(page, 0)).to_have_attribute("aria-pressed", str(bool(told[-1][0])).lower())
    expect(bit(page, 5)).not_to_have_class("flipped")
    link = "bits=" + "".join(map(str, told[-1]))
    page.wait_for_url(f"**{link}*")
    serve.settle(page)
    assert sum(b"code" in message for message in messages if isinstance(message, bytes)) == 1
    codes = np.asarray(run.array("codings")) > 0.5
    away = np.count_nonzero(codes != np.array(told[-1]), axis=1)
    expect(page.locator(".bits .told")).to_contain_text("1 bit flipped")
    found = page.locator("p").filter(has_text="One bit away")
    expect(found).to_contain_text(f"{(away == 1).sum():,} image")
    # A link opens there again, in the picture and in Python's list.
    again = opened(visit, address, run, f"&{link}")
    assert code(again) == told[-1]


def test_keys_move_and_flip_and_buttons_lead_back(address: str, folder: Path, visit: Open) -> None:
    run = write(SPEC, folder)
    page = opened(visit, address, run, size=serve.PHONE)
    own = code(page)
    bit(page, 0).focus()
    for pressed in ("ArrowRight", "ArrowDown", "Space"):  # four bits a row on a phone
        page.keyboard.press(pressed)
    assert code(page) == [bit ^ (i == 5) for i, bit in enumerate(own)]
    expect(bit(page, 5)).to_be_focused()
    shown = page.locator(".bits .decoded canvas").bounding_box()
    assert shown and shown["y"] >= 0, "the picture stays in sight on a phone"
    codes = {"".join(map(str, row.astype(int))) for row in np.asarray(run.array("codings")) > 0.5}
    page.get_by_role("button", name="Random code").click()
    near = page.get_by_role("button", name="Nearest existing code")
    if near.is_enabled():
        near.click()
    assert "".join(map(str, code(page))) in codes
    page.get_by_role("button", name="Back to its code").click()
    assert code(page) == own
    # As encoded: the image's own real numbers.
    page.get_by_label("As encoded").check()
    data = datasets.load("digits")
    real = np.asarray(run.array("codings"))[datasets.watched(len(data.validation), data.validation_labels)[0]]
    assert np.abs(serve.greys(page.locator(".bits .decoded canvas")) - expected(real.tolist())).max() <= 1


def test_many_bits_have_small_pictures_as_far_as_these_help(address: str, folder: Path, visit: Open) -> None:
    page = opened(visit, address, write(WIDE, folder))
    expect(page.locator(".bits .bit")).to_have_count(256)
    expect(page.locator(".bits .bit canvas")).to_have_count(64)
    expect(root(page)).to_have_attribute("data-small", "64")
    own = code(page)
    bit(page, 255).click()
    assert code(page) == [*own[:255], 1 - own[255]]


def test_where_the_browser_cannot_the_server_decodes(address: str, folder: Path, visit: Open) -> None:
    run = write(SPEC.replace(seed=2), folder, odd=True)
    page = opened(visit, address, run)
    expect(page.get_by_text("The server decodes each code")).to_be_visible()
    own = code(page)
    before = serve.greys(page.locator(".bits .decoded canvas"))
    bit(page, 3).click()
    page.wait_for_url("**bits=*")
    serve.settle(page)
    expect(page.locator(".bits .decoded")).not_to_have_class("stale")
    assert code(page) != own
    assert (serve.greys(page.locator(".bits .decoded canvas")) != before).any()
