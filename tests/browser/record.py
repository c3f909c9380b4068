"""The pictures of the README, taken from the running app: `python -m tests.browser.record`.

`static/screens/<page>.png` is one screenshot a page; `static/tour.gif` shows a training, its latent map and a walk.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from aecore.presets import demonstrations
from tests.browser.serve import PATHS, PATIENCE, ROOT, app, chromium, click, new_page, progress, settle, type_into

SCREEN, SCREEN_WIDTH = (1280, 800), 640
TOUR, TOUR_WIDTH = (1200, 750), 760
COLOURS = 240
MAX_BYTES = 3_000_000  # of the animation
VIEWS = {  # page: what its link says beside the run
    "": "",
    "guide": "",
    "latent_map": "method=UMAP&run={stacked}",
    "latent_walk": "run={variational-2}",
    "compare": "run={stacked}&other={linear}",
    "sparsity": "run={sparse-kl}",
    "anomalies": "run={stacked}",
    "pretraining": "run={convolutional}",
    "classroom": "run={stacked}",
}


class Tour:
    """Frames of an animation: screenshots of a page with the pointer drawn in, and how long each is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.milliseconds: list[int] = []

    def shoot(self, milliseconds: int = 250) -> None:
        """Append what the page shows now."""
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        height = round(image.height * TOUR_WIDTH / image.width)
        self.frames.append(image.resize((TOUR_WIDTH, height), Image.Resampling.LANCZOS))
        self.milliseconds.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write a GIF in one palette, taken from all frames."""
        width, height = self.frames[0].size
        sheet = Image.new("RGB", (width, height * len(self.frames)))
        for row, frame in enumerate(self.frames):
            sheet.paste(frame, (0, row * height))
        palette = sheet.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames)
        first.save(path, save_all=True, append_images=others, duration=self.milliseconds, loop=0, optimize=True)


def tour(browser: Browser, url: str) -> Tour:
    """Train with another seed, look at the map, walk."""
    page = new_page(browser, TOUR)
    page.goto(url)
    settle(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=PATIENCE)
    shots = Tour(page)
    shots.shoot(1200)
    type_into(page, "epochs", 8)
    shots.shoot(600)
    click(page, "train")
    expect(progress(page)).to_be_visible()
    for _ in range(12):
        shots.shoot(300)
        page.wait_for_timeout(700)
        if not progress(page).count():
            break
    expect(progress(page)).to_have_count(0, timeout=PATIENCE)
    settle(page)
    shots.shoot(1500)
    page.goto(f"{url}/latent_map?method=UMAP&run={demonstrations.keys()['stacked']}")
    settle(page)
    canvas = page.locator(".st-key-latent_map_map canvas[data-ready]:visible").first
    expect(canvas).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    shots.shoot(900)
    box = canvas.bounding_box()
    assert box
    for point in (100, 700, 300, 1200, 40, 900):
        at = canvas.evaluate("(canvas, i) => canvas.positionOf(i)", point)
        page.mouse.move(box["x"] + at["x"], box["y"] + at["y"])
        page.wait_for_timeout(250)
        shots.shoot(600)
    page.goto(f"{url}/latent_walk?run={demonstrations.keys()['variational-2']}")
    settle(page)
    walk = page.locator(".walk[data-ready]")
    expect(walk).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(800)
    shots.shoot(800)
    for row, key in [(0, "ArrowLeft")] * 8 + [(1, "ArrowLeft")] * 8 + [(0, "ArrowRight")] * 8:
        slider = walk.locator(".row input").nth(row)
        slider.focus()
        for _ in range(4):
            slider.press(key)
        page.wait_for_timeout(120)
        shots.shoot(140)
    shots.shoot(1200)
    return shots


def screens(browser: Browser, url: str, folder: Path) -> None:
    """One picture a page, in the light theme."""
    for path, name in PATHS.items():
        page = new_page(browser, SCREEN)
        page.goto(f"{url}/{path}?{VIEWS[path].format(**demonstrations.keys())}")
        settle(page)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=PATIENCE)
        page.wait_for_timeout(1500)
        expect(progress(page)).to_have_count(0, timeout=PATIENCE)
        settle(page)
        page.wait_for_timeout(1500)
        image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        height = round(image.height * SCREEN_WIDTH / image.width)
        small = image.resize((SCREEN_WIDTH, height), Image.Resampling.LANCZOS).quantize(256, dither=Image.Dither.NONE)
        small.save(folder / f"{path or name.lower()}.png", optimize=True)
        page.context.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        for part in ("runs", "pretraining"):
            shutil.copytree(ROOT / "cache" / part, Path(cache) / part)
        with app(AECORE_CACHE=cache) as url, chromium() as browser:
            screens(browser, url, ROOT / "static" / "screens")
            shots = tour(browser, url)
    path = ROOT / "static" / "tour.gif"
    shots.save(path)
    size = path.stat().st_size
    print(f"{len(shots.frames)} frames, {size / 1e6:.2f} MB (at most {MAX_BYTES / 1e6:g})")


if __name__ == "__main__":
    main()
