"""What the measurements share: the machine in one line, a plain table, and the app on a copy of the demonstrations."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page

from aecore.presets import demonstrations as demo
from aecore.store import runs
from tests.browser.serve import app, new_page

LOAD = os.getloadavg()[0]
# A page is finished when its script has ended, nothing is trained or drawn any more, and its picture is there whole.
FINISHED = """picture => {
  const images = [...document.querySelectorAll(".ae-grid img")];
  return document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    && !document.querySelector('[data-testid="stProgress"]')
    && document.querySelector(".st-key-stop button")?.disabled
    && [...document.querySelectorAll(picture)].some(element => element.checkVisibility())
    && images.every(image => image.complete && image.naturalWidth);
}"""


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """The title, the machine and the rows, numbers to the right."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    print(f"\n{title}\n{machine()}\n", flush=True)
    for row in cells:
        aligned = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(aligned).rstrip(), flush=True)


def machine() -> str:
    """Cores, processor, Python, and how busy the machine was before: times taken under load are no times."""
    return f"{os.cpu_count()} cores, {processor()}, Python {platform.python_version()}, load {LOAD:.1f}"


def processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def demonstrations() -> Iterator[Path]:
    """A temporary cache folder with copies of the demonstration runs: what is measured leaves no trace."""
    made = [run for run in map(runs.open_run, demo.keys().values()) if run.readable]
    if not made:
        raise SystemExit("no demonstration run in the cache folder: make them with `python -m aecore demo`")
    with tempfile.TemporaryDirectory() as folder:
        for run in made:
            shutil.copytree(run.folder, Path(folder) / "runs" / run.key)
        yield Path(folder)


@contextlib.contextmanager
def served(cache: Path, **environment: str) -> Iterator[tuple[str, psutil.Process]]:
    """The app's address and its server process, which speaks to stderr: a table is all there is on stdout."""
    stdout = os.dup(1)
    os.dup2(2, 1)
    with app(AECORE_CACHE=str(cache), **environment) as url:
        os.dup2(stdout, 1)
        os.close(stdout)
        option = f"--server.port={url.rpartition(':')[2]}"
        yield url, next(child for child in psutil.Process().children() if option in child.cmdline())


def opened(browser: Browser, url: str, picture: str = ".ae-grid img") -> Page:
    """A new visitor's page, finished."""
    page = new_page(browser)
    page.goto(url)
    finish(page, picture)
    return page


def finish(page: Page, picture: str = ".ae-grid img", seconds: float = 120) -> None:
    """Wait for a finished page; `picture` selects what has to be on it."""
    page.wait_for_function(FINISHED, arg=picture, timeout=seconds * 1000)


def worker(parent: psutil.Process, library: str) -> psutil.Process | None:
    """The child process that has a shared object of `library` loaded: 'tensorflow' trains, 'llvmlite' draws maps."""
    return next((child for child in parent.children(recursive=True) if has(child, library)), None)


def has(process: psutil.Process, library: str) -> bool:
    """True where a shared object of that library is mapped, whatever Python says about its modules."""
    with contextlib.suppress(psutil.Error):
        return any(f"/{library}" in mapped.path and ".so" in mapped.path for mapped in process.memory_maps())
    return False


def wait_for_worker(parent: psutil.Process, seconds: float = 120) -> psutil.Process:
    """The train worker, once it has imported TensorFlow and nothing is left for it or its neighbours to prepare."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = worker(parent, "tensorflow")
        if found and all(child.cpu_percent(1.0) < 5 for child in parent.children(recursive=True)):
            return found
        time.sleep(0.2)
    raise TimeoutError(f"no idle worker after {seconds} s")
