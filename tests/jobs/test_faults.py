"""Real trainings whose worker or server is killed.

A fault must have struck before the end, else these tests say nothing: each of them makes sure of that.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from aecore.errors import AecoreError
from aecore.jobs import Outcome, Queue, TrainTask, actual_status, dispatch, execute, worker_process
from aecore.jobs.execution import failed
from aecore.store import eviction, lease, listing, runs
from aecore.store.runs import Run
from tests.jobs.fakes import ended, until
from tests.jobs.small_trainings import complete, training
from tests.jobs.test_servers import gone

pytestmark = pytest.mark.usefixtures("patient")
ROOT = Path(__file__).resolve().parents[2]
EPOCHS_TO_STRIKE = 20  # enough of them for a fault to find the training at it
EPOCHS_TO_OUTLIVE = 150  # more than a worker finishes in the second it has after its server's death


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    """One server for all tests that kill its worker."""
    queue = Queue(tmp_path_factory.mktemp("there"))
    yield queue
    queue.close()


def strike(run: Run, moment: Callable[[Run], object], parent: int | None = None) -> None:
    """SIGKILL the worker at that moment."""
    until(lambda: moment(run) and workers(parent))
    (worker,) = workers(parent)
    worker.kill()
    with contextlib.suppress(psutil.NoSuchProcess):
        worker.wait()
    assert run.state != "finished", "the fault came too late"


def workers(parent: int | None = None) -> list[psutil.Process]:
    """The queue's workers, not those that joblib made for another test of this process: ours have our environment."""
    ours = worker_process.worker_environment(None)
    found = []
    for child in psutil.Process(parent).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "LokyProcess" in " ".join(child.cmdline()) and ours.items() <= child.environ().items():
                found.append(child)
    return found


MOMENTS: dict[str, Callable[[Run], Any]] = {
    "at its start": lambda run: run.status().get("state") == "running",
    "in an epoch": lambda run: run.status().get("epoch", 0) > 1,
    "while it writes": lambda run: (run.folder / "encoder.onnx").exists(),
}


@pytest.mark.parametrize(("moment", "epochs"), [("in an epoch", EPOCHS_TO_STRIKE), ("while it writes", 2)])
def test_a_run_outlives_its_killed_worker(
    there: Queue, moment: str, epochs: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="aecore.jobs")
    task = training(list(MOMENTS).index(moment), epochs)
    run = Run(there.submit(task, "ann").folder)
    strike(run, MOMENTS[moment])
    assert ended(there, task).state == "finished"
    complete(run)
    events = [json.loads(record.getMessage())["event"] for record in caplog.records if record.name == "aecore.jobs"]
    assert events == ["waiting", "running", "killed", "running", "finished"]


def test_killed_twice_fails_with_the_reason_and_costs_no_other_run(there: Queue) -> None:
    task, after = training(10, EPOCHS_TO_STRIKE), training(11)
    run = Run(there.submit(task, "ann").folder)
    there.submit(after, "bob")
    first = [worker.pid for worker in workers()]
    strike(run, MOMENTS["in an epoch"] if first else MOMENTS["at its start"])
    until(lambda: workers() and workers()[0].pid not in first)
    strike(run, MOMENTS["at its start"])
    ticket = ended(there, task)
    assert ticket.state == "failed" and ticket.message == dispatch.KILLED
    assert actual_status(run)["state"] == "failed" and actual_status(run)["message"] == dispatch.KILLED
    assert not run.readable
    assert ended(there, after).state == "finished"
    assert run.key not in [other.key for other in listing.list_runs(there.cache)]
    there.submit(task, "ann")
    assert ended(there, task).state == "finished"
    complete(run)


def test_a_worker_killed_after_the_last_file_has_done_its_work(inline: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def lost(task: TrainTask, folder: str, cache: str) -> Outcome:
        tries.append(folder)
        if len(tries) == 2:
            execute(task, folder, cache)
        raise BrokenExecutor("it cannot say so any more")

    monkeypatch.setattr(dispatch, "execute", lost)
    ticket = inline.submit(training(0), "ann")
    assert ticket.state == "finished" and len(tries) == 2
    complete(Run(ticket.folder))


def test_who_is_given_up_may_still_come_to_the_end(copy: Run, inline: Queue) -> None:
    (copy.folder / "DONE").unlink()
    assert failed(copy, AecoreError(lease.INTERRUPTED)).state == inline.state_of(copy) == "failed"
    copy.mark("DONE")  # by a worker of a cluster that nobody can hear any more
    complete(copy)


SERVER = """
import sys, time
from pathlib import Path
from aecore.jobs import Queue
from aecore.jobs import TrainTask
from tests.jobs.small_trainings import training
TrainTask.follow_up = lambda self: None
queue = Queue(Path(sys.argv[1]))
queue.submit(training(0), "ann")
queue.submit(training(1, int(sys.argv[2])), "bob")
queue.submit(training(2), "cid")
time.sleep(600)
"""


def test_a_killed_server_loses_no_run(inline: Queue) -> None:
    done, half, waiting = (
        runs.run_of(task.spec, inline.cache) for task in (training(0), training(1, EPOCHS_TO_OUTLIVE), training(2))
    )
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(inline.cache), str(EPOCHS_TO_OUTLIVE)], cwd=ROOT)
    try:
        until(lambda: MOMENTS["in an epoch"](half) or process.poll() is not None)
        assert process.poll() is None
        orphans = workers(process.pid)
    finally:
        process.kill()
        process.wait()
    assert [done.state, half.state, waiting.state] == ["finished", "running", "waiting"] and len(orphans) == 1
    until(lambda: gone(orphans[0].pid))
    # A new server on the same cache.
    complete(done)
    until(lambda: inline.state_of(half) != "running")
    assert inline.state_of(half) == "failed" and "start it again" in actual_status(half)["message"]
    for task, run in ((training(0), done), (training(1, EPOCHS_TO_OUTLIVE), half), (training(2), waiting)):
        before = (done.folder / "model.keras").stat().st_mtime_ns
        assert inline.submit(task, "bob").state == "finished"
        complete(run)
        assert (done.folder / "model.keras").stat().st_mtime_ns == before  # it was not done again
    assert list(inline.cache.glob("runs/.*")) == []


def test_what_a_server_left_that_died_while_deleting_goes_later(tmp_path: Path) -> None:
    old, new = tmp_path / "runs" / ".aside-old", tmp_path / "runs" / ".aside-new"
    for folder in (old, new):
        (folder / ("0" * runs.KEY_LENGTH)).mkdir(parents=True)
    os.utime(old, (time.time() - 2 * eviction.OPEN_SECONDS,) * 2)
    assert eviction.sweep(tmp_path, 10**9) == []
    assert not old.exists() and new.exists()
