"""`run_task`: runs a task of the queue in this process, with its lease, progress on stderr and Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aecore import jobs
from aecore.commands.base import TaskFailed
from aecore.commands.output import say
from aecore.errors import RunError
from aecore.store.lease import Lease, translate_os_errors
from aecore.store.runs import ResultFolder, Run

BEAT_SECONDS = 0.5


@dataclass(frozen=True)
class TaskResult:
    """A filled result folder. `state`: 'finished', or 'stopped' by Ctrl-C. `cached`: it was filled before."""

    folder: Path
    state: str
    cached: bool = False


def run_task(task: jobs.Task, cache: Path) -> TaskResult:
    """Fill a task's folder, unless it is finished already.

    Raises `TaskFailed` with the reason if the task fails, `RunError` while another process fills the same folder.
    """
    folder = task.folder(cache)
    task.validate(cache)
    target = ResultFolder(folder)
    if target.state == "finished":
        return TaskResult(folder, "finished", cached=True)
    lease = Lease(folder)
    with translate_os_errors(cache):
        if not lease.acquire():
            raise RunError(f"run {task.key}: another process works on it; wait for it, or stop it there")
    try:
        with translate_os_errors(cache):
            target.clear()
            task.begin(folder)
        with _stop_by_interrupt(target), _reported(lease, folder):
            outcome = jobs.execute(task, str(folder))
    finally:
        lease.release()
    if outcome.state == "failed":
        raise TaskFailed(outcome.message)
    return TaskResult(folder, outcome.state)


@contextlib.contextmanager
def _stop_by_interrupt(target: ResultFolder) -> Iterator[None]:
    """Inside the block the first Ctrl-C asks the task to stop, which keeps its result; the second one interrupts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(*_: object) -> None:
        signal.signal(signal.SIGINT, previous)
        say("stopping; once more to leave at once")
        target.ask_to_stop()

    previous = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextlib.contextmanager
def _reported(lease: Lease, folder: Path) -> Iterator[None]:
    """Inside the block a thread renews the lease and prints the changes of the folder's status."""
    ended = threading.Event()
    progress = _ProgressPrinter(folder)

    def watch() -> None:
        while not ended.wait(BEAT_SECONDS):
            lease.beat()
            progress.report()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        progress.report()


class _ProgressPrinter:
    """Prints each epoch of a training once, and each new message of the status."""

    def __init__(self, folder: Path) -> None:
        self.run, self.message, self.epochs = Run(folder), "", 0
        self.stream = sys.stderr  # the export to ONNX replaces `sys.stderr` for a while, in all threads

    def report(self) -> None:
        """Print what is new since the last call."""
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
