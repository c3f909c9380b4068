"""A walk between two images in a browser: the scrubber decodes there, and nothing is sent.

The server runs a page with nothing but the walk on it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from aecore import datasets
from aecore.analysis import inference, interpolation, latent_axes, off_manifold
from aecore.presets import demonstrations
from aecore.store import runs
from tests.browser import serve
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser
APP = """
from dataclasses import replace

import streamlit as st

from aecore.store import runs
from pages.widgets.server import shared
from pages.widgets.latent_walk import interpolation, random_codings
from pages.widgets.components import latent_walk

run = runs.open_run(st.query_params["run"], shared.cache())
data = shared.data(run.spec.dataset)
walker = latent_walk.walker(run, data)
if "server" in st.query_params:
    walker = replace(walker, decoder=None, why_not="decoder: not here")
st.markdown("A walk")
name = st.query_params.get("section", "between")
draw = random_codings.grid if name == "grid" else getattr(interpolation, name)
draw(run, data, walker)
"""


@pytest.fixture(scope="module")
def walks(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    script = tmp_path_factory.mktemp("walk_row") / "small.py"
    script.write_text(APP)
    with serve.app(script, AECORE_CACHE=str(cache), AECORE_WARM="0") as url:
        yield url


def root(page: Page) -> Locator:
    return page.locator(".walk-row")


def place(page: Page) -> float:
    return float(root(page).get_attribute("data-t") or "nan")


def test_where_one_is_is_told_beside_every_decoded_picture(walks: str, cache: Path, visit: Open) -> None:
    run = runs.open_run(demonstrations.keys()["variational-2"], cache)
    if not run.readable:
        pytest.skip("no demonstration runs here")
    data = datasets.load(run.spec.dataset)
    reference = off_manifold.reference_set(run, data)

    def told(page: Page, z: np.ndarray) -> None:
        """The spot tells the density and the nearest image of that coding, and shows the image."""
        place = off_manifold.diagnose(run, reference, z[None].astype(np.float32))
        number, spot = int(reference.numbers[place.nearest[0]]), page.locator(".walk-row .spot")
        expect(spot).to_contain_text(f", no. {number:,}.")
        image = datasets.as_float(data.numbered(np.array([number])))[0].ravel()
        assert np.abs(serve.greys(spot.locator("canvas")) - 255 * image).max() <= 2
        assert place.density is not None
        share = float(place.density[0])
        density = f"above {min(int(100 * share), 99)}" if share >= 0.01 else f"below {99 if share >= 0.001 else 99.9}"
        expect(page.locator(".walk-row .told, .walk-row > .spot").last).to_contain_text(f"Prior density {density} %")
        expect(page.locator(".walk-row")).to_contain_text(reference.verdicts[place.verdict[0]])

    page = visit(f"{walks}/?run={run.key}&a=3&b=8")
    expect(root(page)).to_have_attribute("data-ready", re.compile("."))
    for key, end in (("Home", 3), ("End", 8)):
        page.locator(".walk-row .track input").press(key)
        told(page, inference.encode(run, datasets.as_float(data.validation[end : end + 1]))[0])
    page = visit(f"{walks}/?run={run.key}&section=grid")
    expect(root(page)).to_have_attribute("data-ready", re.compile("."))
    drawn = interpolation.enlarged_grid(latent_axes.sample(run, 12).reshape(3, 4, -1), 5, 7)
    for picture in (0, 17, 34):
        page.locator(".walk-row .strip figure").nth(picture).hover()
        told(page, drawn[picture])
    page.locator(".walk-row .strip figure").nth(20).focus()
    told(page, drawn[20])


@pytest.mark.parametrize("decoded", ["here", "by the server"])
def test_scrubbing_decodes_without_a_message(decoded: str, walks: str, cache: Path, visit: Open) -> None:
    run = runs.open_run(demonstrations.keys()["variational-2"], cache)
    if not run.readable:
        pytest.skip("no demonstration runs here")
    page = visit(f"{walks}/?run={run.key}&a=3&b=8" + ("&server=1" if decoded != "here" else ""))
    expect(root(page)).to_have_attribute("data-ready", re.compile("."))
    expect(page.get_by_text("The server decodes these pictures")).to_have_count(int(decoded != "here"))
    sent = serve.sent(page)
    page.reload()
    expect(root(page)).to_have_attribute("data-ready", re.compile("."))
    page.wait_for_timeout(1000)
    assert sent  # the socket is listened to
    sent.clear()

    picture, strip = page.locator(".walk-row .now canvas"), page.locator(".walk-row .strip canvas")
    expect(strip).to_have_count(10)
    assert np.array_equal(serve.greys(picture), serve.greys(strip.first))
    for canvas in (picture, strip.first):
        assert canvas.evaluate("canvas => getComputedStyle(canvas).imageRendering") == "pixelated"
    track = page.locator(".walk-row .track input")
    box = track.bounding_box()
    assert box
    seen = [serve.greys(picture)]
    y = box["y"] + box["height"] - 16
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    for x in (0.2, 0.45, 0.7, 0.99, 0.6):
        page.mouse.move(box["x"] + x * box["width"], y, steps=4)
        page.wait_for_timeout(80)
        seen.append(serve.greys(picture))
    page.mouse.up()
    assert all((one != other).any() for one, other in itertools.pairwise(seen))
    assert abs(place(page) - 0.6) < 0.03
    z = np.array(json.loads(root(page).get_attribute("data-z") or ""), np.float32)
    expected = np.clip(inference.decode(run, z[None])[0], 0, 1).ravel() * 255
    # A film of the server has a picture for every fortieth of the way; one decoded here is that very one.
    assert np.abs(seen[-1] - expected).max() < (1 if decoded == "here" else 40)

    track.press("PageUp")
    expect(root(page)).to_have_attribute("data-t", re.compile(r"^0\.(6[89]|7)"))
    page.locator(".walk-row .strip figure").last.press("Enter")
    expect(root(page)).to_have_attribute("data-t", "1.000")
    assert np.abs(serve.greys(picture) - serve.greys(strip.last)).max() <= 1
    page.locator(".walk-row .play").click()
    expect(page.locator(".walk-row .play")).to_have_text(re.compile("Pause"))
    expect(page.locator(".walk-row .play")).to_have_text(re.compile("Play"))
    expect(root(page)).to_have_attribute("data-t", "1.000")
    assert not sent
