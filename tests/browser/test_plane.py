"""The plane of two codings under a hand, and the off-manifold map, which must agree with Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from aecore import datasets
from aecore.analysis import off_manifold
from aecore.figures import DARK
from aecore.presets import demonstrations
from aecore.specs.run import RunSpec
from aecore.store import runs
from pages.widgets.components.shared import bundle, packing
from tests.browser import serve
from tests.browser.conftest import Open
from tests.made import write

pytestmark = pytest.mark.browser
CELLS = 24

# A decoder that paints a spot where the coding says, up to 1 from the middle, and an encoder that finds it.
PLANE = """look => {
  SCRIPTS
  const far = 1, spot = z => [0, 1].map(k => Math.min(Math.max(z[k], -far), far));
  const decode = z => { decoded.push([...z]); return Float32Array.from({ length: 64 }, (_, i) => {
    const [x, y] = spot(z);
    return Math.exp(-((i % 8 - 4 - x) ** 2) - (Math.floor(i / 8) - 4 + y) ** 2);
  }); };
  const encode = values => {
    let sum = 0, x = 0, y = 0;
    values.forEach((v, i) => { sum += v; x += v * (i % 8 - 4); y -= v * (Math.floor(i / 8) - 4); });
    return [x / sum, y / sum, 0];
  };
  window.decoded = []; window.moves = [];
  const root = document.body.appendChild(document.createElement("div"));
  root.style.width = "400px";
  window.plane = makePlane(root, {
    onmove: (pair, final) => moves.push([...pair, final]),
    onOffManifold: (drift, places) => Object.assign(window, { drift: [...drift], places: [...places] }),
  });
  plane.set({ look, axes: [0, 1], low: [-3, -3], high: [3, 3], z: Float32Array.of(0, 0, 0), decode, encode,
    shape: [8, 8], points: Float32Array.of(0.5, 0.5, -1, 2), labels: Int32Array.of(0, 1), driftScale: 0.5,
    ellipse: { centre: [0, 1], sigma: [0.2, 0.4] }, layers: { grid: true, data: true, drift: true } });
  const below = [-3, -1, 0, 0.5, 2.5].map(normalBelow);
  return [below, [0.001, 0.02275, 0.5, 0.8, 0.999999].map(normalQuantile)];
}""".replace("SCRIPTS", bundle.script("plane/plane.js"))


@pytest.fixture
def drawn(browser: Browser) -> Iterator[Page]:
    """A page with a plane alone, without a server."""
    page = serve.new_page(browser)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    below, quantiles = page.evaluate(PLANE, packing.style_header(DARK, range(2), ["one", "two"]))
    normal = NormalDist()
    assert below == pytest.approx([normal.cdf(x) for x in (-3, -1, 0, 0.5, 2.5)], abs=1e-12)
    assert quantiles == pytest.approx([normal.inv_cdf(p) for p in (0.001, 0.02275, 0.5, 0.8, 0.999999)], abs=1e-8)
    yield page
    page.context.close()
    assert not faults


def upper(page: Page) -> Locator:
    return page.locator("canvas[tabindex]")


def z(page: Page) -> list[float]:
    return json.loads(upper(page).get_attribute("data-z") or "")


def place(canvas: Locator, pair: list[float]) -> tuple[float, float]:
    """A place of the plane in the window."""
    spot = canvas.evaluate("(canvas, pair) => canvas.placeOf(pair)", pair)
    box = canvas.bounding_box()
    assert box
    return box["x"] + spot["x"], box["y"] + spot["y"]


def test_a_hand_and_the_arrow_keys_move_the_place(drawn: Page) -> None:
    over = upper(drawn)
    expect(over).to_have_attribute("data-ready", "done")
    decoded = drawn.evaluate("decoded.length")
    drawn.mouse.move(*place(over, [0, 0]))
    drawn.mouse.down()
    drawn.mouse.move(*place(over, [1.5, -2]), steps=5)
    drawn.mouse.move(*place(over, [1.5, 99]))  # beyond the plane: its edge
    expect(over).to_have_attribute("data-z", "[1.5,3,0]")
    assert not any(final for *_, final in drawn.evaluate("moves"))
    drawn.mouse.up()
    moves = drawn.evaluate("moves")
    assert moves[-1] == [1.5, 3, True] and sum(final for *_, final in moves) == 1
    assert "coding 1: 1.50, coding 2: 3.00" in drawn.locator("[aria-live]").inner_text()

    over.press("ArrowLeft")
    assert z(drawn) == pytest.approx([1.44, 3, 0], abs=1e-6)  # a hundredth of the plane
    over.press("Shift+ArrowDown")
    assert z(drawn) == pytest.approx([1.44, 2.7, 0], abs=1e-6)
    assert drawn.evaluate("moves").count([*drawn.evaluate("moves")[-1][:2], True]) == 1
    # Nothing was decoded for the grid again: only another coding than the two of the plane asks for that.
    expect(over).to_have_attribute("data-drift", "done")
    assert drawn.evaluate("decoded.length") <= decoded + CELLS**2
    drawn.evaluate("decoded.length = 0; plane.set({ z: Float32Array.of(1, 1, 0.5) })")
    expect(over).to_have_attribute("data-ready", "done")
    assert drawn.evaluate("decoded.every(z => z[2] === 0.5)")


def test_a_place_beyond_the_plane_is_said(drawn: Page) -> None:
    said = drawn.get_by_text("Beyond the plane")
    expect(said).to_have_count(0)
    drawn.evaluate("plane.set({ z: Float32Array.of(-3.66, 1, 9) })")
    expect(said).to_contain_text("coding 1 at −3.66 is what is decoded")
    upper(drawn).press("ArrowRight")
    expect(said).to_have_count(0)


def test_a_finger_moves_the_place_and_its_end_is_told_once(drawn: Page) -> None:
    touch = drawn.context.new_cdp_session(drawn)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    over = upper(drawn)
    expect(over).to_have_attribute("data-ready", "done")
    for kind, pair in (
        ("touchStart", [0, 0]),
        ("touchMove", [0.5, -0.5]),
        ("touchMove", [1, -1.5]),
        ("touchMove", [2, -2]),
    ):
        x, y = place(over, pair)
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    drawn.wait_for_function("moves.length && Math.abs(moves.at(-1)[0] - 2) < 0.05")
    assert z(drawn) == pytest.approx([2, -2, 0], abs=0.05)  # the page did not scroll in its place
    assert not any(final for *_, final in drawn.evaluate("moves"))
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    drawn.wait_for_function("moves.at(-1)[2]")
    assert sum(final for *_, final in drawn.evaluate("moves")) == 1
    assert drawn.evaluate("moves.at(-1)") == pytest.approx([2, -2, True], abs=0.05)


def test_quantile_axes_give_each_share_of_the_prior_its_room_and_holes_lie_where_the_decoder_ends(drawn: Page) -> None:
    over = upper(drawn)
    for quantiles in (False, True):
        drawn.evaluate("quantiles => plane.set({ quantiles })", quantiles)
        expect(over).to_have_attribute("data-drift", "done")
        left, middle, right = (place(over, [x, 0])[0] for x in (-3, 0, 3))
        assert middle == pytest.approx((left + right) / 2, abs=0.01)
        within = (place(over, [1, 0])[0] - place(over, [-1, 0])[0]) / (right - left)
        assert within == pytest.approx(0.6845 if quantiles else 1 / 3, abs=1e-3)
        drift = np.array(drawn.evaluate("drift"))
        places = np.array(drawn.evaluate("places")).reshape(-1, 2)
        beyond = np.maximum(np.abs(places) - 1, 0)
        assert np.allclose(drift, np.hypot(*beyond.T), atol=0.02)
        inside = (np.abs(places) < 0.9).all(axis=1)
        assert drift[inside].max() < 0.1 < drift[np.abs(places).max(axis=1) > 1.5].min()
        assert len(np.unique(places, axis=0)) == CELLS**2


APP = """
import streamlit as st
from aecore.presets import demonstrations
from aecore.store import runs
from pages.widgets.latent_walk import off_manifold_map
from pages.widgets.server import shared
from pages.widgets.components import latent_walk

names = st.query_params.get("runs", demonstrations.keys()["variational-2"]).split()
found = [runs.open_run(name, shared.cache()) for name in names]
walkers = [latent_walk.walker(run, shared.data(run.spec.dataset)) for run in found]
off_manifold_map.draw(walkers[0], walkers[-1] if st.checkbox("two", value=True) else None, key="off_manifold")
st.markdown("end")
"""


@pytest.fixture(scope="module")
def two_planes(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not (cache / "runs" / demonstrations.keys()["variational-2"] / "DONE").exists():
        pytest.skip("no demonstration run variational-2 here")
    script = tmp_path_factory.mktemp("off_manifold") / "small.py"
    script.write_text(APP)
    with serve.app(script, AECORE_CACHE=str(cache), AECORE_WARM="0") as url:
        yield url


def test_an_autoencoders_off_manifold_share_is_counted_in_the_range_of_its_codes(
    two_planes: str, cache: Path, visit: Open
) -> None:
    spec = RunSpec(dataset="digits", hidden=(), coding_size=2, coding_activation="linear")
    made = [write(each, cache).key for each in (spec, spec.replace(coding="variational"))]
    page = visit(f"{two_planes}/?runs={'+'.join(made)}")
    expect(page.locator(".off-manifold")).to_have_attribute("data-ready", "done", timeout=serve.PATIENCE)
    plain, other = page.locator(".off-manifold section").all()
    over, within = (float(plain.get_attribute(f"data-{name}") or "nan") for name in ("over", "within"))
    assert round(100 * over) != round(100 * within)
    prior = float(other.get_attribute("data-over") or "nan")
    told = page.locator(".told").inner_text()
    assert (
        f"it is off-manifold in {100 * within:.0f} % of all cases, under the variational prior in {100 * prior:.0f} %"
        in told
    )


def test_the_off_manifold_map_agrees_with_python_and_sends_nothing_under_a_hand(two_planes: str, visit: Open) -> None:
    page = visit(two_planes)
    expect(page.locator(".off-manifold")).to_have_attribute("data-ready", "done", timeout=serve.PATIENCE)
    run = runs.open_run(demonstrations.keys()["variational-2"])
    reference = off_manifold.reference_set(run, datasets.load(run.spec.dataset))
    low = NormalDist().cdf(-3)
    cells = [NormalDist().inv_cdf(low + (1 - 2 * low) * (i + 0.5) / CELLS) for i in range(CELLS)]
    codes = np.array([(x, y) for y in cells for x in cells], np.float32)
    ratio = off_manifold.diagnose(run, reference, codes).drift_ratio
    assert ratio is not None
    sides = page.locator(".off-manifold section")
    expect(sides).to_have_count(2)
    for side in sides.all():
        assert float(side.get_attribute("data-over") or "nan") == pytest.approx((ratio > 1).mean(), abs=2 / CELLS**2)
        assert f"{100 * (ratio > 1).mean():.0f} %" in side.inner_text()

    page.evaluate("""() => {
      const send = WebSocket.prototype.send;
      window.sent = 0;
      WebSocket.prototype.send = function (...told) { window.sent += 1; return send.apply(this, told); };
    }""")
    over = sides.first.locator("canvas[tabindex]")
    corner, middle = [2.9, -2.9], np.median(reference.codes, axis=0).tolist()
    for spot, believed in ((corner, False), (middle, True)):
        page.mouse.move(*place(over, [0, 0]))
        page.mouse.down()
        page.mouse.move(*place(over, spot), steps=4)
        page.mouse.up()
        found = sides.first.locator(".here span").last.inner_text()
        assert (float(found.split()[1]) < 1) == believed, found
    assert page.evaluate("window.sent") == 0

    # One run less: the other keeps its place, its map and its bytes.
    moved = over.get_attribute("data-z")
    page.get_by_test_id("stCheckbox").locator("label").click()
    expect(sides).to_have_count(1)
    expect(over).to_have_attribute("data-z", moved or "")
    expect(over).to_have_attribute("data-drift", "done")
