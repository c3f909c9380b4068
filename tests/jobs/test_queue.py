"""The queue: with the inline executor where one thread is enough, else with real workers on cheap tasks."""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from aecore.errors import AecoreError, SpecError
from aecore.jobs import MapTask, PretrainTask, ProbeTask, Queue, TrainTask, executors
from aecore.specs.map import MapSpec
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import ResultFolder
from tests.jobs.fakes import Fake, FakeMap, FakeProbe, FakeTraining, ended, names, until


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
        files.write_json(folder / "status.json", {"state": "finished", "updated": 0.0})
    if broken == "stopped":
        ResultFolder(folder).mark("STOPPED")
    if broken == "failed":
        ResultFolder(folder).write_status(state="failed", message="no")
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
    status = ResultFolder(ticket.folder).status()
    assert ticket.state == status["state"] == "failed"
    assert ticket.message == status["message"] and message in ticket.message and "\n" not in ticket.message
    assert inline.submit(Fake("b", log), "ann").state == "finished"


def test_a_cache_that_cannot_be_written(inline: Queue, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, reason in ((errno.EROFS, "read-only"), (errno.ENOSPC, "disk is full"), (errno.EIO, "error")):

        def refuse(path: Path, data: bytes, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(files, "write_bytes", refuse)
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
    assert ended(queue, task).state == "stopped" and ResultFolder(ticket.folder).state == "stopped"


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
    with pytest.raises(AecoreError, match="one more job while 2"):
        queue.submit(Fake("a4", log), "ann")
    queue.stop(tasks["b1"].key, "bob")
    dropped = queue.ticket(tasks["b1"].key)
    assert dropped is not None and dropped.state == "stopped" and not dropped.folder.exists()
    assert positions() == {"a1": 0, "c1": 1, "a2": 2, "a3": 3}
    Path(gate).touch()
    ended(queue, tasks["a3"])
    assert names(log) == ["a1", "c1", "a2", "a3"]
    queue.submit(Fake("d", log, str(tmp_path / "never")), "ann")
    assert queue.submit(Fake("e", log), "ann").expected_seconds is not None  # from how long the others took


def test_a_full_queue_refuses(queue: Queue, log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_WAITING", "1")
    queue.submit(Fake("a", log, str(tmp_path / "never")), "ann")
    until(lambda: names(log))
    queue.submit(Fake("b", log), "ann")
    with pytest.raises(AecoreError, match="full"):
        queue.submit(Fake("c", log), "bob")
    assert not Fake("c", log).folder(queue.cache).exists()


def test_the_wait_is_the_sum_of_what_is_ahead(queue: Queue, log: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "never")
    for name, seconds in (("a", 1000.0), ("b", 50.0), ("c", 7.0)):
        queue.submit(Fake(name, log, gate, seconds=seconds), name)
    until(lambda: names(log))
    waits = [queue.ticket(Fake(name, log).key) for name in "bc"]
    first, second = (ticket.expected_seconds for ticket in waits if ticket)
    assert first is not None and second is not None
    assert 900 < first <= 1000 and second - first == pytest.approx(50, abs=5)


def test_a_job_beyond_the_budget_is_refused_and_leaves_nothing(
    inline: Queue, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AECORE_BUDGET", "60")
    with pytest.raises(AecoreError, match="budget: got a job of about 61 s, allowed: 60 s"):
        inline.submit(Fake("a", log, seconds=61), "ann")
    assert not Fake("a", log).folder(inline.cache).exists()
    assert inline.submit(Fake("b", log, seconds=59), "ann").state == "finished"
    long = TrainTask(RunSpec(dataset="digits", epochs=1000, hidden=(4096, 4096)))
    with pytest.raises(AecoreError, match=r"budget: got a training of about \d+ s.* epochs"):
        inline.submit(long, "ann")
    short = RunSpec(dataset="digits", hidden=(16,), epochs=2)
    spec = PretrainSpec(short, (20,), seeds=2, epochs=2, frozen_epochs=1)
    for spec_too_long in (
        dataclasses.replace(spec, autoencoder=long.spec),
        dataclasses.replace(spec, seeds=10, epochs=1000),
    ):
        with pytest.raises(AecoreError, match=r"budget: got an experiment of about \d+ s, allowed: 60 s"):
            inline.submit(PretrainTask(spec_too_long), "ann")
    little = PretrainTask(spec)
    before = little.expected_seconds(inline.cache)
    run = runs.run_of(short, inline.cache)
    run.begin(short)
    run.mark("DONE")
    after = little.expected_seconds(inline.cache)
    assert before is not None and after is not None and 0 < after < before < 60  # its autoencoder is there


def test_who_leaves_stops_only_what_nobody_else_wants(queue: Queue, log: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "never")
    alone, shared = Fake("alone", log, gate), Fake("shared", log, gate)
    queue.submit(alone, "ann")
    until(lambda: names(log))
    for session in ("ann", "bob"):
        queue.submit(shared, session)
    queue.leave("ann")
    assert ended(queue, alone).state == "stopped"
    until(lambda: names(log) == ["alone", "shared"])
    queue.leave("bob")
    assert ended(queue, shared).state == "stopped"


def test_what_follows_a_finished_job_is_done_unasked_and_once(inline: Queue, log: str) -> None:
    assert inline.submit(FakeTraining("a", log), "ann").state == "finished"
    assert names(log) == ["a", "a-probe"]
    inline.submit(FakeProbe("a-probe", log), "bob")  # as a page does that finds none
    assert inline.submit(FakeTraining("a", log), "ann").state == "finished"
    assert inline.submit(FakeTraining("b", log, does="refuse"), "ann").state == "failed"
    assert names(log) == ["a", "a-probe", "b"]


def test_a_training_follows_up_with_its_probe(inline: Queue) -> None:
    spec = RunSpec(dataset="digits")
    follow = TrainTask(spec).follow_up()
    assert isinstance(follow, ProbeTask) and follow.run_key == runs.run_key(spec)
    assert follow.lane == "map" and follow.background
    assert follow.folder(inline.cache).parent == inline.cache / "runs" / runs.run_key(spec) / "probe"
    with pytest.raises(AecoreError, match="missing, allowed: finished or stopped"):
        inline.submit(follow, "ann")


def test_the_background_makes_way_and_belongs_to_nobody(queue: Queue, log: str, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    probes = [FakeProbe(f"p{i}", log, gate) for i in range(4)]
    for probe in probes:
        queue.submit(probe, "ann")  # more than a session may have waiting
    until(lambda: names(log) == ["p0"])
    queue.leave("ann")  # nobody's: it goes on
    for i in range(2):
        queue.submit(FakeMap(f"m{i}", log), "ann")
    for i in range(2):
        assert ended(queue, FakeMap(f"m{i}", log)).state == "finished"
    until(lambda: len(names(log)) == 4)
    Path(gate).touch()
    for probe in probes:
        assert ended(queue, probe).state == "finished"
    assert names(log) == ["p0", "m0", "m1", "p1", "p2", "p3", "p0"]


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
    monkeypatch.setattr("aecore.worker.projection.project.compute", lambda *arguments: called.append(arguments))
    assert inline.submit(drawing, "ann").state == "failed"  # it wrote nothing
    assert called[0][:2] == (drawing.spec, called[0][1]) and called[0][1].folder == run.folder
