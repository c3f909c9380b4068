"""Doing a task of the queue here and now, in this process: with its lease, its progress on stderr, its Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aecore import jobs
from aecore.commands.base import WorkFailed, say
from aecore.errors import RunError
from aecore.store.lease import Lease
from aecore.store.runs import ResultFolder, Run

BEAT_SECONDS = 0.5


@dataclass(frozen=True)
class TaskResult:
    """A folder that is filled. `cached`: it was before. `state`: 'finished', or 'stopped' by Ctrl-C."""

    folder: Path
    state: str
    cached: bool = False


def run_task(task: jobs.Task, cache: Path, quiet: bool = False) -> TaskResult:
    """Fill a task's folder unless it is filled already.

    Raises `WorkFailed` with the reason when it fails, `RunError` while another process fills the same folder.
    """
    folder = task.folder(cache)
    task.validate(cache)
    target = ResultFolder(folder)
    if target.state == "finished":
        return TaskResult(folder, "finished", cached=True)
    lease = Lease(folder)
    if not lease.acquire():
        raise RunError(f"run {task.key}: another process works on it; wait for it, or stop it there")
    try:
        target.clear()
        task.begin(folder)
        with _stop_by_interrupt(target), _watched(lease, folder, quiet):
            outcome = jobs.execute(task, str(folder))
    finally:
        lease.release()
    if outcome.state == "failed":
        raise WorkFailed(outcome.message)
    return TaskResult(folder, outcome.state)


@contextlib.contextmanager
def _stop_by_interrupt(target: ResultFolder) -> Iterator[None]:
    """The first Ctrl-C asks the work to stop, which leaves something to look at; the second one is Python's own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        say("stopping; once more to leave at once")
        target.ask_to_stop()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _watched(lease: Lease, folder: Path, quiet: bool) -> Iterator[None]:
    """Keep the lease alive and say what the folder's status says, until the work is done."""
    ended = threading.Event()
    progress = _Progress(folder)

    def watch() -> None:
        while not ended.wait(BEAT_SECONDS):
            lease.beat()
            if not quiet:
                progress.report()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if not quiet:
            progress.report()


class _Progress:
    """Says each epoch once, and each change of what is being done."""

    def __init__(self, folder: Path) -> None:
        self.run, self.message, self.epochs = Run(folder), "", 0
        self.stream = sys.stderr  # kept, since exporting to ONNX silences `sys.stderr` for a while, in all threads

    def report(self) -> None:
        status = self.run.status()
        for row in self.run.history["epochs"][self.epochs :]:
            self.epochs += 1
            phase = f"{row['phase']}, " if row.get("phase") else ""
            losses = f"loss {row['loss']:.4f}, validation {row['val_loss']:.4f}"
            say(f"{phase}epoch {row['epoch']} of {status.get('epochs', '?')}: {losses}", self.stream)
        message = str(status.get("message") or "")
        if message and message != self.message and status.get("state") == "running":
            say(message, self.stream)
        self.message = message
