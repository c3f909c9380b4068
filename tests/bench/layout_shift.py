"""How much each page moves by itself: on its first load, and after a knob was turned.

Layout shift as Chromium counts it (`PerformanceObserver`), summed over all entries. After a knob, the entries within
half a second of the input count, too, which the usual score (CLS) leaves out. Goal: at most .05 each.

    python -m tests.bench.layout_shift [--sources] [path?query …]

`--sources` prints what moved, from where to where (x y width height).
"""

from __future__ import annotations

import sys

from playwright.sync_api import Browser

from tests.bench.common import demonstrations, print_table, served
from tests.browser import layout_shift
from tests.browser.layout_shift import Shift
from tests.browser.serve import PATHS, chromium, new_page, nudge, settle

SIZES = ((1440, 900), (1366, 768), (1920, 1080), (380, 844))
CALM = 2500  # milliseconds after a script's end in which charts and components still arrive


def main(paths: list[str], sources: bool) -> None:
    rows = []
    with demonstrations() as cache, served(cache, AECORE_WARM="0") as (url, _), chromium() as browser:
        first, _ = measure(browser, url, SIZES[0])
        for path in paths:
            cells = []
            for size in SIZES:
                loaded, turned = measure(browser, f"{url}/{path}", size)
                cells += [f"{layout_shift.total(shifts):.3f}" for shifts in (loaded, turned)]
                if sources:
                    print_sources(f"{path or 'home'}, {size[0]} px, first load", loaded)
                    print_sources(f"{path or 'home'}, {size[0]} px, knob", turned)
            rows.append((path or "home", *cells))
    header = [f"{width} px {what}" for width, _ in SIZES for what in ("load", "knob")]
    rows.append(("first visitor of a new server, home", f"{layout_shift.total(first):.3f}", *[""] * (len(header) - 1)))
    print_table("Layout shift", ("", *header), rows)


def measure(browser: Browser, url: str, size: tuple[int, int]) -> tuple[list[Shift], list[Shift]]:
    """The shifts of a first load and those after the coding size was turned by one stop."""
    page = new_page(browser, size)
    layout_shift.observe(page)
    page.goto(url)
    settle(page)
    page.wait_for_timeout(CALM)
    loaded = layout_shift.take(page)
    if size[0] < 768:  # the sidebar covers a phone's page
        page.get_by_role("button", name="Knobs").click()
        page.wait_for_timeout(1000)
        layout_shift.take(page)
    nudge(page, "coding_size", "ArrowLeft")
    page.wait_for_timeout(CALM)
    turned = layout_shift.take(page)
    page.context.close()
    return loaded, turned


def print_sources(title: str, shifts: list[Shift]) -> None:
    print(f"\n{title}", flush=True)
    for shift in shifts:
        print(f"  {shift.value:.4f} at {shift.time} ms")
        for source in shift.sources:
            print(f"      {source}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main([name for name in arguments if name != "--sources"] or list(PATHS), "--sources" in arguments)
