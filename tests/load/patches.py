"""What each patch of Streamlit (`pages/widgets/server/streamlit_patches.py`) gains alone.

Measured are the CPU seconds of the server process for a visit of a page by a session that has visited all pages before,
with all patches, with each one left out in turn, and without any. One round starts a server for each of these, in a
random order; the table has the medians over the rounds. Nothing else should run on the machine.

    python -m tests.load.patches [--rounds 5] [--visits 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from pages.widgets.server import streamlit_patches
from tests.bench.common import demonstrations, print_table
from tests.load.classroom import served_by
from tests.load.student import Student

SETTLE_SECONDS = 0.3  # until the event loop has sent what a visit drew
NAMES = tuple(patch.name for patch in streamlit_patches.PATCHES)
VARIANTS = {"(all installed)": (), **{name: (name,) for name in NAMES}, "(none installed)": NAMES}

Seconds = dict[str, float]  # by page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--visits", type=int, default=20, help="of each page in a round")
    parser.add_argument("--seed", type=int, default=1, help="of the order within a round")
    args = parser.parse_args()
    draw = random.Random(args.seed)
    measured: dict[str, list[Seconds]] = {name: [] for name in VARIANTS}
    with demonstrations() as cache:
        for round_ in range(args.rounds):
            for name in draw.sample(list(VARIANTS), len(VARIANTS)):
                with server(cache, VARIANTS[name]) as (url, process):
                    measured[name].append(asyncio.run(visits(url, process, args.visits)))
                print(f"round {round_ + 1} of {args.rounds}: {name}", file=sys.stderr)
    report({name: medians(rounds) for name, rounds in measured.items()})


@contextlib.contextmanager
def server(cache: Path, without: tuple[str, ...]) -> Iterator[tuple[str, psutil.Process]]:
    """The app without these patches and without workers: its address and its process."""
    script = ("tests/load/without_patches.py", "--", *without)
    with served_by(cache, *script, AECORE_WARM="0") as (url, _, process):
        yield url, process


async def visits(url: str, process: psutil.Process, count: int) -> Seconds:
    """CPU seconds of `process` for a visit of each page, the mean of `count` in turn with the other pages."""
    student = Student(url)
    await student.arrive()
    pages = sorted(student.pages)
    spent = dict.fromkeys(pages, 0.0)
    for number in range(-2, count):  # the first two fill the caches of the server and of the session
        for page in pages:
            before = cpu_seconds(process)
            await student.go(page)
            await asyncio.sleep(SETTLE_SECONDS)
            spent[page] += (cpu_seconds(process) - before) * (number >= 0)
    await student.leave()
    if student.errors:
        raise SystemExit(f"the server failed: {student.errors[0]}")
    return {page: seconds / count for page, seconds in spent.items()}


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time, in steps of the kernel's clock (10 ms): only sums over many visits are exact."""
    times = process.cpu_times()
    return times.user + times.system


def medians(rounds: list[Seconds]) -> Seconds:
    return {page: statistics.median(round_[page] for round_ in rounds) for page in rounds[0]}


def report(measured: dict[str, Seconds]) -> None:
    pages = list(next(iter(measured.values())))
    means = {name: statistics.mean(seconds.values()) for name, seconds in measured.items()}
    all_installed = means["(all installed)"]
    rows = [
        (name, *(f"{1000 * seconds[page]:.1f}" for page in pages), f"{1000 * means[name]:.1f}", gain)
        for name, seconds in measured.items()
        for gain in [f"{100 * (means[name] / all_installed - 1):+.1f} %" if all_installed else "?"]
    ]
    title = "CPU milliseconds of the server a visit; what more it costs without the patch"
    print_table(title, ("without", *(page or "home" for page in pages), "mean", "more"), rows)


if __name__ == "__main__":
    main()
