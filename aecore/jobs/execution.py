"""`execute`, which runs a task in a worker, and the outcome of a job."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from aecore import settings
from aecore.errors import AecoreError
from aecore.jobs.failure_text import one_line
from aecore.jobs.tasks import Task
from aecore.store import files
from aecore.store.runs import ResultFolder

STOP_CHECK_SECONDS = 0.05

logger = logging.getLogger("aecore.jobs")


@dataclass(frozen=True)
class Outcome:
    """The end of a job: 'finished', 'stopped' or 'failed', the reason, the worker's memory in bytes (0: unknown)."""

    state: str
    message: str = ""
    memory: int = 0


def execute(task: Task, folder: str, cache: str) -> Outcome:
    """Run a task, in the worker. Never raises: an error becomes the state 'failed', with one line. `cache` has the
    uploaded data sets."""
    target = ResultFolder(Path(folder))
    try:
        with settings.using_cache(Path(cache)):
            task.run(target.folder, _StopCheck(target))
        outcome = _ending(target)
    except Exception as error:
        outcome = failed(target, error)
    return Outcome(outcome.state, outcome.message, psutil.Process().memory_info().rss)


def failed(target: ResultFolder, error: BaseException) -> Outcome:
    """Write the state 'failed' with one line, and log the traceback; never raises, even for a full or read-only disk.

    A folder with its mark is finished nevertheless: the worker was lost after it had written the last file.
    """
    if target.state == "finished":
        return Outcome("finished")
    message = one_line(error)
    if not isinstance(error, AecoreError):
        logger.error("job %s failed: %s", target.key, message, exc_info=error)
    if isinstance(error, OSError):  # of a full disk: make room for the status by deleting the job's partial files
        # Not after other failures: a worker that is out of contact may be about to write its last file.
        for pattern in ("snapshots/*", "*.tmp", "*.npz"):
            with contextlib.suppress(OSError):  # read-only by now
                for path in target.folder.glob(pattern):
                    path.unlink(missing_ok=True)
    try:
        target.write_status(**{**target.status(), "state": "failed", "message": message})
    except OSError:  # the ticket has the message; the old status must not claim that the job still runs
        with contextlib.suppress(OSError):
            (target.folder / "status.json").unlink(missing_ok=True)
    return Outcome("failed", message)


def _ending(target: ResultFolder) -> Outcome:
    for mark, state in (("DONE", "finished"), ("STOPPED", "stopped")):
        if (target.folder / mark).exists():
            return Outcome(state)
    if target.stop_asked():  # stopped before any result
        files.set_aside(target.folder)
        return Outcome("stopped")
    return failed(target, AecoreError("the job ended without a result"))


class _StopCheck:
    """A task's `should_stop`; looks for `STOP` at most every 50 ms, so that it can be called after each batch."""

    def __init__(self, target: ResultFolder) -> None:
        self.target, self.asked, self.next_check = target, False, 0.0

    def __call__(self) -> bool:
        if not self.asked and time.monotonic() >= self.next_check:
            self.asked = self.target.stop_asked()
            self.next_check = time.monotonic() + STOP_CHECK_SECONDS
        return self.asked
