"""The host's page: what it counts is there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aecore import runs, settings
from aecore.jobs import TrainTask, housekeeping
from pages.widgets import host
from tests.jobs.fakes import Fake, until
from tests.pages.conftest import SMALL, Open


def test_visitors_runs_memory_and_settings(visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_WAITING", "17")
    app = visit("status")
    assert not app.exception
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers["Visitors"] == "1" and numbers["Jobs waiting"] == "0 of 17"
    assert numbers["Runs"] == str(len(runs.list_runs(cache)))
    assert numbers["Cache"] == f"{housekeeping.size(cache) / 1e9:.2f} GB of 5"
    table = app.dataframe[-1].value.set_index("variable")
    assert list(table.index) == [setting.name for setting in settings.TABLE]
    assert table.value["AECORE_WAITING"] == "17"


def test_what_runs_and_what_waits(visit: Open, cache: Path, tmp_path: Path) -> None:
    app = visit("status")
    gate, log = tmp_path / "gate", tmp_path / "log"
    log.touch()
    busy = threading.Thread(target=host.queue().submit, args=(Fake("busy", str(log), str(gate)), "ann"), daemon=True)
    busy.start()
    until(log.read_text)
    task = TrainTask(SMALL.replace(seed=5))
    waiting = threading.Thread(target=host.queue().submit, args=(task, "bob"), daemon=True)
    waiting.start()
    until(lambda: host.queue().ticket(task.key))
    app.run()
    assert not app.exception
    jobs = app.dataframe[0].value
    assert jobs.state.tolist() == ["running", "waiting"]
    assert jobs.key.tolist() == [Fake("busy", str(log)).key, task.key]
    assert {metric.label: metric.value for metric in app.metric}["Jobs waiting"] == "1 of 200"
    host.queue().stop(task.key, "bob")
    gate.touch()
    busy.join(30)
    waiting.join(30)
