"""Tasks that do next to nothing, and waiting for them: importable by a worker and by another server."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from aecore import jobs
from aecore.errors import AecoreError
from aecore.jobs import Queue, Task
from aecore.store import files
from aecore.store.runs import ResultFolder

PATIENCE = 30.0  # seconds until a test gives up; nothing is measured


@dataclass(frozen=True)
class Fake(Task):
    """A task that appends its process id to `log`, waits for `gate` (a file) and ends as `does` says."""

    name: str
    log: str
    gate: str = ""
    does: str = "finish"
    seconds: float | None = None
    lane: ClassVar[str] = "train"

    def expected_seconds(self, cache: Path) -> float | None:
        return self.seconds

    @property
    def key(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]

    def folder(self, cache: Path) -> Path:
        return cache / "runs" / self.key

    def describe(self, folder: Path) -> None:
        files.write_json(folder / "spec.json", {"name": self.name})

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        with open(self.log, "a") as log:
            log.write(f"{self.name} {os.getpid()}\n")
        while self.gate and not Path(self.gate).exists():
            if should_stop():
                if self.does == "stop early":
                    return
                files.write_json(folder / "metrics.json", {})
                return ResultFolder(folder).mark("STOPPED")
            time.sleep(0.01)
        if self.does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.does == "die once" and Path(self.log).read_text().count(self.name) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.does in FAILURES:
            raise FAILURES[self.does]
        if self.does != "nothing":
            ResultFolder(folder).write_status(state="finished")
            files.write_json(folder / "metrics.json", {})
            ResultFolder(folder).mark("DONE")


@dataclass(frozen=True)
class FakeMap(Fake):
    lane: ClassVar[str] = "map"

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        try:
            import tensorflow  # noqa: F401
        except ImportError:
            super().run(folder, should_stop)


@dataclass(frozen=True)
class FakeProbe(Fake):
    """Done in the background; stopped, it leaves nothing, as a probe does."""

    does: str = "stop early"
    lane: ClassVar[str] = "map"
    background: ClassVar[bool] = True


@dataclass(frozen=True)
class FakeDeaf(Fake):
    """A task that answers neither to a stop nor to a signal, as one that is busy in a library's C code."""

    def has_result(self, cache: Path) -> bool:
        return self.does == "keep"

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        super().run(folder, lambda: False)


@dataclass(frozen=True)
class FakeKept(Fake):
    def has_result(self, cache: Path) -> bool:
        return True


@dataclass(frozen=True)
class FakeTraining(Fake):
    def follow_up(self) -> Task | None:
        return FakeProbe(f"{self.name}-probe", self.log)


FAILURES: dict[str, Exception] = {
    "refuse": AecoreError("depth: got 9, allowed: 1 to 8"),
    "break": ZeroDivisionError("division\nby zero"),
    "burst": MemoryError(),
    "fill": OSError(errno.ENOSPC, "No space left on device"),
}


def names(log: str) -> list[str]:
    return [line.split()[0] for line in Path(log).read_text().splitlines()]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def ended(queue: Queue, task: Task) -> jobs.Ticket:
    ticket = queue.wait(task.key, PATIENCE)
    assert ticket is not None and ticket.ended, ticket
    return ticket
