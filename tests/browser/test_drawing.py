"""Drawing on the canvas and uploading, in a small app of its own."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from pages.widgets.images.sample_html import png
from tests.browser import serve
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

APP = """
import streamlit as st
from aecore import datasets
from pages.widgets.latent_map import own_image

st.markdown("An own image")
runs = st.session_state["runs"] = st.session_state.get("runs", 0) + 1
sample = own_image.choose(datasets.load("digits"))
st.button("Run again")
st.text("no sample" if sample is None else f"sample {sample.dtype} {sample.shape}")
st.text("rows " + ("none" if sample is None else " ".join(str(int(row.sum())) for row in sample)))
st.text(f"run {runs}")
"""
BAD_NAME = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that shows nothing but the choice of an own sample."""
    script = tmp_path_factory.mktemp("drawing") / "small.py"
    script.write_text(APP)
    with serve.app(script) as url:
        yield url


def told(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.get_by_test_id("stText").filter(has_text=text)


def stroke(page: Page, *points: tuple[float, float]) -> None:
    """Draw with the mouse through points given as fractions of the canvas."""
    box = page.locator("canvas").bounding_box()
    assert box
    for i, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def lit(page: Page) -> float:
    """The share of the canvas that is not black, as the visitor sees it."""
    return page.locator("canvas").evaluate("""canvas => {
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        let lit = 0;
        for (let i = 0; i < data.length; i += 4) lit += data[i] > 0;
        return 4 * lit / data.length;
    }""")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_a_drawing_arrives_stays_and_can_be_undone_and_cleared(small_app: str, visit: Open) -> None:
    page = visit(small_app)
    expect(told(page, "no sample")).to_be_visible()
    expect(button(page, "Undo")).to_be_disabled()
    stroke(page, (0.5, 0.2), (0.5, 0.8))
    expect(told(page, "sample uint8 (8, 8)")).to_be_visible()
    expect(told(page, re.compile(r"rows( [1-9]\d\d+){8}"))).to_be_visible()  # as tall as the data set's digits are
    one = lit(page)
    assert 0.02 < one < 0.2

    stroke(page, (0.2, 0.5), (0.8, 0.5))
    expect(told(page, "run 3")).to_be_visible()
    two = lit(page)
    assert two > 1.5 * one
    button(page, "Run again").click()
    expect(told(page, "run 4")).to_be_visible()
    assert lit(page) == two  # a script run does not touch it

    button(page, "Undo").click()
    expect(told(page, "run 5")).to_be_visible()
    assert lit(page) == pytest.approx(one, abs=0.001)
    button(page, "Clear").click()
    expect(told(page, "no sample")).to_be_visible()
    assert lit(page) == 0
    button(page, "Undo").click()
    expect(told(page, "sample uint8")).to_be_visible()
    assert lit(page) == pytest.approx(one, abs=0.001)

    page.get_by_test_id("stMain").get_by_text("Upload", exact=True).click()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    page.get_by_test_id("stMain").get_by_text("Draw", exact=True).click()
    expect(page.locator("canvas")).to_be_visible()
    expect(told(page, "sample uint8")).to_be_visible()
    page.wait_for_timeout(300)
    assert lit(page) == pytest.approx(one, abs=0.02)  # put back from the small image


def test_nothing_is_sent_while_a_stroke_is_drawn(small_app: str, visit: Open) -> None:
    page = visit(small_app)
    box = page.locator("canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    for i in range(20):
        page.mouse.move(box["x"] + 50 + 8 * i, box["y"] + 50 + 8 * i)
    page.wait_for_timeout(700)
    expect(told(page, "run 1")).to_be_visible()
    page.mouse.up()
    expect(told(page, "run 2")).to_be_visible()


def test_tools_fill_and_erase_by_mouse_and_keyboard(small_app: str, visit: Open) -> None:
    page = visit(small_app)
    frame = ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7), (0.3, 0.3))
    stroke(page, *frame)
    hollow = lit(page)
    button(page, "Fill").focus()
    page.keyboard.press("Enter")
    expect(button(page, "Fill")).to_have_attribute("aria-pressed", "true")
    stroke(page, (0.5, 0.5))
    expect(told(page, "run 3")).to_be_visible()
    assert lit(page) > hollow + 0.05
    filled = lit(page)
    assert filled < 0.5  # not the outside
    button(page, "Eraser").click()
    stroke(page, (0.1, 0.5), (0.9, 0.5))
    expect(told(page, "run 4")).to_be_visible()
    assert lit(page) < filled
    button(page, "Clear").focus()
    page.keyboard.press("Control+z")
    expect(told(page, "run 5")).to_be_visible()
    assert lit(page) == pytest.approx(filled, abs=0.001)


def test_drawing_over_an_image_of_the_data_set(small_app: str, visit: Open) -> None:
    page = visit(small_app)
    button(page, "Begin with an image").click()
    button(page, "Draw over it").click()
    expect(told(page, "sample uint8 (8, 8)")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    assert 0.2 < lit(page) < 0.9
    before = told(page, "rows").inner_text()
    stroke(page, (0.05, 0.95), (0.06, 0.95))
    expect(told(page, "rows")).not_to_have_text(before)  # the image stays in place, only its last row has changed
    after = told(page, "rows").inner_text()
    assert before.split()[1:7] == after.split()[1:7]  # "rows", then eight numbers


def test_a_finger_draws(small_app: str, visit: Open) -> None:
    page = visit(small_app, serve.PHONE)
    canvas = page.locator("canvas")
    assert canvas.evaluate("element => getComputedStyle(element).touchAction") == "none"
    box = canvas.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= serve.PHONE[0] and box["width"] >= 270
    at = [(box["x"] + 140, box["y"] + y) for y in (60, 120, 220)]
    client = page.context.new_cdp_session(page)
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": at[0][0], "y": at[0][1]}]})
    for x, y in at[1:]:
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(told(page, "sample uint8 (8, 8)")).to_be_visible()
    assert page.evaluate("scrollY") == 0


def huge_png(side: int = 10_000) -> bytes:
    """A PNG of one bit a pixel, 100 megapixels in a few kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_bad_uploads_are_told_in_one_line_and_the_last_good_image_stays(small_app: str, visit: Open) -> None:
    page = visit(small_app)
    page.get_by_test_id("stMain").get_by_text("Upload", exact=True).click()
    uploader = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    alert = page.get_by_test_id("stAlert")

    def upload(name: str, content: bytes) -> None:
        uploader.set_input_files(FilePayload(name=name, mimeType="image/png", buffer=content))

    upload("notes.png", b"only words\n")
    expect(alert).to_have_text(re.compile("got a file that is no image, allowed: PNG, JPEG"))
    expect(told(page, "no sample")).to_be_visible()

    good = np.zeros((60, 40), np.uint8)
    good[10:50, 10:30] = 255
    upload("good.png", png(good))
    expect(told(page, "sample uint8 (8, 8)")).to_be_visible()
    expect(alert).to_have_count(0)

    upload("large.png", huge_png())
    expect(alert).to_have_text(re.compile("got 10,000 × 10,000 = 100 megapixels, allowed: at most 25 megapixels"))
    expect(alert).to_have_count(1)
    expect(told(page, "sample uint8 (8, 8)")).to_be_visible()

    upload(f"{BAD_NAME}.png", b"<html>")
    expect(alert).to_have_text(re.compile("got a file that is no image"))
    expect(alert).to_have_count(1)
    expect(page.get_by_title(f"{BAD_NAME}.png")).to_be_visible()  # as text, letter by letter
    assert page.title() != "1"
