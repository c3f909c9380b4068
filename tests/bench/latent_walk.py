"""A latent walk under the hand in Chromium without a graphics card, beside the same walk with `st.slider`.

Networks: four demonstration runs, and published ones with the weights they begin with, which decode as fast as
trained ones. Each is walked on a page of its own, opened twice: the first visit surveys the run and makes the sheet of
images (a server's work, once a run), the second is measured.

- kB: all that came through the websocket, Streamlit's own messages and the component's scripts included.
- ready s: from the page's first text to a walk that can be moved.
- pictures/s: how often another picture was drawn, while for three seconds the most telling coding, or the plane's
  cross-hair, is dragged to another place in every frame.
- messages: through the websocket during the drag, in both directions. server ms: the server's processor time, a second
  of dragging; in brackets, a second of doing nothing before it.

The same with one `st.slider` a coding, the server decoding: pictures a second while dragging, then one key press until
another picture stands on the screen, and the server's processor time for it, 30 presses.

Goals: 50 pictures a second for dense decoders, 30 for convolutional, 15 for recurrent ones; no message during a drag;
2 MB for the published ones and 4 MB for the largest; ready within 1 s; no work for the server.

    python -m tests.bench.latent_walk
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, WebSocket

from aecore.presets import demonstrations as demo
from aecore.store import runs
from tests.bench.common import demonstrations, print_table
from tests.browser.serve import app, chromium, new_page, settle

SECONDS = 3
KEYS = 30
DEMONSTRATIONS = ("variational-2", "stacked", "convolutional", "recurrent")
PUBLISHED = ("geron-stacked", "geron-sparse-kl", "geron-convolutional", "geron-recurrent", "best-10")

# A training that is stopped at once leaves a complete run: in a process of its own, TensorFlow stays out of this one.
MAKE = """
import sys
from aecore.worker import training
from aecore import presets
from aecore.store import runs
for name in sys.argv[1:]:
    spec = presets.get(name).spec.replace(dataset="fashion-mnist-12k")
    run = runs.run_of(spec)
    training.train(spec, run.folder, lambda: True)
    print(run.key)
"""

PAGE = """
import numpy as np
import streamlit as st
from aecore import datasets
from aecore.analysis import inference
from aecore.store import runs
from aecore.analysis import latent_axes
from pages.widgets.images import grid
from pages.widgets.components import latent_walk

st.set_page_config(layout="wide")
run, kind = runs.open_run(st.query_params["run"]), st.query_params["kind"]
data = st.cache_resource(datasets.load)(run.spec.dataset)
st.markdown("A walk")
begin = np.asarray(run.array("codings")[0], np.float32)


@st.fragment
def sliders():
    picture, z = st.container(), begin.copy()
    for axis in axes:
        value = min(max(float(z[axis.coding]), axis.low), axis.high)
        z[axis.coding] = st.slider(f"z{axis.coding + 1}", axis.low, axis.high, value, axis.step)
    with picture:
        image = inference.decode(run, z[None])[0]
        grid.large_image(image, alt="The decoded picture", width=340, caption=str(z))


if kind == "st.slider":
    axes = st.cache_data(lambda key: latent_axes.axes(run)[:8])(run.key)
    sliders()
else:
    latent_walk.draw(latent_walk.walker(run, data), begin, key="walk", view=kind)
"""

# When the page's first text and the walk were there, in milliseconds after the page began. Components live in shadows.
CLOCK = """
window.deep = (wanted, root = document) => root.querySelector(wanted)
  || [...root.querySelectorAll("*")].reduce((found, e) => found || (e.shadowRoot && deep(wanted, e.shadowRoot)), null);
window.clock = {};
(function look() {
  if (!clock.text && deep('[data-testid="stMarkdown"]')) clock.text = performance.now();
  if (!clock.ready && deep(".walk[data-ready]")) clock.ready = performance.now();
  else requestAnimationFrame(look);
})();
"""

# Counts the frames in which a picture of other codings was drawn. Another picture would not do: the networks nobody has
# trained tell neighbouring codings hardly apart.
WATCH = """() => {
  const walk = deep(".walk"), drawn = () => walk ? walk.dataset.z : document.querySelector(".ae-large")?.innerText;
  const watch = window.watch = {begin: performance.now(), pictures: 0, changed: null};
  let last = drawn();
  (function look() {
    if (window.watch !== watch) return;
    const now = drawn();
    if (now !== last && now) { watch.pictures++; watch.changed = performance.now(); last = now; }
    requestAnimationFrame(look);
  })();
}"""
PRESS = 'addEventListener("keydown", () => { watch.pressed = performance.now(); watch.changed = null; }, true)'

# What a pointer takes hold of.
HANDLES = {
    "sliders": 'input[type="range"]',
    "plane": "canvas[data-z]",
    "st.slider": ':has(> [data-testid="stSliderThumbValue"])',
}
# A drag that is at another place in every frame: a pointer from outside arrives in every other one. What the browser
# makes of a pointer on its own slider, scripts cannot, so there it is the value that moves.
DRAG = """async (handle, seconds) => {
  const box = handle.getBoundingClientRect(), begin = performance.now();
  for (let past; (past = (performance.now() - begin) / 1000) < seconds; ) {
    const part = 0.5 + 0.45 * Math.sin(3 * past);
    if (handle.tagName === "INPUT") {
      handle.value = Number(handle.min) + part * (handle.max - handle.min);
      handle.dispatchEvent(new Event("input", {bubbles: true}));
    } else {
      const y = box.y + box.height * (0.5 + 0.4 * Math.cos(2 * past));
      handle.dispatchEvent(new PointerEvent("pointermove", {clientX: box.x + box.width * part, clientY: y,
        bubbles: true, composed: true, isPrimary: true, pointerId: 1, pointerType: "mouse", buttons: 1}));
    }
    await new Promise(requestAnimationFrame);
  }
}"""


@dataclass
class Traffic:
    """What went through a page's websocket: bytes received, and how many messages in both directions."""

    received: int = 0
    messages: int = 0

    def listen(self, page: Page) -> None:
        def count(frame: str | bytes, sent: bool) -> None:
            self.messages += 1
            self.received += 0 if sent else len(frame)

        def opened(socket: WebSocket) -> None:
            socket.on("framereceived", lambda frame: count(frame, False))
            socket.on("framesent", lambda frame: count(frame, True))

        page.on("websocket", opened)


def main() -> None:
    rows = []
    with demonstrations() as cache, tempfile.TemporaryDirectory() as folder:
        environment = {"AECORE_CACHE": str(cache)}
        script = Path(folder) / "page.py"
        script.write_text(PAGE)
        found = {name: demo.keys()[name] for name in DEMONSTRATIONS} | untrained(environment)
        with app(script, **environment) as url, chromium() as browser:
            option = f"--server.port={url.rpartition(':')[2]}"
            server = next(child for child in psutil.Process().children() if option in child.cmdline())
            for name, key in found.items():
                run = runs.open_run(key, cache)
                views = ("sliders", "plane") if run.metrics["coding_size"] == 2 else ("sliders",)
                for view in views:
                    walk = walked(browser, f"{url}/?run={key}&kind={view}", view, server)
                    rival = rivalled(browser, f"{url}/?run={key}&kind=st.slider", server)
                    title = name if view == "sliders" else f"{name}, {view}"
                    rows.append((title, f"{run.metrics['coding_size']}", *walk, *rival))
    header = (
        "",
        "codings",
        "kB",
        "ready s",
        "pictures/s",
        "messages",
        "server ms (idle)",
        "st.slider: pictures/s",
        "key to picture ms",
        "p95",
        "server ms",
    )
    print_table("A latent walk dragged in Chromium without a graphics card, and with st.slider", header, rows)


def untrained(environment: dict[str, str]) -> dict[str, str]:
    """{preset: key of a run with the published network}."""
    made = subprocess.run(
        [sys.executable, "-c", MAKE, *PUBLISHED], env={**os.environ, **environment}, check=True, capture_output=True
    )
    return dict(zip(PUBLISHED, made.stdout.decode().split(), strict=True))


def walked(browser: Browser, url: str, view: str, server: psutil.Process) -> tuple[str, ...]:
    """Our component: kB, seconds until it is ready, and the drag."""
    opened(browser, url)[0].context.close()
    page, traffic = opened(browser, url)
    clock = page.evaluate("clock")
    kilobytes = traffic.received / 1000
    before = processor_time(server)
    page.wait_for_timeout(1000 * SECONDS)
    idle = 1000 * (processor_time(server) - before) / SECONDS
    pictures, messages, spent = dragged(page, view, traffic, server)
    page.context.close()
    ready = (clock["ready"] - clock["text"]) / 1000
    return f"{kilobytes:,.0f}", f"{ready:.2f}", f"{pictures:.0f}", f"{messages}", f"{spent:.0f} ({idle:.0f})"


def rivalled(browser: Browser, url: str, server: psutil.Process) -> tuple[str, ...]:
    """`st.slider`: the drag, and 30 key presses."""
    page, traffic = opened(browser, url)
    pictures, *_ = dragged(page, "st.slider", traffic, server)
    page.wait_for_function("watch.changed !== null")  # it was let go
    settle(page)
    page.locator('[data-testid="stSlider"] input').first.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    page.evaluate(PRESS)
    before, took = processor_time(server), []
    for _ in range(KEYS):
        page.keyboard.press("ArrowRight")
        page.wait_for_function("watch.changed !== null", timeout=10_000)
        took.append(page.evaluate("watch.changed - watch.pressed"))
    spent = (processor_time(server) - before) / KEYS
    page.context.close()
    p95 = statistics.quantiles(took, n=20, method="inclusive")[-1]
    return f"{pictures:.0f}", f"{statistics.median(took):.0f}", f"{p95:.0f}", f"{1000 * spent:.0f}"


def opened(browser: Browser, url: str) -> tuple[Page, Traffic]:
    """A new visitor's page, at rest."""
    page, traffic = new_page(browser), Traffic()
    traffic.listen(page)
    page.add_init_script(CLOCK)
    page.goto(url)
    page.wait_for_selector(".walk[data-ready], .ae-large", timeout=180_000)
    settle(page)
    page.wait_for_timeout(2500)  # strips, planes and everything else that is drawn behind the first picture
    return page, traffic


def dragged(page: Page, view: str, traffic: Traffic, server: psutil.Process) -> tuple[float, int, float]:
    """Pictures a second, messages, and the server's processor milliseconds a second."""
    handle = page.locator(HANDLES[view]).first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(WATCH)
    before, messages, begin = processor_time(server), traffic.messages, time.perf_counter()
    if view == "st.slider":
        while (past := time.perf_counter() - begin) < SECONDS:
            page.mouse.move(x + 300 * (1 + math.sin(3 * past)), y)
    else:
        handle.evaluate(DRAG, SECONDS)
    pictures = page.evaluate("watch.pictures / (performance.now() - watch.begin) * 1000")
    spent, messages = processor_time(server) - before, traffic.messages - messages
    page.mouse.up()
    return pictures, messages, 1000 * spent / SECONDS


def processor_time(process: psutil.Process) -> float:
    """Seconds, user and system."""
    return sum(process.cpu_times()[:2])


if __name__ == "__main__":
    main()
