"""How long a newcomer waits: `streamlit run app.py` to a finished home page, against `import tensorflow` alone.

Each run starts a fresh server and counts from the start of its process until the demonstration's grid of
reconstructions is on the page and the script has ended; the browser itself is running already. In between,
`python -c "import tensorflow"` is timed in the same way, so that both meet the same machine. The first run may read
from a cold disk; the medians count. Goal: a ratio below 1.

    python -m tests.bench.first_screen
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser

from tests.bench.common import demonstrations, finish, print_table, served
from tests.browser.serve import chromium, new_page

RUNS = 5


def main() -> None:
    pairs = []
    with demonstrations() as cache, chromium() as browser:
        for _ in range(RUNS):
            pairs.append((first_screen(browser, cache), import_tensorflow()))
    screen, tensorflow = (statistics.median(times) for times in zip(*pairs, strict=True))
    rows = [
        (f"run {i}" if i <= RUNS else "median", f"{page:.2f}", f"{alone:.2f}", f"{page / alone:.2f}")
        for i, (page, alone) in enumerate([*pairs, (screen, tensorflow)], 1)
    ]
    print_table("First screen: seconds from process start", ("", "home page", "import tensorflow", "ratio"), rows)


def first_screen(browser: Browser, cache: Path) -> float:
    page = new_page(browser)
    started = time.perf_counter()
    with served(cache) as (url, _):
        page.goto(url)
        finish(page)
        seconds = time.perf_counter() - started
        page.context.close()
    return seconds


def import_tensorflow() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
