"""What becomes of jobs once they are handed over: workers that die, wear out or warm up, and folders that break."""

from __future__ import annotations

import errno
import os
import signal
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from aecore.jobs import Queue, dispatch, lanes, worker_process
from aecore.presets import demonstrations
from aecore.store import eviction, files
from aecore.store.runs import ResultFolder
from tests.jobs.fakes import Fake, FakeMap, ended, names, until


def test_a_killed_worker_costs_nothing_but_time(queue: Queue, log: str) -> None:
    once, always, after = Fake("once", log, does="die once"), Fake("always", log, does="die"), Fake("after", log)
    queue.submit(once, "ann")
    queue.submit(always, "bob")
    queue.submit(after, "cid")
    assert ended(queue, once).state == "finished"
    ticket = ended(queue, always)
    assert ticket.state == "failed" and "killed twice" in ticket.message
    assert ResultFolder(ticket.folder).status()["message"] == ticket.message
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
    monkeypatch.setenv("AECORE_WORKER_MB", "1")
    for name in "ab":
        queue.submit(Fake(name, log), "ann")
        ended(queue, Fake(name, log))
    until(lambda: len(names(log)) == 2)
    first, second = (line.split()[1] for line in Path(log).read_text().splitlines())
    assert first != second


def test_a_worn_out_worker_works_on_while_its_successor_warms_up(
    queue: Queue, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Slow] = []

    class Slow(worker_process.InlineExecutor):
        """Done what it did; warm when the test says so."""

        def __init__(self, *arguments: Any) -> None:
            made.append(self)
            self.warm: Future = Future()
            self.did: list[str] = []
            self.gone = False

        def submit(self, function: Any, /, *arguments: Any, **more: Any) -> Future:
            if function is worker_process.ping:
                return self.warm
            self.did.append(arguments[0].name)
            return super().submit(function, *arguments, **more)

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            self.gone = True

    def do(name: str) -> None:
        queue.submit(Fake(name, log), "ann")
        assert ended(queue, Fake(name, log)).state == "finished"

    monkeypatch.setattr(dispatch, "make_executor", Slow)
    monkeypatch.setattr(lanes, "free_memory", lambda: 1e12)
    monkeypatch.setenv("AECORE_WORKER_MB", "1")
    queue._lanes["train"].preload = True
    do("a")
    until(lambda: len(made) == 2)
    do("b")
    worn, fresh = made
    assert worn.did == ["a", "b"] and not worn.gone
    fresh.warm.set_result(0)
    until(lambda: worn.gone)  # at once, not when there is something to do
    do("c")
    assert fresh.did == ["c"] and not fresh.gone
    until(lambda: len(made) == 3)
    monkeypatch.setattr(lanes, "free_memory", lambda: 0.0)
    made[2].warm.set_result(0)
    until(lambda: fresh.gone)
    do("d")
    until(lambda: made[2].gone)  # there is no room for two


def test_warming_is_done_once_unless_turned_off(
    queue: Queue, log: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, bool]] = []

    def fake(address: str | None, lane: str, cache: Path, preload: bool) -> worker_process.InlineExecutor:
        asked.append((lane, preload))
        return worker_process.InlineExecutor()

    monkeypatch.setattr(dispatch, "make_executor", fake)
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


def test_a_lane_outlives_a_folder_that_cannot_be_read(
    queue: Queue, log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, stat = Fake("a", log, str(tmp_path / "gate")), os.stat
    folder = queue.submit(task, "ann").folder
    until(lambda: names(log))

    def broken(path: Any, *rest: Any, **more: Any) -> os.stat_result:
        if str(path).startswith(str(folder)):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))
        return stat(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", broken)
        patch.setattr(files, "write_bytes", lambda path, data: os.stat(path))
        os.kill(int(Path(log).read_text().split()[1]), signal.SIGKILL)
        assert ended(queue, task).state == "failed"
    queue.submit(Fake("b", log), "bob")
    assert ended(queue, Fake("b", log)).state == "finished"


def test_a_lane_outlives_whatever_goes_wrong_around_a_job(
    queue: Queue, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> None:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(eviction, "sweep", broken)
    for name in "ab":
        queue._next_eviction = 0.0
        queue.submit(Fake(name, log), "ann")
        assert ended(queue, Fake(name, log)).state == "finished"


def unused_run(cache: Path, key: str) -> Path:
    """A run folder of 1,000 bytes at which nobody has looked for days."""
    folder = cache / "runs" / key
    folder.mkdir(parents=True)
    (folder / "codings.npy").write_bytes(b"x" * 1000)
    os.utime(folder, (time.time() - 1e6,) * 2)
    return folder


def test_the_queue_tidies_up_after_a_job(inline: Queue, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old = unused_run(inline.cache, "0" * 16)
    committed = unused_run(inline.cache, demonstrations.keys()["stacked"])
    monkeypatch.setenv("AECORE_CACHE_GB", "1e-7")
    assert inline.submit(Fake("a", log), "ann").state == "finished"
    assert not old.exists() and committed.exists()
    assert Fake("a", log).folder(inline.cache).exists()
    soon = unused_run(inline.cache, "1" * 16)
    assert inline.submit(Fake("b", log), "ann").state == "finished" and soon.exists()  # not after every job
    inline._next_eviction = 0.0
    assert inline.submit(Fake("c", log, does="fill"), "ann").state == "failed" and not soon.exists()
