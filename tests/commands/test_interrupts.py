"""Ctrl-C: what is kept and what is not, and how soon the program ends; the progress that it interrupts."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aecore import presets
from aecore.__main__ import main
from aecore.commands import progress, run_task, workers
from aecore.commands.base import TaskFailed
from aecore.jobs import PretrainTask, ProbeTask, Task, TrainTask
from aecore.specs.pretraining import PretrainSpec
from aecore.store import runs
from aecore.store.files import write_json
from aecore.store.lease import Lease
from tests.commands.conftest import SETTINGS, SMALL, answer
from tests.commands.terminal import Terminal
from tests.jobs.fakes import Fake, FakeDeaf, FakeKept, until

ANY = ["train", "stacked", *SETTINGS, "--set", "epochs=1000"]


def left(cache: Path) -> list[str]:
    """What stands in the cache, hidden files included, without the empty folder of the runs."""
    return [str(path.relative_to(cache)) for path in cache.rglob("*") if path != cache / "runs"]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AECORE_CACHE", str(tmp_path / "empty"))
    (tmp_path / "log").touch()
    return tmp_path / "empty"


def interrupted(task: Task, cache: Path, log: Path, *after: str) -> run_task.TaskResult:
    """The result of a task that is interrupted once it runs, and again after each of these files exists."""

    def interrupt() -> None:
        until(log.read_text)
        os.kill(os.getpid(), signal.SIGINT)
        for name in after:
            until((task.folder(cache) / name).exists)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        return run_task.run_task(task, cache)
    finally:
        thread.join()


@pytest.mark.parametrize("kind", [Fake, FakeDeaf])
def test_a_task_without_a_result_leaves_nothing(kind: type[Fake], empty: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupted(kind("a", str(tmp_path / "log"), str(tmp_path / "never")), empty, tmp_path / "log")
    assert left(empty) == [] and signal.getsignal(signal.SIGINT) is before


def test_the_first_one_keeps_a_result(empty: Path, tmp_path: Path) -> None:
    task = FakeKept("a", str(tmp_path / "log"), str(tmp_path / "never"))
    assert interrupted(task, empty, tmp_path / "log").state == "stopped"
    assert runs.ResultFolder(task.folder(empty)).state == "stopped" and not list(empty.glob("runs/.*"))


def test_the_second_one_ends_what_does_not_listen(empty: Path, tmp_path: Path) -> None:
    task = FakeDeaf("a", str(tmp_path / "log"), str(tmp_path / "never"), "keep")
    with pytest.raises(KeyboardInterrupt):
        interrupted(task, empty, tmp_path / "log", "STOP")
    assert left(empty) == []
    again = Fake("b", str(tmp_path / "log"))
    assert run_task.run_task(again, empty).state == "finished"  # in a new worker


def test_a_worker_that_is_killed_has_failed(empty: Path, tmp_path: Path) -> None:
    with pytest.raises(TaskFailed, match="out of memory"):
        run_task.run_task(Fake("a", str(tmp_path / "log"), does="die"), empty)


def test_what_a_stop_would_leave(empty: Path) -> None:
    spec = presets.get("stacked").spec.replace(**SMALL)
    train, pretrain = TrainTask(spec), PretrainTask(PretrainSpec(spec))
    run = runs.run_of(spec, empty)
    run.begin(spec)
    run.write_status(state="running")
    assert not train.has_result(empty) and not pretrain.has_result(empty)
    write_json(run.folder / "history.json", {"steps": [], "epochs": [{"epoch": 1}]})
    assert train.has_result(empty) and pretrain.has_result(empty)
    run.mark("DONE")
    assert not pretrain.has_result(empty) and not ProbeTask(run.key).has_result(empty)
    pretrain.folder(empty).mkdir(parents=True)
    write_json(pretrain.folder(empty) / "results.json", {"rows": [[10, 1, "scratch", 0.5]]})
    assert pretrain.has_result(empty)


def test_an_experiment_leaves_no_half_trained_autoencoder(empty: Path) -> None:
    spec = presets.get("stacked").spec.replace(**SMALL)
    lease = Lease(runs.run_of(spec, empty).folder)
    assert PretrainTask(PretrainSpec(spec)).folders(empty)[1:] == [lease.folder]
    assert lease.acquire()
    runs.run_of(spec, empty).begin(spec)
    run_task.delete_unfinished(lease.folder, {os.getpid() + 1, None})
    assert lease.folder.exists() and lease.path.exists()  # another process trains it
    run_task.delete_unfinished(lease.folder, {os.getpid()})
    assert left(empty) == []


def test_a_finished_training_is_answered_though_its_probe_was_interrupted(
    cache: Path, trained: runs.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aecore.commands.probe.measure", interrupt)
    value = answer(capsys, "train", "stacked", *SETTINGS, code=130)
    assert value["state"] == "finished" and value["probe"] is None and value["val_mse"] == trained.metrics["val_mse"]


def test_in_a_terminal_before_the_first_epoch(empty: Path) -> None:
    terminal = Terminal(*ANY)
    terminal.wait_for("starting")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "nothing of this task is kept" in terminal.text and "Traceback" not in terminal.text
    assert left(empty) == []


def test_in_a_terminal_twice(empty: Path) -> None:
    terminal = Terminal(*ANY, columns=80, NO_COLOR="1")
    terminal.wait_for(" left")  # once the pace is known
    terminal.interrupt()
    terminal.wait_for("stopping; once more to leave at once")
    terminal.interrupt()
    assert terminal.end() == 130
    assert left(empty) == [] and "Traceback" not in terminal.text
    assert "\x1b[3" not in terminal.text  # no colours
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")  # the cursor is visible again
    drawn = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "\n", terminal.text.replace("^C", "")).replace("\r", "\n").splitlines()
    assert max(map(len, drawn)) <= 80
    assert any(
        re.search(r"epoch \d+ of 1000 .* \d+% loss 0\.\d{4}, validation 0\.\d{4} \d+ (s|min) left", line)
        for line in drawn
    )


def test_a_terminal_without_a_cursor_gets_lines(cache: Path, trained: runs.Run) -> None:
    terminal = Terminal("train", "stacked", *SETTINGS, "--set", "epochs=2", "--no-probe", TERM="dumb")
    assert terminal.end() == 0 and "\x1b" not in terminal.text
    assert re.search(r"^epoch 2 of 2: loss 0\.\d{4}, validation 0\.\d{4}$", terminal.text, re.MULTILINE)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({}, "starting"),
        ({"message": "", "state": "waiting"}, "starting"),
        ({"message": "reading the data"}, "reading the data"),
        ({"message": "training", "phase": "", "epoch": 2, "epochs": 9}, "epoch 2 of 9"),
        ({"message": "training", "phase": "layer 1 of 2", "epoch": 2, "epochs": 9}, "layer 1 of 2, epoch 2 of 9"),
        ({"message": "finding neighbours", "fraction": 0.3}, "finding neighbours"),
    ],
)
def test_the_stage(status: dict, words: str) -> None:
    assert progress.stage(status) == words


@pytest.fixture(autouse=True, scope="module")
def closed() -> Iterator[None]:
    yield
    workers.close()


def test_ctrl_c_between_commands(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aecore.commands.presets.table", interrupt)
    assert main(["presets"]) == 130
