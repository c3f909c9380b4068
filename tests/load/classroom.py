"""A class arrives: many visitors at once on one server that trains all the time, and how long each of them waits.

Visitors are websockets that speak Streamlit's protocol (`tests/load/student.py`), in a process of lower priority than
the server's, so that it is the server that is measured; `--browsers` adds real Chromium sessions beside them, of lower
priority still, since in a class each draws on a machine of its own. Each visitor opens the front page within `--arrive`
seconds, then thinks 2 to 10 seconds, opens a page, or turns a knob and presses Train: 70 % ask for what others ask for
too (a variant with a seed that the class shares), 30 % for settings of their own. At the end every run that was asked
for and not stopped must be finished or still waiting, each trained once.

    python -m tests.load.classroom [--students 100] [--minutes 15] [--browsers 5] [--plain]

`--plain` is the comparison: the same app with TensorFlow in the page process, one training at a time in a thread.
Goals: first load 3 s at the 95th percentile, pages 1 s with 100 visitors and .3 s with 30, no error, no lost run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from aecore import presets
from aecore.store.runs import Run
from tests.bench.common import demonstrations, print_table
from tests.browser import serve
from tests.load.student import Student

THINKING = 2.0, 10.0  # seconds
TRAINING = 0.15  # share of the actions that press Train
SHARED = 0.7  # of those, the share that others ask for too
VARIANTS = [presets.get(name).title for name in ("stacked", "vanilla", "tied", "linear", "variational", "sparse-l1")]
SEEDS = 5  # of the shared runs: their number is bounded, as in a lesson
PARTS = 5  # of the lesson; memory is told by the median of each, since a moment's depends on what is just drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--arrive", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--browsers", type=int, default=5)
    parser.add_argument("--plain", action="store_true", help="TensorFlow in the page process")
    args = parser.parse_args()
    with demonstrations() as cache, server(cache, args.plain) as (url, log, process):
        os.nice(10)
        lesson = Lesson(url, cache, process, args)
        lesson.run()
        lesson.report(log)


class Lesson:
    """The visitors' seconds by what they did, and the server's memory."""

    def __init__(self, url: str, cache: Path, process: psutil.Process, args: argparse.Namespace) -> None:
        self.url, self.cache, self.process, self.args = url, cache, process, args
        self.end = time.monotonic() + 60 * args.minutes
        self.seconds: dict[str, list[float]] = {"first load": [], "page": [], "knob": [], "train": []}
        self.in_browser: list[float] = []
        self.asked: set[str] = set()
        self.errors: Counter[str] = Counter()
        self.memory: list[int] = []  # of the page process, bytes every two seconds
        self.states: Counter[str] = Counter()  # of the runs asked for, while everybody is still there

    def run(self) -> None:
        browsers = [
            subprocess.Popen(self._browser(number), stdout=subprocess.PIPE, text=True)
            for number in range(self.args.browsers)
        ]
        asyncio.run(self._class())
        for browser in browsers:
            told, _ = browser.communicate(timeout=120)
            self.in_browser += json.loads(told.splitlines()[-1]) if told.strip() else []
            self.errors["a browser ended early"] += bool(browser.returncode)

    def _browser(self, number: int) -> list[str]:
        return [sys.executable, "-m", "tests.load.sitting", self.url, str(self.args.minutes * 60), str(number)]

    async def _class(self) -> None:
        students = [Student(self.url) for _ in range(self.args.students)]
        visits = (self._visitor(student, number) for number, student in enumerate(students))
        await asyncio.gather(self._watch(), *visits)
        self.states.update(Run(self.cache / "runs" / key).state for key in self.asked)
        for student in students:  # who leaves stops what nobody else waits for
            await student.leave()
            self.errors.update(error[:100] for error in student.errors)

    async def _watch(self) -> None:
        while time.monotonic() < self.end:
            self.memory.append(self.process.memory_info().rss)
            await asyncio.sleep(2)

    async def _visitor(self, student: Student, number: int) -> None:
        draw = random.Random(number)
        await asyncio.sleep(draw.uniform(0, self.args.arrive))
        try:
            self.seconds["first load"].append(await student.arrive())
            while time.monotonic() < self.end:
                await asyncio.sleep(draw.uniform(*THINKING))
                await (self._train(student, draw) if draw.random() < TRAINING else self._look(student, draw))
        except Exception as error:
            self.errors[f"{type(error).__name__}: {error}"[:100]] += 1

    async def _look(self, student: Student, draw: random.Random) -> None:
        self.seconds["page"].append(await student.go(draw.choice(sorted(student.pages))))

    async def _train(self, student: Student, draw: random.Random) -> None:
        own = draw.random() > SHARED
        self.seconds["knob"].append(await student.set(variant=draw.choice(VARIANTS)))
        seed = draw.randrange(10**6) if own else draw.randrange(SEEDS)
        self.seconds["knob"].append(await student.set(seed=float(seed)))
        before = student.key
        self.seconds["train"].append(await student.set(train=True))
        if student.key and student.key != before:
            self.asked.add(student.key)

    def report(self, log: Path) -> None:
        rows = [(name, len(times), *quantiles(times)) for name, times in self.seconds.items() if times]
        if self.in_browser:
            rows.append(("page, in Chromium", len(self.in_browser), *quantiles(self.in_browser)))
        kind = "plain, TensorFlow in the page process" if self.args.plain else "this app"
        title = f"{self.args.students} visitors for {self.args.minutes:g} minutes, {kind}: seconds"
        print_table(title, ("", "times", "median", "p95", "longest"), rows)
        events = [json.loads(line) for line in log.read_text(errors="replace").splitlines() if line.startswith("{")]
        trained = Counter(e["key"] for e in events if e.get("event") == "running" and e.get("lane") == "train")
        open_runs = self.states["waiting"] + self.states["running"]
        length = -(-len(self.memory) // PARTS)
        parts = [self.memory[start : start + length] for start in range(0, len(self.memory), length)]
        facts = [
            ("specs asked for", len(self.asked)),
            ("… finished", self.states["finished"]),
            ("… waiting or training at the end", open_runs),
            ("… lost", sum(self.states.values()) - self.states["finished"] - open_runs),
            ("trainings begun", sum(trained.values())),
            ("… of one spec more than once", sum(count > 1 for count in trained.values())),
            ("errors", sum(self.errors.values())),
            ("page process, MB: median of each fifth", ", ".join(f"{statistics.median(p) / 1e6:.0f}" for p in parts)),
            ("… at most", f"{max(self.memory) / 1e6:.0f}"),
        ]
        print_table("What became of it", ("", ""), facts)
        for error, count in self.errors.most_common(10):
            if count:
                print(f"{count} × {error}")


def quantiles(seconds: list[float]) -> tuple[str, str, str]:
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return f"{statistics.median(seconds):.2f}", f"{p95:.2f}", f"{max(seconds):.2f}"


def server(cache: Path, plain: bool) -> contextlib.AbstractContextManager[tuple[str, Path, psutil.Process]]:
    """The app as a host starts it: its address, its log, its process."""
    return served_by(cache, "tests/load/plain.py" if plain else "app.py")


@contextlib.contextmanager
def served_by(
    cache: Path, script: str, *arguments: str, **environment: str
) -> Iterator[tuple[str, Path, psutil.Process]]:
    """`streamlit run` of a script: its address, its log, its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        options = ("--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none")
        command = [sys.executable, "-m", "streamlit", "run", *options, script, *arguments]
        variables = {**os.environ, "AECORE_CACHE": str(cache), **environment}
        with log.open("w") as file:
            started = subprocess.Popen(command, cwd=serve.ROOT, env=variables, stdout=file, stderr=file)
        try:
            serve.wait_for(port)
            yield f"http://127.0.0.1:{port}", log, psutil.Process(started.pid)
        finally:
            started.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(20)
            started.kill()


if __name__ == "__main__":
    main()
