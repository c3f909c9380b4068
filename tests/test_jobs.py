"""The queue: with the inline executor where one thread is enough, else with real workers on cheap tasks."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from aecore import jobs, runs
from aecore.errors import AecoreError, SpecError
from aecore.jobs import MapTask, Queue, Task, TrainTask, executors, honest_state, honest_status, lanes, lease
from aecore.jobs import queue as queue_module
from aecore.mapping.spec import MapSpec
from aecore.runs import Work
from aecore.spec import RunSpec

PATIENCE = 30.0  # seconds until a test gives up; nothing is measured


@dataclass(frozen=True)
class Fake(Task):
    """A task that appends its process id to `log`, waits for `gate` (a file) and ends as `does` says."""

    name: str
    log: str
    gate: str = ""
    does: str = "finish"
    lane: ClassVar[str] = "train"

    @property
    def key(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]

    def folder(self, cache: Path) -> Path:
        return cache / "runs" / self.key

    def describe(self, folder: Path) -> None:
        runs.write_json(folder / "spec.json", {"name": self.name})

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        with open(self.log, "a") as log:
            log.write(f"{self.name} {os.getpid()}\n")
        while self.gate and not Path(self.gate).exists():
            if should_stop():
                if self.does == "stop early":
                    return
                runs.write_json(folder / "metrics.json", {})
                return Work(folder).mark("STOPPED")
            time.sleep(0.01)
        if self.does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.does == "die once" and Path(self.log).read_text().count(self.name) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.does in FAILURES:
            raise FAILURES[self.does]
        if self.does != "nothing":
            Work(folder).write_status(state="finished")
            runs.write_json(folder / "metrics.json", {})
            Work(folder).mark("DONE")


@dataclass(frozen=True)
class FakeMap(Fake):
    lane: ClassVar[str] = "map"

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        try:
            import tensorflow  # noqa: F401
        except ImportError:
            super().run(folder, should_stop)


FAILURES: dict[str, Exception] = {
    "refuse": AecoreError("depth: got 9, allowed: 1 to 8"),
    "break": ZeroDivisionError("division\nby zero"),
    "burst": MemoryError(),
    "fill": OSError(errno.ENOSPC, "No space left on device"),
}


@pytest.fixture
def inline(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "cache", "inline")
    yield queue
    queue.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "cache")
    yield queue
    queue.close()


@pytest.fixture
def log(tmp_path: Path) -> str:
    (tmp_path / "log").touch()
    return str(tmp_path / "log")


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


def test_a_finished_folder_answers_without_work(inline: Queue, log: str) -> None:
    task = Fake("a", log)
    first, second = inline.submit(task, "ann"), inline.submit(task, "bob")
    assert first.state == second.state == "finished" and first.folder.name == task.key
    fresh = Queue(inline.cache, "inline").submit(task, "ann")
    assert fresh.state == "finished" and fresh.position == 0
    assert names(log) == ["a"]


@pytest.mark.parametrize("broken", ["damaged", "partial", "stopped", "failed"])
def test_an_unusable_folder_is_done_anew(inline: Queue, log: str, broken: str) -> None:
    task = Fake("a", log)
    folder = inline.submit(task, "ann").folder
    if broken == "damaged":
        (folder / "metrics.json").write_text("{}  ")
    else:
        (folder / "DONE").unlink()
        (folder / "old.npy").touch()
    if broken == "partial":  # the status of something that was killed just before the mark, long ago
        runs.write_json(folder / "status.json", {"state": "finished", "updated": 0.0})
    if broken == "stopped":
        Work(folder).mark("STOPPED")
    if broken == "failed":
        Work(folder).write_status(state="failed", message="no")
    assert inline.submit(task, "ann").state == "finished"
    assert names(log) == ["a", "a"] and not (folder / "old.npy").exists()


@pytest.mark.parametrize(
    ("does", "message"),
    [
        ("refuse", "depth: got 9, allowed: 1 to 8"),
        ("break", "ZeroDivisionError: division by zero"),
        ("burst", "not enough memory"),
        ("fill", "disk is full"),
        ("nothing", "ended without a result"),
    ],
)
def test_what_goes_wrong_is_one_line_and_the_next_job_works(inline: Queue, log: str, does: str, message: str) -> None:
    ticket = inline.submit(Fake("a", log, does=does), "ann")
    status = Work(ticket.folder).status()
    assert ticket.state == status["state"] == "failed"
    assert ticket.message == status["message"] and message in ticket.message and "\n" not in ticket.message
    assert inline.submit(Fake("b", log), "ann").state == "finished"


def test_a_cache_that_cannot_be_written(inline: Queue, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, reason in ((errno.EROFS, "read-only"), (errno.ENOSPC, "disk is full"), (errno.EIO, "error")):

        def refuse(path: Path, data: bytes, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(runs, "write_bytes", refuse)
            with pytest.raises(AecoreError, match=f"^cache {inline.cache}: .*{reason}[^\n]*$"):
                inline.submit(Fake("a", log), "ann")
    assert inline.submit(Fake("a", log), "ann").state == "finished"
    (inline.cache.parent / "file").touch()
    with pytest.raises(AecoreError, match="cannot be written"):
        Queue(inline.cache.parent / "file", "inline").submit(Fake("a", log), "ann")


def test_thirty_threads_ask_for_one_key(queue: Queue, log: str, tmp_path: Path) -> None:
    task = Fake("a", log, gate=str(tmp_path / "gate"))
    threads = [threading.Thread(target=queue.submit, args=(task, f"session {i}")) for i in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ticket = queue.ticket(task.key)
    assert ticket is not None and len(ticket.watchers) == 30
    (tmp_path / "gate").touch()
    assert ended(queue, task).state == "finished"
    assert names(log) == ["a"]


def test_stop_only_leaves_while_others_watch(queue: Queue, log: str, tmp_path: Path) -> None:
    task = Fake("a", log, gate=str(tmp_path / "never"))
    queue.submit(task, "ann")
    queue.submit(task, "bob")
    until(lambda: names(log))
    queue.stop(task.key, "ann")
    queue.stop(task.key, "ann")
    queue.stop(task.key, "stranger")
    ticket = queue.ticket(task.key)
    assert ticket is not None and ticket.state == "running" and ticket.watchers == {"bob"}
    assert not (ticket.folder / "STOP").exists()
    queue.leave("bob")
    assert ended(queue, task).state == "stopped" and Work(ticket.folder).state == "stopped"


def test_stopped_before_there_was_anything_to_see_leaves_nothing(queue: Queue, log: str, tmp_path: Path) -> None:
    task = Fake("a", log, gate=str(tmp_path / "never"), does="stop early")
    folder = queue.submit(task, "ann").folder
    until(lambda: names(log))
    queue.stop(task.key, "ann")
    assert ended(queue, task).state == "stopped" and not folder.exists()


def test_who_asks_while_it_stops_gets_a_new_one(queue: Queue, log: str, tmp_path: Path) -> None:
    task = Fake("a", log, gate=str(tmp_path / "gate"))
    queue.submit(task, "ann")
    until(lambda: names(log))
    with queue._changed:  # both before the worker can end
        queue.stop(task.key, "ann")
        queue.submit(task, "bob")
    until(lambda: names(log) == ["a", "a"])
    (tmp_path / "gate").touch()
    ticket = ended(queue, task)
    assert ticket.state == "finished" and ticket.watchers == {"bob"}


def test_a_waiting_job_is_dropped_and_positions_follow_the_turns(queue: Queue, log: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    tasks = {name: Fake(name, log, gate) for name in ("a1", "a2", "a3", "b1", "c1")}
    queue.submit(tasks["a1"], "ann")
    until(lambda: names(log))
    for name, session in (("a2", "ann"), ("a3", "ann"), ("b1", "bob"), ("c1", "cid")):
        queue.submit(tasks[name], session)

    def positions() -> dict[str, int]:
        tickets = {name: queue.ticket(task.key) for name, task in tasks.items()}
        return {name: ticket.position for name, ticket in tickets.items() if ticket and not ticket.ended}

    # Ann was served last, so the others' first jobs come before hers, and her second one last.
    assert positions() == {"a1": 0, "b1": 1, "c1": 2, "a2": 3, "a3": 4}
    with pytest.raises(AecoreError, match="third job"):
        queue.submit(Fake("a4", log), "ann")
    queue.stop(tasks["b1"].key, "bob")
    dropped = queue.ticket(tasks["b1"].key)
    assert dropped is not None and dropped.state == "stopped" and not dropped.folder.exists()
    assert positions() == {"a1": 0, "c1": 1, "a2": 2, "a3": 3}
    Path(gate).touch()
    ended(queue, tasks["a3"])
    assert names(log) == ["a1", "c1", "a2", "a3"]
    queue.submit(Fake("d", log, str(tmp_path / "never")), "ann")
    expected = queue.submit(Fake("e", log), "ann").expected_seconds
    assert expected is not None and expected >= 0


def test_a_full_queue_refuses(queue: Queue, log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "MAX_WAITING", 1)
    queue.submit(Fake("a", log, str(tmp_path / "never")), "ann")
    until(lambda: names(log))
    queue.submit(Fake("b", log), "ann")
    with pytest.raises(AecoreError, match="full"):
        queue.submit(Fake("c", log), "bob")
    assert not Fake("c", log).folder(queue.cache).exists()


def test_a_killed_worker_costs_nothing_but_time(queue: Queue, log: str) -> None:
    once, always, after = Fake("once", log, does="die once"), Fake("always", log, does="die"), Fake("after", log)
    queue.submit(once, "ann")
    queue.submit(always, "bob")
    queue.submit(after, "cid")
    assert ended(queue, once).state == "finished"
    ticket = ended(queue, always)
    assert ticket.state == "failed" and "killed twice" in ticket.message
    assert Work(ticket.folder).status()["message"] == ticket.message
    assert ended(queue, after).state == "finished"
    assert names(log) == ["once", "once", "always", "always", "after"]


def test_maps_are_drawn_while_something_trains(queue: Queue, log: str, tmp_path: Path) -> None:
    training, drawing = Fake("train", log, str(tmp_path / "never")), FakeMap("map", log)
    queue.submit(training, "ann")
    until(lambda: names(log))
    queue.submit(drawing, "ann")
    assert ended(queue, drawing).state == "finished"
    running = queue.ticket(training.key)
    assert running is not None and running.state == "running" and queue.state_of(training.key) == "running"


def test_a_worn_out_worker_is_replaced(queue: Queue, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "MAX_WORKER_BYTES", 1)
    for name in "ab":
        queue.submit(Fake(name, log), "ann")
        ended(queue, Fake(name, log))
    until(lambda: len(names(log)) == 2)
    first, second = (line.split()[1] for line in Path(log).read_text().splitlines())
    assert first != second


def test_warming_is_done_once_unless_turned_off(
    queue: Queue, log: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, bool]] = []

    def fake(address: str | None, lane: str, cache: Path, preload: bool) -> executors.InlineExecutor:
        asked.append((lane, preload))
        return executors.InlineExecutor()

    monkeypatch.setattr(lanes, "make_executor", fake)
    with monkeypatch.context() as patch:
        patch.setenv("AECORE_WARM", "0")
        queue.warm()
    queue.submit(Fake("a", log), "ann")
    ended(queue, Fake("a", log))
    assert asked == [("train", False)]
    other = Queue(tmp_path / "other")
    other.warm()
    other.warm()
    until(lambda: len(asked) == 3)
    other.close()
    assert sorted(asked[1:]) == [("map", True), ("train", True)]


SERVER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_jobs import Fake
from aecore.jobs import Queue
queue = Queue(Path({cache!r}))
queue.submit(Fake("a", {log!r}, {gate!r}), "ann")
while not Path({log!r}).read_text():
    time.sleep(0.02)
print("running", flush=True)
{then}
"""


def server(tmp_path: Path, log: str, then: str) -> tuple[subprocess.Popen, psutil.Process]:
    """Another server with a running job, and its worker."""
    values = {"tests": str(Path(__file__).parent), "cache": str(tmp_path / "cache"), "log": log}
    script = SERVER.format(**values, gate=str(tmp_path / "gate"), then=then)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "running\n"
    return process, psutil.Process(int(Path(log).read_text().split()[1]))


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_worker_leaves_with_its_killed_server_and_the_folder_says_so(tmp_path: Path, log: str) -> None:
    process, worker = server(tmp_path, log, "time.sleep(600)")
    queue = Queue(tmp_path / "cache")
    task = Fake("a", log, str(tmp_path / "gate"))
    # Two servers, one cache: ours does not do it again but looks on.
    queue.submit(task, "bob")
    until(lambda: queue.state_of(task.key) == "running")
    assert names(log) == ["a"]
    queue.submit(Fake("b", log), "bob")
    ended(queue, Fake("b", log))
    process.kill()
    process.wait()
    until(lambda: gone(worker))
    # The dead server's lease runs out, and ours takes over.
    (tmp_path / "gate").touch()
    assert ended(queue, task).state == "finished" and names(log) == ["a", "b", "a"]
    queue.close()


def test_an_ended_server_does_not_wait_for_its_jobs(tmp_path: Path, log: str) -> None:
    process, worker = server(tmp_path, log, "")
    process.wait(timeout=PATIENCE)
    until(lambda: gone(worker))
    folder = Work(Fake("a", log).folder(tmp_path / "cache"))
    assert honest_state(folder) == "failed" and "interrupted" in honest_status(folder)["message"]


def test_what_another_server_finished_is_finished_here(tmp_path: Path, log: str) -> None:
    process, _ = server(tmp_path, log, "queue.wait(next(iter(queue._jobs)))")
    queue = Queue(tmp_path / "cache")
    task = Fake("a", log, str(tmp_path / "gate"))
    queue.submit(task, "bob")
    (tmp_path / "gate").touch()
    assert ended(queue, task).state == "finished" and names(log) == ["a"]
    process.wait(timeout=PATIENCE)
    queue.close()


def test_nobody_runs_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "runs" / ("0" * 16)
    folder.mkdir(parents=True)
    queue = Queue(tmp_path, "inline")
    for state, later in (("running", "failed"), ("waiting", "missing")):
        Work(folder).write_status(state=state)
        assert queue.state_of(folder.name) == state
        with monkeypatch.context() as patch:
            patch.setattr(lease, "STALE_SECONDS", -1.0)
            assert queue.state_of(folder.name) == honest_state(Work(folder)) == later
    held = lease.Lease(folder)
    assert held.acquire() and not held.acquire()
    os.utime(held.path, (time.time() - 60,) * 2)
    assert held.acquire()
    held.beat()
    assert lease.held(folder)
    held.release()
    held.release()


def test_addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(AecoreError, match="^address: got 'ftp://x', allowed: inline"):
        Queue(tmp_path, "ftp://x")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(AecoreError, match="distributed is not installed"):
        executors.make_executor("tcp://host:8786")


def test_each_event_is_one_line_of_json(inline: Queue, log: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="aecore.jobs")
    inline.submit(Fake("a", log), "ann")
    events = [json.loads(record.getMessage()) for record in caplog.records]
    assert [event["event"] for event in events] == ["waiting", "running", "finished"]
    assert {event["key"] for event in events} == {Fake("a", log).key}


def test_the_tasks_name_their_folders_and_refuse_early(inline: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    train = TrainTask(RunSpec(epochs=1))
    assert train.key == runs.run_key(train.spec) and train.folder(inline.cache) == inline.cache / "runs" / train.key
    train.begin(train.folder(inline.cache))
    run = runs.open_run(train.key, inline.cache)
    assert run.spec == train.spec and run.state == "waiting"
    with pytest.raises(AecoreError, match="unknown|dataset"):
        inline.submit(TrainTask(RunSpec(dataset="nonesuch")), "ann")

    drawing = MapTask(train.key, MapSpec())
    assert drawing.folder(inline.cache) == run.folder / "map" / drawing.spec.key(train.key)
    with pytest.raises(AecoreError, match="waiting, allowed: finished"):
        inline.submit(drawing, "ann")
    with pytest.raises(AecoreError, match="^run: got '../../etc'"):
        inline.submit(dataclasses.replace(drawing, run_key="../../etc"), "ann")
    run.mark("DONE")
    with pytest.raises(SpecError, match="perplexity"):
        inline.submit(dataclasses.replace(drawing, spec=MapSpec("tsne", n=20, perplexity=30)), "ann")

    called = []
    monkeypatch.setattr("aecore.mapping.project", lambda *arguments: called.append(arguments))
    assert inline.submit(drawing, "ann").state == "failed"  # it wrote nothing
    assert called[0][:2] == (drawing.spec, called[0][1]) and called[0][1].folder == run.folder
