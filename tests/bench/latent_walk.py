"""What one step of a latent walk's slider costs: the decoding alone, then the whole way to the screen.

First table, in this process: `inference.decode` of one coding and the picture's HTML, for every demonstration run; 200
steps along its most telling coding, after one that loads the decoder. Second table, in the running app: a key press
on the slider until Chromium shows another image, and the processor time that the server's process spent for one step
(user and system, over 50 steps; the websocket and everything else the page redraws are in it). Goal: 20 ms of server
time.

    python -m tests.bench.latent_walk
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from playwright.sync_api import Page

from aecore import demo, inference, runs, walk
from aecore.runs import Run
from pages.widgets.image_grid import large_image_html
from tests.bench.common import demonstrations, finish, opened, print_table, served
from tests.browser.serve import chromium

STEPS = 200
KEYS = 50
# On the page: from a key press to the first frame in which the picture is another one.
WATCH = """() => {
  const picture = () => document.querySelector(".ae-large img, .ae-large .ae-bars")?.outerHTML;
  let pressed = 0, before = "";
  window.took = null;
  addEventListener("keydown", () => { pressed = performance.now(); before = picture(); window.took = null; }, true);
  const look = () => {
    if (pressed && picture() && picture() !== before) { window.took = performance.now() - pressed; pressed = 0; }
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    with demonstrations() as cache:
        found = {name: runs.open_run(key, cache) for name, key in demo.keys().items()}
        found = {name: run for name, run in found.items() if run.readable}
        print_table(
            f"Decode one coding and write its picture: ms, {STEPS} steps",
            ("run", "codings", "decode", "HTML", "both", "p95"),
            [(name, run.metrics["coding_size"], *decoding(run)) for name, run in found.items()],
        )
        # Without the workers: what they import in the background would be measured too.
        with chromium() as browser, served(cache, AECORE_WARM="0") as (url, server):
            rows = []
            for name, run in found.items():
                page = at_left_end(opened(browser, f"{url}/latent_walk?run={run.key}"))
                before = sum(server.cpu_times()[:2])
                shown = [step(page) for _ in range(KEYS)]
                spent = sum(server.cpu_times()[:2]) - before
                rows.append((name, *milliseconds(shown), f"{1000 * spent / KEYS:.1f}"))
                page.context.close()
    print_table(
        f"One slider step in the app: ms, {KEYS} key presses", ("run", "key to image", "p95", "server CPU"), rows
    )


def decoding(run: Run) -> tuple[str, ...]:
    """Median milliseconds of decoding, of the HTML and of both, and the 95th percentile of both."""
    axis = walk.axes(run)[0]
    z = np.array(run.array("codings")[:1], np.float32)
    inference.decode(run, z)
    decode, write = [], []
    for value in np.linspace(axis.low, axis.high, STEPS):
        z[0, axis.coding] = value
        clock = time.perf_counter()
        image = inference.decode(run, z)[0]
        decode.append(time.perf_counter() - clock)
        large_image_html(image, alt="The decoded picture", width=340)
        write.append(time.perf_counter() - clock - decode[-1])
    both = [a + b for a, b in zip(decode, write, strict=True)]
    return *(f"{1000 * statistics.median(times):.2f}" for times in (decode, write)), *milliseconds(both, 2)


def milliseconds(seconds: list[float], decimals: int = 0) -> tuple[str, str]:
    """Median and 95th percentile."""
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return f"{1000 * statistics.median(seconds):.{decimals}f}", f"{1000 * p95:.{decimals}f}"


def at_left_end(page: Page) -> Page:
    """The page with its first slider in focus and at the left end, so that every step can go to the right."""
    page.locator('[data-testid="stMain"] [data-testid="stSlider"] input').first.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(1000)
    finish(page)
    page.evaluate(WATCH)
    return page


def step(page: Page) -> float:
    """Seconds from one key press to the changed image."""
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.took !== null", timeout=10_000)
    return page.evaluate("window.took") / 1000


if __name__ == "__main__":
    main()
