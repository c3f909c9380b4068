"""What the app's processes hold in memory: the page's after every page, then page and workers after ten trainings.

RSS counts shared pages in every process, PSS divides them, USS leaves them out (MB, 10⁶ bytes; PSS and USS where the
system tells them). 'TensorFlow' and 'numba' say whether a shared object of theirs is mapped into the process, which
no lazy import can hide; UMAP needs numba. The page's process must have neither. Goals: the page's process below
400 MB, page and train worker together below 2,000 MB, at their largest as well.

    python -m tests.bench.memory
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import Browser

from aecore import presets
from aecore.presets import demonstrations as demo
from aecore.store import runs
from tests.bench.common import demonstrations, finish, has, opened, print_table, served, wait_for_worker, worker
from tests.browser.serve import PATHS, chromium

TRAININGS = 10
SHORT = {"epochs": 2}
UMAP = "latent_map?method=UMAP&map_seed=1"  # another seed than the committed map's: it has to be computed
HEADER = ("", "RSS", "PSS", "USS", "TensorFlow", "numba")


def main() -> None:
    rows: list[tuple[object, ...]] = []
    with demonstrations() as cache, chromium() as browser, served(cache) as (url, server):
        visit(browser, url)
        rows.append(measured("page process: home page", server))
        wait_for_worker(server)
        for path in (*PATHS, UMAP):
            visit(browser, f"{url}/{path}")
        rows.append(measured("page process: every page, a map drawn", server))
        for path in PATHS:
            for key in demo.keys().values():
                visit(browser, f"{url}/{path}?run={key}")
        rows.append(measured("page process: every page with every demonstration", server))
        largest = max(trained(browser, url, cache, server))
        rows += [
            measured(f"page process: after {TRAININGS} trainings", server),
            measured(f"train worker: after {TRAININGS} trainings", worker(server, "tensorflow")),
            ("page process and train worker, largest sum", f"{largest / 1e6:.0f}"),
            measured("map worker", worker(server, "llvmlite")),
        ]
    print_table("Memory, MB", HEADER, [(*row, *[""] * (len(HEADER) - len(row))) for row in rows])


def visit(browser: Browser, url: str) -> None:
    opened(browser, url, ".ae-grid img, .js-plotly-plot").context.close()


def trained(browser: Browser, url: str, cache: Path, server: psutil.Process) -> Iterator[int]:
    """Train short runs of ten seeds through the page; RSS of page and train worker twice a second."""
    for seed in range(1, TRAININGS + 1):
        run = runs.run_of(presets.get("stacked").spec.replace(**SHORT, seed=seed), cache)
        page = opened(browser, f"{url}/?epochs={SHORT['epochs']}&seed={seed}")
        page.locator(".st-key-train button").click()
        while run.state != "finished":
            if run.state == "failed":
                raise SystemExit(f"seed {seed}: {run.status().get('message')}")
            found = worker(server, "tensorflow")
            yield sum(process.memory_info().rss for process in (server, found) if process)
            page.wait_for_timeout(500)
        finish(page)
        page.context.close()


def measured(name: str, process: psutil.Process | None) -> tuple[object, ...]:
    """One row of the table."""
    if process is None:
        return name, "none"
    found = process.memory_full_info()
    sizes = (getattr(found, kind, None) for kind in ("rss", "pss", "uss"))
    libraries = ("yes" if has(process, library) else "no" for library in ("tensorflow", "numba"))
    return name, *("–" if size is None else f"{size / 1e6:.0f}" for size in sizes), *libraries


if __name__ == "__main__":
    main()
