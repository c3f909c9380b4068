"""Real trainings to which something happens: killed workers and servers, torn files, a full disk.

A fault must have struck before the end, else these tests say nothing: each of them makes sure of that.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from aecore import datasets
from aecore.analysis import inference
from aecore.errors import AecoreError
from aecore.jobs import Outcome, Queue, TrainTask, actual_state, actual_status, dispatch, execute, worker_process
from aecore.jobs.tasks import failed
from aecore.specs.run import RunSpec
from aecore.store import eviction, lease, listing, runs
from aecore.store import files as files_module
from aecore.store.runs import Run
from tests.jobs import fakes
from tests.jobs.fakes import ended, until
from tests.jobs.test_servers import gone

ROOT = Path(__file__).resolve().parents[2]
EPOCHS_TO_STRIKE = 20  # enough of them for a fault to find the training at it
EPOCHS_TO_OUTLIVE = 150  # more than a worker finishes in the second it has after its server's death
ONE_LINE_FULL = "the disk is full: free some space and start again"


def training(seed: int, epochs: int = 1) -> TrainTask:
    return TrainTask(RunSpec(dataset="digits", hidden=(8,), coding_size=2, epochs=epochs, seed=seed))


@pytest.fixture(autouse=True, scope="module")
def patient() -> Iterator[None]:
    """Time to import TensorFlow twice; and no probes, so that the only worker is the one that trains."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakes, "PATIENCE", 300.0)
        patch.setattr(TrainTask, "follow_up", lambda self: None)
        yield


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    """One server for all tests that kill its worker."""
    queue = Queue(tmp_path_factory.mktemp("there"))
    yield queue
    queue.close()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with one finished run; tests work on copies of it."""
    cache = tmp_path_factory.mktemp("finished")
    queue = Queue(cache, "inline")
    assert queue.submit(training(0), "ann").state == "finished"
    queue.close()
    return cache


@pytest.fixture
def copy(finished: Path, inline: Queue) -> Run:
    """The finished run in the cache of `inline`."""
    shutil.copytree(finished, inline.cache, dirs_exist_ok=True)
    return runs.run_of(training(0).spec, inline.cache)


def complete(run: Run) -> None:
    """The run is finished, and its files come from one training: what the halves compute is what the arrays hold."""
    data = datasets.load(run.spec.dataset)
    samples = datasets.as_float(data.validation)
    assert run.state == "finished" and actual_state(run) == "finished"
    codings, reconstructions = run.array("codings"), run.reconstructions()
    assert codings.shape == (len(samples), run.spec.coding_size) and len(reconstructions) == len(samples)
    np.testing.assert_allclose(inference.encode(run, samples), codings, atol=1e-4)
    decoded = (np.clip(inference.decode(run, np.asarray(codings)), 0, 1) * 255).round()
    assert np.abs(decoded - reconstructions).max() <= 1
    assert len(run.history["epochs"]) == run.spec.epochs == run.metrics["epochs"]
    assert len(run.snapshots()["step"]) > 20
    left = [path.name for path in run.folder.iterdir() if path.name.startswith(".") or path.suffix == ".tmp"]
    assert left == [] and not (run.folder / "snapshots").exists()


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


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_outlives_its_killed_worker(there: Queue, moment: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="aecore.jobs")
    task = training(list(MOMENTS).index(moment), EPOCHS_TO_STRIKE if moment == "in an epoch" else 2)
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

    def lost(task: TrainTask, folder: str) -> Outcome:
        tries.append(folder)
        if len(tries) == 2:
            execute(task, folder)
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
from tests.jobs.test_faults import EPOCHS_TO_OUTLIVE, training
TrainTask.follow_up = lambda self: None
queue = Queue(Path(sys.argv[1]))
queue.submit(training(0), "ann")
queue.submit(training(1, EPOCHS_TO_OUTLIVE), "bob")
queue.submit(training(2), "cid")
time.sleep(600)
"""


def test_a_killed_server_loses_no_run(inline: Queue) -> None:
    done, half, waiting = (
        runs.run_of(task.spec, inline.cache) for task in (training(0), training(1, EPOCHS_TO_OUTLIVE), training(2))
    )
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(inline.cache)], cwd=ROOT)
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


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("name", ["codings.npy", "decoder.onnx", "model.keras"])
def test_a_truncated_file_costs_its_run_only(copy: Run, inline: Queue, name: str) -> None:
    other = inline.cache / "runs" / ("0" * runs.KEY_LENGTH)
    shutil.copytree(copy.folder, other)
    files = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in other.iterdir()}
    whole = copy.array("codings").copy()
    halve(copy.folder / name)
    assert copy.state == inline.state_of(copy) == "damaged" and not copy.readable
    assert [run.folder for run in listing.list_runs(inline.cache)] == [other]
    assert inline.submit(training(0), "ann").state == "finished"
    complete(copy)
    np.testing.assert_array_equal(copy.array("codings"), whole)  # the same spec is the same run
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in other.iterdir()} == files


@pytest.mark.parametrize("content", [b"", b'{"state": "runn', b"\x93NUMPY\xff\xfe\x00"])
def test_a_torn_status_loses_no_finished_run_and_blocks_no_other(copy: Run, inline: Queue, content: bytes) -> None:
    (copy.folder / "status.json").write_bytes(content)
    assert inline.submit(training(0), "ann").state == "finished"
    complete(copy)
    (copy.folder / "DONE").unlink()
    assert inline.state_of(copy) == "missing"  # there is nothing to tell how far it was
    if not content:
        assert inline.submit(training(0), "ann").state == "finished"
        complete(copy)


def test_all_files_but_no_mark_is_no_finished_run(copy: Run, inline: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    (copy.folder / "DONE").unlink()
    copy.write_status(**copy.status())  # says 'finished', just now
    assert inline.state_of(copy) == "running"  # somebody may be about to write the mark
    monkeypatch.setattr(lease, "STALE_SECONDS", 0.0)
    assert inline.state_of(copy) == "failed" and listing.list_runs(inline.cache) == []
    (copy.folder / "DONE").write_text('{"codings.npy": 30')
    assert inline.state_of(copy) == "damaged" and listing.list_runs(inline.cache) == []


@contextlib.contextmanager
def broken_disk(name: str, number: int) -> Iterator[list[str]]:
    """From the first time that a file of that name is moved into its place, nothing can be moved any more; on a
    read-only disk nothing can be deleted either. Yields the names of what was refused."""
    refused: list[str] = []
    replace, unlink = os.replace, os.unlink

    def no_replace(source: Any, target: Any) -> None:
        if refused or Path(target).name == name:
            refused.append(Path(target).name)
            raise OSError(number, os.strerror(number), str(source), None, str(target))
        replace(source, target)

    def no_unlink(path: Any, **more: Any) -> None:
        if refused and number == errno.EROFS:
            raise OSError(number, os.strerror(number), str(path))
        unlink(path, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", no_replace)
        patch.setattr(os, "unlink", no_unlink)
        yield refused


def test_a_disk_that_fills_up_at_any_moment_costs_that_job_only(copy: Run, inline: Queue) -> None:
    task = training(1)
    run = runs.run_of(task.spec, inline.cache)
    with broken_disk("spec.json", errno.ENOSPC), pytest.raises(AecoreError) as told:
        inline.submit(task, "ann")
    assert str(told.value) == f"cache {inline.cache}: the disk is full; free some space and start again"
    for name in ("00000.npz", "codings.npy", "model.keras", "encoder.onnx", "DONE"):
        with broken_disk(name, errno.ENOSPC) as refused:
            ticket = inline.submit(task, "ann")
        assert refused[0] == name and "status.json" in refused[1:]  # not even the failure could be written
        assert ticket.state == "failed" and ticket.message == ONE_LINE_FULL
        assert not run.readable and not any((run.folder / mark).exists() for mark in ("DONE", "STOPPED"))
        assert [path.name for path in inline.cache.rglob("*.tmp")] == []
        assert list(run.folder.glob(".*")) == list(inline.cache.glob("runs/.*")) == []
        assert [other.key for other in listing.list_runs(inline.cache)] == [copy.key]
        assert inline.state_of(run) != "running"
        complete(copy)
    assert inline.submit(task, "ann").state == "finished"
    complete(run)


def test_a_disk_that_turns_read_only_is_named_and_the_queue_goes_on(
    inline: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = training(1)
    with broken_disk("codings.npy", errno.EROFS) as refused:
        ticket = inline.submit(task, "ann")
    assert refused[0] == "codings.npy"
    assert ticket.state == "failed" and "read-only" in ticket.message and "\n" not in ticket.message
    assert str(inline.cache) not in ticket.message
    monkeypatch.setattr(lease, "STALE_SECONDS", 0.0)  # its lease and its status could not be taken back
    assert inline.state_of(task.key) == "failed"
    assert inline.submit(task, "ann").state == "finished"
    complete(Run(ticket.folder))


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "aecore", str(small)]
    if not sys.platform.startswith("linux") or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        queue = Queue(small, "inline")
        fits, does_not = queue.submit(training(0), "ann"), queue.submit(training(1), "ann")
        assert fits.state == "finished"
        assert does_not.state == "failed" and does_not.message == ONE_LINE_FULL
        assert actual_status(Run(does_not.folder))["message"] == ONE_LINE_FULL  # there was room for the reason
        complete(Run(fits.folder))
        files_module.set_aside(fits.folder)
        assert queue.submit(training(1), "ann").state == "finished"
        complete(Run(does_not.folder))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_what_a_server_left_that_died_while_deleting_goes_later(tmp_path: Path) -> None:
    old, new = tmp_path / "runs" / ".aside-old", tmp_path / "runs" / ".aside-new"
    for folder in (old, new):
        (folder / ("0" * runs.KEY_LENGTH)).mkdir(parents=True)
    os.utime(old, (time.time() - 2 * eviction.OPEN_SECONDS,) * 2)
    assert eviction.sweep(tmp_path, 10**9) == []
    assert not old.exists() and new.exists()
