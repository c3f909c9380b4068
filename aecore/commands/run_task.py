"""`run_task`: runs a task of the queue in a worker process, with its lease, progress on stderr and Ctrl-C."""

from __future__ import annotations

import os
from concurrent.futures import BrokenExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from pathlib import Path

from aecore import jobs
from aecore.commands import progress, workers
from aecore.commands.base import TaskFailed
from aecore.commands.output import say
from aecore.errors import AecoreError, RunError
from aecore.jobs.execution import failed
from aecore.store.lease import Lease, delete_unfinished, translate_os_errors
from aecore.store.runs import ResultFolder

REPORT_SECONDS = 0.25
KILLED = "the worker was killed (out of memory?): try smaller layers, smaller batches or fewer points"


@dataclass(frozen=True)
class TaskResult:
    """A filled result folder. `state`: 'finished', or 'stopped' by Ctrl-C. `cached`: it was filled before."""

    folder: Path
    state: str
    cached: bool = False


def run_task(task: jobs.Task, cache: Path) -> TaskResult:
    """Fill a task's folder, unless it is finished already.

    Ctrl-C asks the task to stop, if it has something to keep, such as a network after its first epoch. Otherwise, and
    the second time, it ends the task and deletes what it has written.

    Raises
    ------
    TaskFailed : with the reason.
    RunError : while another process fills the same folder.
    KeyboardInterrupt : after Ctrl-C, if nothing is kept.
    """
    folder = task.folder(cache)
    task.validate(cache)
    target = ResultFolder(folder)
    if target.state == "finished":
        return TaskResult(folder, "finished", cached=True)
    lease = Lease(folder)
    try:
        with translate_os_errors(cache):
            if not lease.acquire():
                raise RunError(f"run {task.key}: another process works on it; wait for it, or stop it there")
            target.clear()
            task.begin(folder)
        outcome = _outcome(task, cache, lease)
    except KeyboardInterrupt:
        with workers.ignoring_interrupts():
            processes = {os.getpid(), workers.worker(task.lane, cache).end()}
            for unfinished in task.folders(cache):
                delete_unfinished(unfinished, processes)
            say("interrupted; nothing of this task is kept")
        raise
    finally:
        lease.release()
    if outcome.state == "failed":
        raise TaskFailed(outcome.message)
    return TaskResult(folder, outcome.state)


def _outcome(task: jobs.Task, cache: Path, lease: Lease) -> jobs.Outcome:
    """The outcome of a task in its worker; meanwhile reports the progress, renews the lease and handles Ctrl-C."""
    target = ResultFolder(lease.folder)
    call = workers.worker(task.lane, cache).submit(jobs.execute, task, str(target.folder), str(cache))
    stopping = False
    with progress.shown(target.folder) as shown:
        while True:
            try:
                ended = wait_for([call], timeout=REPORT_SECONDS).done
                lease.beat()
                shown.report()
                if ended:
                    break
            except KeyboardInterrupt:
                if stopping or not task.has_result(cache):
                    raise
                stopping = True
                shown.say("stopping; once more to leave at once")
                target.ask_to_stop()
    try:
        return call.result()
    except BrokenExecutor:
        return failed(target, AecoreError(KILLED))
