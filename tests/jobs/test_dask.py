"""A cluster on this machine: a scheduler and two workers, killed and stopped in the middle of what they do."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from aecore.errors import AecoreError
from aecore.jobs import Queue, TrainTask, dask_executor, dask_worker, lanes
from aecore.jobs.lanes import Job, Lane
from aecore.jobs.worker_process import InlineExecutor
from aecore.specs.run import RunSpec
from aecore.store.runs import ResultFolder
from tests.jobs import fakes
from tests.jobs.fakes import Fake, FakeMap, ended, names, until
from tests.test_wall import first_to_import

ROOT = Path(__file__).resolve().parents[2]


class Cluster:
    """A scheduler and its workers, as the README starts them."""

    def __init__(self, scratch: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.scratch = scratch
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.workers: list[subprocess.Popen] = []
        self.start_scheduler()

    def start_scheduler(self) -> None:
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--dashboard-address", ":0")
        self.scheduler = self._start("dask", "scheduler", *where)

    def fill(self, workers: int) -> None:
        """Have that many workers, and all of them known to a scheduler that answers."""
        from distributed import Client

        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < workers:
            cache = str(self.scratch / "workers-cache")
            self.workers.append(self._start("aecore", "worker", self.address, "--cache", cache))
        with Client(self.address, timeout=fakes.PATIENCE, set_as_default=False) as client:
            if workers:
                client.wait_for_workers(workers, timeout=2 * fakes.PATIENCE)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen:
        variables = {**os.environ, "AECORE_WARM": "0", "DASK_TEMPORARY_DIRECTORY": str(self.scratch)}
        with open(self.scratch / "cluster.log", "a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT
            )


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    there = Cluster(tmp_path_factory.mktemp("cluster"))
    yield there
    there.end()


@pytest.fixture
def make_queue(tmp_path: Path) -> Iterator[Callable[[str], Queue]]:
    queues: list[Queue] = []

    def make(address: str) -> Queue:
        queues.append(Queue(tmp_path / "cache", address))
        return queues[-1]

    yield make
    for queue in queues:
        queue.close()


@pytest.fixture
def queue(two: Cluster, make_queue: Callable[[str], Queue]) -> Queue:
    two.fill(2)
    return make_queue(two.address)


def process_of(log: str) -> psutil.Process:
    """The one that did the last line of the log."""
    return psutil.Process(int(Path(log).read_text().split()[-1]))


def test_as_many_at_once_as_there_are_workers_and_maps_beside(queue: Queue, log: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    trainings = [Fake(name, log, gate, seconds=100) for name in "abc"]
    for task in trainings:
        queue.submit(task, task.name)
    until(lambda: len(names(log)) == 2)
    drawing = FakeMap("map", log)
    queue.submit(drawing, "ann")
    assert ended(queue, drawing).state == "finished"
    waiting = queue.ticket(trainings[2].key)
    assert waiting is not None and waiting.state == "waiting" and waiting.position == 1
    assert waiting.expected_seconds is not None and waiting.expected_seconds < 100  # not for both of them
    assert sorted(names(log)) == ["a", "b", "map"]
    Path(gate).touch()
    assert [ended(queue, task).state for task in trainings] == ["finished"] * 3
    done = [int(line.split()[1]) for line in Path(log).read_text().splitlines()]
    assert len(set(done)) == 3  # two that train and one that draws
    once = Fake("once", log, does="die once")
    queue.submit(once, "ann")
    assert ended(queue, once).state == "finished" and names(log).count("once") == 2


def test_stop_reaches_a_worker_and_closing_leaves_nothing_behind(queue: Queue, log: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "never")
    for name in "ab":
        queue.submit(Fake(name, log, gate), "ann")
    until(lambda: len(names(log)) == 2)
    queue.stop(Fake("a", log).key, "ann")
    ticket = ended(queue, Fake("a", log))
    assert ticket.state == "stopped" and ResultFolder(ticket.folder).state == "stopped"
    queue.submit(Fake("c", log, gate), "ann")
    until(lambda: len(names(log)) == 3)
    worker = process_of(log)
    queue.close()
    until(lambda: not worker.is_running())
    status = ResultFolder(Fake("c", log).folder(queue.cache)).status()
    assert status["state"] == "failed" and "interrupted" in status["message"]


def test_a_killed_worker_costs_nothing_but_time(
    two: Cluster, queue: Queue, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fakes, "PATIENCE", 300.0)  # TensorFlow is imported twice
    caplog.set_level(logging.INFO, logger="aecore.jobs")
    task = TrainTask(RunSpec(dataset="digits", hidden=(16,), epochs=60))
    run = ResultFolder(queue.submit(task, "ann").folder)
    until(lambda: 0 < run.status().get("epoch", 0) < 60)
    trainers = {child: worker for worker in two.workers for child in psutil.Process(worker.pid).children()}
    trainer = max(trainers, key=lambda child: child.memory_info().rss)  # it has TensorFlow
    trainers[trainer].kill()
    trainers[trainer].wait()
    assert ended(queue, task).state == "finished"
    until(lambda: not trainer.is_running())
    events = [json.loads(record.getMessage()) for record in caplog.records if record.name == "aecore.jobs"]
    assert [event["event"] for event in events if event["key"] == task.key] == [
        "waiting",
        "running",
        "killed",
        "running",
        "finished",
    ]
    until(lambda: not list((queue.cache / ".cluster").glob("train-*")))


def test_a_scheduler_that_goes_away_and_comes_back(
    two: Cluster, queue: Queue, log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    task = Fake("a", log, str(gate))
    queue.submit(task, "ann")
    until(lambda: names(log))
    worker = process_of(log)
    two.scheduler.kill()
    two.scheduler.wait()
    ticket = ended(queue, task)
    assert ticket.state == "failed"
    assert re.fullmatch(f"cluster {two.address}: its scheduler went away .*start it again", ticket.message)
    monkeypatch.setattr(dask_executor, "CONNECT_SECONDS", 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(lanes, "UNAVAILABLE_SECONDS", 0.0)  # nobody waits for ever
        queue.submit(task, "ann")
        ticket = ended(queue, task)
    assert ticket.state == "failed" and "nothing answers there" in ticket.message
    # What nobody has begun with waits until the scheduler is back, and says why.
    queue._lanes["train"]._away = 0.0
    queue.submit(task, "ann")
    queue.submit(Fake("b", log), "bob")

    def put_off(name: str) -> bool:
        ticket = queue.ticket(Fake(name, log).key)
        assert ticket is not None and not ticket.ended
        return ticket.state == "waiting" and "nothing answers there" in ticket.message

    until(lambda: put_off("a"))
    until(lambda: put_off("b"))
    until(lambda: not worker.is_running())
    two.start_scheduler()
    two.fill(2)  # the same ones
    gate.touch()
    assert ended(queue, task).state == ended(queue, Fake("b", log)).state == "finished"
    assert sorted(names(log)) == ["a", "a", "b"]


def test_a_cluster_without_workers(
    make_queue: Callable[[str], Queue], log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Cluster(tmp_path)
    try:
        nobody.fill(0)
        queue = make_queue(nobody.address)
        task = Fake("a", log)
        queue.submit(task, "ann")
        until(lambda: queue.state_of(task.key) == "running")
        queue.stop(task.key, "ann")
        assert ended(queue, task).state == "stopped"
        monkeypatch.setattr(dask_executor, "NO_WORKER_SECONDS", 0.5)
        queue.submit(task, "ann")
        ticket = ended(queue, task)
        assert ticket.state == "failed" and "no worker is there" in ticket.message and names(log) == []
    finally:
        nobody.end()


def test_a_folder_that_is_not_shared_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distributed.get_worker", lambda: None)
    with pytest.raises(AecoreError, match=f"got the cache {tmp_path}, but .* it must be a shared folder"):
        dask_worker.serve("train", tmp_path, "train-1", print)


def test_only_one_begins_with_a_job_and_none_with_a_cancelled_one(tmp_path: Path) -> None:
    begun, cancelled = dask_executor._Job(tmp_path / "a"), dask_executor._Job(tmp_path / "b")
    assert dask_worker._claim(begun.mark) and not begun.cancel() and not dask_worker._claim(begun.mark)
    lost = dask_executor._Job(tmp_path / "c")  # with its scheduler
    assert not begun.claim_unstarted() and lost.claim_unstarted() and not dask_worker._claim(lost.mark)
    assert cancelled.cancel() and cancelled.cancelled() and not dask_worker._claim(cancelled.mark)
    cancelled.fail(AecoreError("late"))
    assert cancelled.cancelled()


def test_the_wait_is_for_the_worker_that_is_free_first(tmp_path: Path, log: str) -> None:
    lane = Lane("train", lambda preload: InlineExecutor())
    lane._executor = SimpleNamespace(slots=2)
    for name, seconds in (("a", 100.0), ("b", 10.0), ("c", 30.0), ("d", 5.0), ("e", 1.0)):
        lane.waiting.append(Job(Fake(name, log), name, tmp_path, name, {}, expected=seconds))
    for job in lane.waiting[:2]:
        lane.start(job)
    assert lane.full
    waits = [lane.expected_seconds(lane.ahead_of(job)) for job in lane.waiting]
    assert waits == pytest.approx([10, 40, 45], abs=0.5)


def test_dask_is_not_imported_where_no_address_is_set() -> None:
    modules = ["aecore.jobs", "aecore.jobs.dask_executor", "aecore.commands.worker"]
    assert first_to_import(modules, ("dask", "distributed")) == {}


def test_the_extra_is_the_version_that_is_tested() -> None:
    (extra,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["cluster"]
    assert extra in (ROOT / "requirements-dev.txt").read_text().splitlines()


def test_a_worker_leaves_when_it_is_asked_to(two: Cluster, queue: Queue, log: str, tmp_path: Path) -> None:
    for name in "ab":
        queue.submit(Fake(name, log, str(tmp_path / "never")), "ann")
    until(lambda: len(names(log)) == 2)
    two.workers[0].send_signal(signal.SIGINT)
    assert two.workers[0].wait(timeout=fakes.PATIENCE) == 130
