"""The map of images at 2,000, 10,000 and 60,000 points against 60,000 points in a Plotly scattergl chart.

One page, one browser, one visit after another. Each map is opened twice: the first visit makes the sheets of images
(a server's work, once), the second is measured. Positions are drawn from ten clusters; images are Fashion-MNIST's
12,000, repeated; in place of reconstructions stand the means of an image and its class's mean, which compress like
them. Chromium draws without a graphics card. For three seconds the pointer jumps to another place in every frame:
`hover` counts the frames, `cards` how often what is under the pointer was found and shown. Then three seconds of
dragging: `pan`. Goals at 60,000 points: hover at 30 frames a second or more, 12 MB or less to the browser.

    python -m tests.bench.map_hover
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.common import print_table
from tests.browser.serve import CHROMIUM, FLAGS, app, new_page, settle

SIZES = (2_000, 10_000, 60_000)
SECONDS = 3

PAGE = """
import time

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from aecore import datasets
from pages.widgets.components import latent_map

st.set_page_config(layout="wide")


@st.cache_resource
def made(n):
    draws, data = np.random.default_rng(0), datasets.load("fashion-mnist-12k")
    images, labels = (np.concatenate(pair) for pair in (
        (data.validation, data.train), (data.validation_labels, data.train_labels)))
    means = np.array([images[labels == c].mean(0) for c in range(10)], np.uint8)
    images, labels = np.resize(images, (n, 28, 28)), np.resize(labels, n)
    points = draws.normal(size=(10, 2))[labels] * 3 + draws.normal(size=(n, 2))
    near = [draws.integers(0, n, (n, 10)) for _ in range(2)]
    return points.astype("f4"), labels, images, images // 2 + means[labels] // 2, *near, draws.random(n).astype("f4")


n = int(st.query_params["n"])
points, labels, images, reconstructions, near, near_map, errors = made(n)
kept = st.session_state.get("kept", [])
started = time.process_time()
if "plotly" in st.query_params:
    chart = go.Figure(layout={"height": 560, "dragmode": "pan", "showlegend": False})
    for c in range(10):
        mine = points[labels == c]
        chart.add_trace(go.Scattergl(x=mine[:, 0], y=mine[:, 1], mode="markers", marker={"size": 4},
                                     customdata=np.flatnonzero(labels == c).astype("i4")))
    st.plotly_chart(chart, theme=None)
else:
    panel = latent_map.Panel(points, "", near, near_map, reconstructions, errors)
    st.session_state["kept"] = latent_map.draw(
        [panel], key="map", numbers=np.arange(n), labels=labels, images=images, selected=kept,
        class_names=datasets.load("fashion-mnist-12k").info.classes).selection
st.markdown(f"took {(time.process_time() - started) * 1000:.0f}")
"""

READY = {"map": "canvas.over[data-ready]", "plotly": ".js-plotly-plot .nsewdrag"}
# Both take a pointer that jumps once a frame; `type` and target are what each listens to.
JUMP = """async (target, [plotly, seconds, dragging]) => {
  const box = target.getBoundingClientRect(), seen = new Set(), chart = target.closest(".js-plotly-plot");
  let frames = 0, cards = 0, last = "";
  if (chart && chart.on) chart.on("plotly_hover", () => cards++);
  const begin = performance.now();
  while (performance.now() - begin < seconds * 1000) {
    const most = 0.35 * Math.min(box.width, box.height), a = frames * 0.37;
    const r = dragging ? 60 : most * Math.abs(Math.sin(frames * 0.11));
    const init = {clientX: box.x + box.width / 2 + r * Math.cos(a), clientY: box.y + box.height / 2 + r * Math.sin(a),
      bubbles: true, composed: true, pointerId: 1, pointerType: "mouse", buttons: dragging ? 1 : 0};
    if (!plotly) target.dispatchEvent(new PointerEvent("pointermove", init));
    else (dragging ? document.querySelector(".dragcover") || document : target)
      .dispatchEvent(new MouseEvent("mousemove", init));
    await new Promise(requestAnimationFrame);
    frames++;
    if (!plotly && target.dataset.hovered !== last) { last = target.dataset.hovered; cards += last !== undefined; }
  }
  const spent = (performance.now() - begin) / 1000;
  return [frames / spent, cards / spent];
}"""


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.py"
        script.write_text(PAGE)
        with app(script) as url, browser() as chromium:
            for n, kind in (*((n, "map") for n in SIZES), (SIZES[-1], "plotly")):
                rows.append(measured(chromium, f"{url}/?n={n}&{kind}=1", kind, n))
    header = ("", "MB", "open s", "hover frames/s", "cards/s", "pan frames/s", "rerun kB", "rerun ms")
    print_table("A map of images, hovered and dragged in Chromium without a graphics card", header, rows)


def measured(browser: Browser, url: str, kind: str, n: int) -> tuple[str, ...]:
    received: list[int] = []
    for _ in range(2):
        received.clear()
        page = new_page(browser)
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
        started = time.perf_counter()
        page.goto(url)
        page.wait_for_selector(READY[kind], timeout=180_000)
        opened = time.perf_counter() - started
        settle(page, 180)
        megabytes = sum(received) / 1e6
        if _ == 0:
            page.context.close()
    page.wait_for_timeout(2000)  # pictures decode behind the first drawing
    target, plotly = page.locator(READY[kind]).first, kind == "plotly"
    hover, cards = target.evaluate(JUMP, [plotly, SECONDS, False])
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 20, box["y"] + box["height"] / 2)
    pan, _ = target.evaluate(JUMP, [plotly, SECONDS, True])
    page.mouse.up()
    rerun = ("–", "–") if plotly else chosen(page, received)
    page.context.close()
    name = f"{'Plotly scattergl' if plotly else 'map'}, {n:,} points"
    return name, f"{megabytes:.1f}", f"{opened:.1f}", f"{hover:.0f}", f"{cards:.0f}", f"{pan:.0f}", *rerun


def chosen(page: Page, received: list[int]) -> tuple[str, str]:
    """What one click costs: kilobytes to the browser, milliseconds of the server's processor in the map's function."""
    received.clear()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    settle(page)
    page.wait_for_timeout(700)
    took = page.get_by_text("took ").inner_text().removeprefix("took ")
    return f"{sum(received) / 1000:.1f}", took


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Plotly needs WebGL, which Chromium draws in software only when told to; the map does not care."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--enable-unsafe-swiftshader"])
        yield opened
        opened.close()


if __name__ == "__main__":
    main()
