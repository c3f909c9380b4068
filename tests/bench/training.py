"""How long a training takes: from the click on Train to progress, first loss and end; and every variant's default.

First table, in the browser with a warm worker: seconds from the click until the progress line appears, until it says
a loss, and until the finished run is on the page, for five seeds of the default variant; the first is the worker's
first training. Goals: the first loss within 3 s, the end within 15 s. Second table, without a browser: every
variant's default through a queue with a warm worker, from `submit` to finished, and the error it reaches against
PCA's with as many components. Goal: 60 s.

    python -m tests.bench.training [VARIANT ...]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
from playwright.sync_api import Browser

from aecore import jobs, presets
from aecore.store import runs
from tests.bench.common import demonstrations, finish, opened, print_table, served, wait_for_worker
from tests.browser.serve import chromium

DEFAULT = "stacked"
SEEDS = (1, 2, 3, 4, 5)
PROGRESS = '[data-testid="stProgress"]'
FIRST_LOSS = f"""() => [...document.querySelectorAll('{PROGRESS}')].some(line => /loss [.\\d]/.test(line.innerText))"""


def main(variants: Sequence[str]) -> None:
    with demonstrations() as cache, chromium() as browser, served(cache) as (url, server):
        opened(browser, url).context.close()  # the first visit starts the worker
        wait_for_worker(server)
        times = [clicked(browser, url, seed) for seed in SEEDS]
    rows = [(f"seed {seed}", *row) for seed, row in zip(SEEDS, times, strict=True)]
    rows.append(("median", *map(statistics.median, zip(*times, strict=True))))
    print_table(
        f"Train in the browser: {DEFAULT}, seconds from the click",
        ("", "progress line", "first loss", "finished"),
        [(name, *(f"{value:.2f}" for value in row)) for name, *row in rows],
    )
    print_table(
        "Every variant's default through a queue with a warm worker",
        ("variant", "epochs", "codings", "seconds", "MSE", "PCA"),
        list(queued(variants)),
    )


def clicked(browser: Browser, url: str, seed: int) -> tuple[float, float, float]:
    """Seconds from the click to the progress line, to the first loss and to the finished page."""
    page = opened(browser, f"{url}/?seed={seed}")
    train = page.locator(".st-key-train button")
    started = time.perf_counter()
    train.click()
    page.wait_for_selector(PROGRESS)
    progress = time.perf_counter() - started
    page.wait_for_function(FIRST_LOSS)
    loss = time.perf_counter() - started
    finish(page)
    end = time.perf_counter() - started
    page.context.close()
    return progress, loss, end


def queued(variants: Sequence[str]) -> list[tuple[object, ...]]:
    """One row a variant. The queue has a cache folder of its own, so that nothing is finished already."""
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        queue = jobs.Queue(Path(folder))
        queue.warm()
        wait_for_worker(psutil.Process())
        for name in variants:
            spec = presets.get(name).spec
            started = time.perf_counter()
            ticket = queue.wait(queue.submit(jobs.TrainTask(spec), "bench").key)
            seconds = time.perf_counter() - started
            found = runs.run_of(spec, Path(folder)).metrics
            if ticket is None or ticket.state != "finished":
                raise SystemExit(f"{name}: {ticket and (ticket.message or ticket.state)}")
            errors = (f"{found[key]:.5f}" for key in ("val_mse", "pca_mse"))
            rows.append((name, found["epochs"], found["coding_size"], f"{seconds:.1f}", *errors))
        queue.close()
    return rows


if __name__ == "__main__":
    main(sys.argv[1:] or tuple(presets.VARIANTS))
