"""The training film in a browser: it plays and scrubs without the server, moves while a run trains, and saves a GIF.

The server runs a page with nothing but the film on it, of runs that another server trained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser import serve
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser
APP = """
import streamlit as st
from aecore.store import runs
from pages.widgets.latent_map import training_film
from pages.widgets.server import shared

key = st.query_params["run"]
st.session_state.setdefault("run", key)
run = runs.open_run(key, shared.cache())
st.markdown(key)
training_film.section(run, shared.data(run.spec.dataset))
"""
PIXELS = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 1) sum = (sum * 31 + data[i]) % 1000003;
  return sum;
}"""


@pytest.fixture(scope="module")
def films(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    script = tmp_path_factory.mktemp("film") / "small.py"
    script.write_text(APP)
    with serve.app(script, AECORE_CACHE=str(cache), AECORE_WARM="0") as url:
        yield url


def film(page: Page) -> Locator:
    return page.locator(".film")


def frame(page: Page) -> int:
    return int(film(page).get_attribute("data-frame") or -1)


def frames(page: Page) -> int:
    return int(film(page).get_attribute("data-frames") or 0)


def track(page: Page) -> Locator:
    return page.locator(".film .track input")


def drawn(page: Page) -> int:
    """A number that changes with the map's picture."""
    return page.locator(".film .map").evaluate(PIXELS)


def opened(visit: Open, url: str, **settings: object) -> Page:
    page = visit(url, **settings)
    expect(film(page)).to_have_attribute("data-frame", re.compile(r"\d+"))
    page.wait_for_timeout(800)
    return page


def test_it_opens_at_the_end_and_plays_from_the_start(films: str, digits_run: str, visit: Open) -> None:
    page = opened(visit, f"{films}/?run={digits_run}")
    last = frames(page) - 1
    assert last >= 20 and frame(page) == last
    at_the_end = drawn(page)
    told = page.locator(".film .told")
    expect(told).to_have_text(re.compile(r"^epoch 3 · step [\d,]+ · error \.\d{4}$"))
    page.locator(".film .speed").select_option("4")
    page.locator(".film .play").click()
    expect(page.locator(".film .play")).to_have_text(re.compile("Pause"))
    page.wait_for_function(
        "() => +[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.film'))"
        ".find(Boolean).dataset.frame < 10"
    )
    assert drawn(page) != at_the_end
    expect(page.locator(".film .play")).to_have_text(re.compile("Play"), timeout=20_000)
    assert frame(page) == last
    page.wait_for_timeout(1200)  # names glide into their places
    assert drawn(page) == at_the_end


def test_scrubbing_and_playing_send_nothing_and_letting_go_writes_the_link(
    films: str, digits_run: str, visit: Open
) -> None:
    page = opened(visit, f"{films}/?run={digits_run}")
    messages = serve.sent(page)
    page.reload()
    expect(film(page)).to_have_attribute("data-frame", re.compile(r"\d+"))
    page.wait_for_timeout(1500)
    assert messages  # the socket is listened to
    messages.clear()
    page.locator(".film .play").click()
    page.wait_for_timeout(700)
    box = track(page).bounding_box()
    assert box
    seen = set()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 30)
    page.mouse.down()
    for x in (0.85, 0.7, 0.5, 0.3, 0.15, 0.35):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + 30, steps=5)
        page.wait_for_timeout(60)
        seen.add((frame(page), drawn(page)))
    assert len(seen) >= 5
    assert not messages
    page.mouse.up()
    page.wait_for_url(re.compile(r"[?&]frame=\d+"))
    assert messages
    where = frame(page)
    assert f"frame={where}" in page.url
    address, picture = page.url, page.locator(".film .told").inner_text()
    again = opened(visit, address)
    assert frame(again) == where and again.locator(".film .told").inner_text() == picture


def test_keys_step_through_the_snapshots(films: str, digits_run: str, visit: Open) -> None:
    page = opened(visit, f"{films}/?run={digits_run}&frame=5")
    assert frame(page) == 5
    images = [canvas.evaluate(PIXELS) for canvas in page.locator(".film figure .reconstruction").all()]
    originals = [canvas.evaluate(PIXELS) for canvas in page.locator(".film figure .original").all()]
    assert len(images) == 10 and len(set(originals)) == 10
    track(page).focus()
    for press, expected in (("ArrowRight", 6), ("ArrowUp", 7), ("ArrowLeft", 6), ("PageUp", 11), ("Home", 0)):
        track(page).press(press)
        expect(film(page)).to_have_attribute("data-frame", str(expected))
    expect(track(page)).to_have_attribute("aria-valuetext", re.compile("^untrained"))
    track(page).press("End")
    expect(film(page)).to_have_attribute("data-frame", str(frames(page) - 1))
    assert [canvas.evaluate(PIXELS) for canvas in page.locator(".film figure .reconstruction").all()] != images
    assert [canvas.evaluate(PIXELS) for canvas in page.locator(".film figure .original").all()] == originals
    track(page).press("Home")
    page.wait_for_url(re.compile(r"[?&]frame=0(&|$)"))
    track(page).press("End")
    page.wait_for_url(re.compile(r"^(?!.*frame=).*$"))  # the end is what a link without a frame shows
    track(page).press(" ")
    expect(page.locator(".film .play")).to_have_text(re.compile("Pause"))


def test_a_sample_shows_its_way_on_the_map(films: str, digits_run: str, visit: Open) -> None:
    page = opened(visit, f"{films}/?run={digits_run}")
    before = drawn(page)
    page.locator(".film figure").nth(3).hover()
    expect(page.locator(".film .tip")).to_have_text(re.compile(r"^3, no\. \d+$"))
    assert drawn(page) != before
    page.mouse.move(5, 5)
    expect(page.locator(".film .tip")).to_be_hidden()


def test_without_motion_it_steps(films: str, digits_run: str, visit: Open) -> None:
    page = visit(f"{films}/?run={digits_run}")
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    expect(film(page)).to_have_attribute("data-frame", re.compile(r"\d+"))
    page.wait_for_timeout(800)
    box = track(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 30)
    page.mouse.down()
    pictures: dict[int, set[int]] = {}
    for step in range(20):
        page.mouse.move(box["x"] + (0.2 + step * 0.01) * box["width"], box["y"] + 30)
        page.wait_for_timeout(30)
        pictures.setdefault(frame(page), set()).add(page.locator(".film .map").evaluate(PIXELS))
    page.mouse.up()
    assert len(pictures) >= 2 and all(len(seen) == 1 for seen in pictures.values())


def test_the_gif_opens_and_moves(films: str, digits_run: str, visit: Open, tmp_path: Path) -> None:
    page = opened(visit, f"{films}/?run={digits_run}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as GIF").click()
    assert download.value.suggested_filename == f"training-{digits_run}.gif"
    download.value.save_as(tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as image:
        pictures = set()
        for i in range(image.n_frames):
            image.seek(i)
            pictures.add(image.convert("RGB").tobytes())
    assert image.n_frames > 10 and len(pictures) == image.n_frames


def test_it_moves_while_a_run_trains_and_stays_where_one_looks(server: str, films: str, visit: Open) -> None:
    trainer = visit(f"{server}/?dataset=digits&hidden=100&coding_size=8&epochs=300&seed=3")
    serve.click(trainer, "train")
    expect(serve.progress(trainer)).to_be_visible()
    page = visit(f"{films}/?run={serve.run_in(trainer)}")
    expect(film(page)).to_have_attribute("data-finished", "false", timeout=serve.PATIENCE)
    page.wait_for_function(FRAMES_ABOVE, arg=8, timeout=serve.PATIENCE)
    seen, picture = frames(page), drawn(page)
    page.wait_for_function(FRAME_ABOVE, arg=seen, timeout=serve.PATIENCE)  # it follows, by itself
    assert drawn(page) != picture
    page.wait_for_function(FRAME_ABOVE, arg=frames(page), timeout=serve.PATIENCE)
    track(page).focus()
    track(page).press("Home")
    expect(film(page)).to_have_attribute("data-frame", "0")
    page.wait_for_timeout(1000)
    still, seen = drawn(page), frames(page)
    page.wait_for_function(FRAMES_ABOVE, arg=seen, timeout=serve.PATIENCE)
    assert frame(page) == 0  # and stays where one looks
    assert "frame=" not in page.url
    expect(film(page)).to_have_attribute("data-finished", "true", timeout=serve.PATIENCE)
    page.wait_for_timeout(1200)
    assert frame(page) == 0 and drawn(page) != still  # the camera of the end
    expect(page.get_by_role("button", name="Save as GIF")).to_be_visible()


def test_a_phone_shows_map_and_scrubber_together(films: str, digits_run: str, visit: Open) -> None:
    page = opened(visit, f"{films}/?run={digits_run}", size=serve.PHONE)
    places = [page.locator(f".film {name}").first.bounding_box() for name in (".map", ".track", ".side")]
    tops = [place["y"] for place in places if place]
    assert tops == sorted(tops) and len(tops) == 3
    assert places[1] and places[1]["y"] + places[1]["height"] < 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


FRAME_ABOVE = """count => {
  const film = [...document.querySelectorAll("*")].map(e => e.shadowRoot?.querySelector(".film")).find(Boolean);
  return film && +film.dataset.frame > count;
}"""
FRAMES_ABOVE = """count => {
  const film = [...document.querySelectorAll("*")].map(e => e.shadowRoot?.querySelector(".film")).find(Boolean);
  return film && +film.dataset.frames > count;
}"""
