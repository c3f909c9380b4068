"""The walk component alone, in a small page of its own: what follows the hand, and what Python is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from aecore import datasets
from aecore.analysis import inference, off_manifold
from aecore.analysis import latent_axes as walking
from aecore.presets import demonstrations
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.runs import Run
from tests.browser import serve
from tests.made import write

pytestmark = pytest.mark.browser

# A page with one walk that keeps the answer, as a page of the app does, and writes it down.
PAGE = """
import dataclasses
import json
import numpy as np
import streamlit as st
from aecore.presets import demonstrations
from aecore.store import runs
from pages.widgets.server import shared
from pages.widgets.components import latent_walk

asked = st.query_params
named = asked.get("run", "variational-2")
if st.button("other", key="other"):
    st.session_state["named"] = asked["other"]
    st.session_state.pop("z", None)
named = st.session_state.get("named", named)
run = runs.open_run(demonstrations.keys().get(named, named), shared.cache())
walker = latent_walk.walker(run, shared.data(run.spec.dataset))
for half in asked.get("without", "").split():
    slots = {name: slot for name, slot in walker.slots.items() if name != half}
    facts, arrays = slots["facts"]
    slots["facts"] = ({**facts, "whyNot": "<b>too large</b>", "version": f"without {half}"}, arrays)
    walker = dataclasses.replace(walker, **{half: None}, slots=slots)
if "z" not in st.session_state:
    st.session_state["z"] = np.full(len(walker.axes), float(asked.get("z", 0)))
if st.button("elsewhere", key="elsewhere"):
    st.session_state["z"] = walker.reference.codes[7]
if st.button("far", key="far"):
    st.session_state["z"] = np.full(len(walker.axes), 1e4)
layers = {"grid": True, "data": True, "drift": "drift" in asked}
z = latent_walk.draw(
    walker, st.session_state["z"], key="steps", view=asked.get("view", "sliders"), layers=layers
)
st.session_state["z"] = z
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.markdown("told " + json.dumps([z.tolist(), st.session_state["runs"], walker.reference.codes[7].tolist()]))
"""


@pytest.fixture(scope="module")
def address(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("walk")
    (folder / "page.py").write_text(PAGE)
    with serve.app(folder / "page.py", AECORE_CACHE=str(cache), AECORE_WARM="0") as url:
        yield url


Open = Callable[..., Page]


@pytest.fixture
def opened(visit: Open, address: str) -> Open:
    def opened(query: str = "", size: tuple[int, int] = serve.WIDE) -> Page:
        page = visit(f"{address}/?{query}", size)
        expect(walk(page)).to_have_attribute("data-ready", re.compile("."))
        return page

    return opened


def walk(page: Page) -> Locator:
    return page.locator(".walk")


def row(page: Page, coding: int) -> Locator:
    return page.locator(f'.row[data-coding="{coding}"]')


def slider(page: Page, coding: int) -> Locator:
    return row(page, coding).locator("input")


def at(page: Page) -> list[float]:
    """Where the browser stands."""
    return json.loads(walk(page).get_attribute("data-z") or "[]")


def told(page: Page, count: int) -> list[float]:
    """The codings that Python knows of once it has run `count` times, which it must not have done more often."""
    text = page.get_by_text("told [")
    expect(text).to_have_text(re.compile(rf"\], {count}, \["))
    serve.settle(page)
    z, done, _ = json.loads(text.inner_text().removeprefix("told "))
    assert done == count
    return z


def decoded(run: Run, z: list[float]) -> np.ndarray:
    picture = inference.decode(run, np.array([z], np.float32))[0]
    return np.round(np.clip(picture, 0, 1) * 255).ravel()


@pytest.fixture
def variational(cache: Path) -> Run:
    return runs.open_run(demonstrations.keys()["variational-2"], cache)


def test_a_drag_moves_everything_and_only_its_end_is_told(opened: Open, variational: Run):
    page = opened()
    sent = serve.sent(page)
    page.reload()
    expect(walk(page)).to_have_attribute("data-strips", "done")
    serve.settle(page)
    assert sent, "the page speaks through a websocket this test can hear"
    told(page, 1)
    sent.clear()
    box = slider(page, 0).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seen = []
    for step in range(1, 5):
        page.mouse.move(x + step * box["width"] / 10, y)
        expect(walk(page)).not_to_have_attribute("data-z", seen[-1][0] if seen else "[0,0]")
        seen.append((walk(page).get_attribute("data-z"), serve.greys(page.locator("[data-picture]")).sum()))
    assert len({picture for _, picture in seen}) == 4
    value = at(page)[0]
    assert value > 1 and at(page)[1] == 0
    expect(row(page, 0).locator("output")).to_have_text(f"{value:.2f}")
    expect(row(page, 0).locator("button.here")).to_have_attribute(
        "aria-label", re.compile(f"to {round(value / 0.75) * 0.75:.2f}")
    )
    expect(page.locator(".bar .value").first).to_have_text(re.compile(r"above \d+ % of samples"))
    expect(page.locator(".among")).to_have_text("among 2,000 of the 10,000 training images")
    assert not sent
    page.mouse.up()
    assert told(page, 2) == pytest.approx(at(page), rel=1e-6)
    assert len(sent) == 1
    assert np.abs(serve.greys(page.locator("[data-picture]")) - decoded(variational, at(page))).max() <= 2
    # The strips belong to the new place: the other coding's third picture is at −1.5 of that coding.
    expect(walk(page)).to_have_attribute("data-strips", "done")
    third = row(page, 1).locator("canvas").nth(2)
    assert np.abs(serve.greys(third) - decoded(variational, [at(page)[0], -1.5])).max() <= 2


def test_keys_strips_steps_and_labels(opened: Open):
    page = opened()
    slider(page, 1).focus()
    for _ in range(3):
        page.keyboard.down("ArrowRight")
    expect(walk(page)).to_have_attribute("data-z", "[0,0.18]")
    assert told(page, 1) == [0, 0]  # a key held down is told when it comes up
    page.keyboard.up("ArrowRight")
    assert told(page, 2) == pytest.approx([0, 0.18])
    for count, (key, value) in enumerate((("Home", -3), ("PageUp", -2.4), ("End", 3))):
        page.keyboard.press(key)
        expect(walk(page)).to_have_attribute("data-z", f"[0,{value}]")
        assert told(page, 3 + count) == pytest.approx([0, value])
    page.keyboard.press("ArrowRight")  # from the end there is no further
    row(page, 0).locator("canvas").nth(2).click()
    assert told(page, 6) == [-1.5, 3]
    row(page, 0).get_by_label("Coding 1 more").click(click_count=3)
    assert told(page, 7) == pytest.approx([-1.32, 3])
    row(page, 0).locator("label").dblclick()
    assert told(page, 8) == [0, 3]


def test_a_finger_drags_and_python_can_move_the_walk(opened: Open):
    page = opened(size=serve.PHONE)
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    slider(page, 1).scroll_into_view_if_needed()
    box = slider(page, 1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        *(("touchMove", [{"x": x + step * 12, "y": y}]) for step in range(1, 6)),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(walk(page)).to_have_attribute("data-z", re.compile(r"\[0,1\.\d+\]"))
    assert told(page, 1) == [0, 0]
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert told(page, 2) == pytest.approx(at(page))
    touch.detach()  # which ends the emulation: another test gets this page
    serve.click(page, "elsewhere")
    told(page, 3)
    wanted = json.loads(page.get_by_text("told [").inner_text().removeprefix("told "))[2]
    assert at(page) == pytest.approx(wanted, rel=1e-3)
    serve.click(page, "far")
    expect(page.locator(".notes")).to_have_text(re.compile("2 codings were beyond their sliders"))
    assert max(at(page)) < 100


def test_what_was_not_used_of_a_link_is_told_until_the_page_changes(server: str, visit: Open):
    page = visit(f"{server}/latent_walk?run={demonstrations.keys()['variational-2']}&z=1,2,3")
    expect(walk(page)).to_have_attribute("data-ready", re.compile("."))
    notice = page.get_by_text("Not used from the link")
    expect(notice).to_be_visible()
    slider(page, 0).press("End")
    expect(page).to_have_url(re.compile(r"[?&]z=3(%2C|,)"))
    # The image that the walk began at stays in the link, and with it its cloud on the plane.
    expect(page).to_have_url(re.compile(r"[?&]image=\d"))
    serve.go(page, "sparsity")
    expect(notice).to_have_count(0)


def test_another_run_with_the_same_images_still_shows_the_nearest_one(opened: Open, cache: Path):
    spec = RunSpec(dataset="digits", hidden=(), coding_size=2, coding_activation="linear")
    run, other = write(spec, cache), write(spec.replace(seed=7), cache, codings=np.array([-2.0, 0.5]))
    page = opened(f"run={run.key}&other={other.key}")
    nearest = page.locator(".nearest canvas")
    expect(nearest).to_be_visible()
    before = walk(page).get_attribute("data-ready")
    serve.click(page, "other")
    expect(walk(page)).not_to_have_attribute("data-ready", before or "")
    expect(walk(page)).to_have_attribute("data-ready", re.compile("."))
    expect(nearest).to_be_visible()
    data, number = datasets.load("digits"), int(page.locator(".where").get_attribute("data-nearest") or -1)
    image = datasets.as_float(data.numbered(np.array([number])))[0]
    assert np.abs(serve.greys(nearest) - 255 * image.ravel()).max() <= 2


@pytest.mark.parametrize("half", ["decoder", "encoder"])
def test_without_a_half_the_server_helps_on_release_and_says_so(opened: Open, variational: Run, half: str):
    page = opened(f"without={half}" if half == "encoder" else "without=decoder+encoder")
    expect(page.locator(".notes")).to_contain_text("when you let go: <b>too large</b>")
    slider(page, 0).focus()
    page.keyboard.down("End")
    drift = page.locator(".bar", has_text="Drift")
    expect(drift).to_have_class(re.compile("late"))
    page.keyboard.up("End")
    expect(drift).not_to_have_class(re.compile("late"))
    assert told(page, 2) == [3, 0]
    assert np.abs(serve.greys(page.locator("[data-picture]")) - decoded(variational, [3, 0])).max() <= 2
    expect(drift.locator(".value")).to_have_text(re.compile("× the limit"))


def test_many_codings_are_folded_and_found_by_number_with_the_picture_in_sight(opened: Open, cache: Path):
    page = opened("run=stacked", serve.PHONE)
    expect(page.locator(".row")).to_have_count(8)
    run = runs.open_run(demonstrations.keys()["stacked"], cache)
    used = sum(axis.active for axis in walking.axes(run))
    fold = page.locator("button.fold")
    expect(fold).to_contain_text(f"{used - 8} more in use")
    fold.click()
    expect(page.locator(".row")).not_to_have_count(8)
    page.locator(".row").first.scroll_into_view_if_needed()
    page.locator(".row").last.scroll_into_view_if_needed()
    expect(page.locator("[data-picture]")).to_be_in_viewport()
    expect(page.locator(".verdict")).to_be_in_viewport()
    hidden = next(k for k in range(30) if not row(page, k).count()) if used > 24 else 0
    page.locator(".search input").fill(str(hidden + 1))
    page.keyboard.press("Enter")
    expect(slider(page, hidden)).to_be_focused()
    page.locator(".search input").fill("99")
    page.keyboard.press("Enter")
    expect(page.locator(".missing")).to_have_text("1 to 30")


def test_the_fold_counts_the_silent_codings_that_are_not_shown(opened: Open, cache: Path):
    spec = RunSpec(dataset="digits", hidden=(), coding_size=30, coding="variational")
    page = opened(f"run={write(spec, cache, codings=0.0).key}")
    expect(page.locator(".row")).to_have_count(8)
    expect(page.locator("button.fold")).to_have_text("22 more, silent")


def test_on_the_plane_a_silent_coding_is_no_drift(opened: Open, cache: Path):
    spec = RunSpec(dataset="digits", hidden=(), coding_size=3, coding="variational")
    run = write(spec, cache, codings=np.array([0.3, 0.3, 3e-5]))
    reference = off_manifold.reference_set(run, datasets.load("digits"))
    assert reference.active.tolist() == [True, True, False]
    page = opened(f"run={run.key}&view=plane&drift=1&z=2")
    over = page.locator(".walk canvas[tabindex]")
    expect(over).to_have_attribute("data-drift", "done", timeout=serve.PATIENCE)
    cells = (np.arange(24) + 0.5) / 24 * 6 - 3
    there = np.array([(x, y, 2) for y in cells for x in cells], np.float32)
    expected = (off_manifold.diagnose(run, reference, there).drift_ratio > 1).sum()
    assert expected < len(there)
    assert int(over.get_attribute("data-over") or -1) == pytest.approx(expected, abs=2)
