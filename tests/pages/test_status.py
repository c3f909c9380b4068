"""The host's page: what it counts is there."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from aecore import settings
from aecore.jobs import TrainTask
from aecore.jobs.lanes import Lane
from aecore.store import eviction, listing
from pages.widgets.server import shared
from tests.jobs.fakes import Fake, until
from tests.pages.conftest import PAGES, SMALL, Open, texts, unescaped


def test_visitors_runs_memory_and_settings(visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_WAITING", "17")
    (cache / "maps_compiled").write_bytes(b"0" * 30_000_000)  # no run, and not counted as one
    app = visit("status")
    assert not app.exception
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers["Visitors"] == "1" and numbers["Jobs waiting"] == "0 of 17"
    assert numbers["Runs"] == str(len(listing.list_runs(cache)))
    assert numbers["Disk used by runs"] == f"{eviction.size(cache / 'runs') / 1e9:.2f} GB of 5"
    assert numbers["Free on disk"].endswith(" GB")
    table = app.dataframe[-1].value.set_index("variable")
    assert list(table.index) == [setting.name for setting in settings.TABLE]
    assert table.value["AECORE_WAITING"] == "17"


def test_a_visitor_sees_no_address_and_no_path(visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_DATA", "/srv/private")
    app = visit("status")
    table = app.dataframe[-1].value.set_index("variable")
    assert table.value["AECORE_SCHEDULER"] == table.value["AECORE_CACHE"] == table.value["AECORE_DATA"] == "set"
    assert table.value["AECORE_WAITING"] == "200"
    shown = texts(app) + "".join(frame.value.to_csv() for frame in app.dataframe)
    assert not [secret for secret in ("inline", str(cache), "/srv/private") if secret in shown]


def test_a_cluster_does_as_many_at_once_as_it_has_workers(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "width", property(lambda lane: 3 if lane.name == "train" else 1))
    said = texts(visit("status"))
    assert "Training, 3 at once" in said and "Maps and measurements, 1 at once" in said


@pytest.mark.parametrize("page", [*PAGES, "status"])
def test_what_cannot_be_read_is_one_line_on_every_page_and_in_the_log(
    visit: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, page: str
) -> None:
    monkeypatch.setenv("AECORE_WAITING", "many")
    app = visit(page)
    app.run()
    assert not app.exception
    (error,) = app.error
    assert "This server cannot work as it is set" in texts(app)
    assert "AECORE_WAITING: got 'many', allowed: a whole number" in unescaped(error.value)
    (line,) = [record for record in caplog.records if record.name == "aecore.jobs"]
    assert "AECORE_WAITING: got 'many'" in json.loads(line.message)["message"]
    monkeypatch.setenv("AECORE_WAITING", "")
    monkeypatch.setenv("AECORE_SCHEDULER", "secret:8786")
    app.run()
    assert "AECORE_SCHEDULER" in unescaped(app.error[0].value) and "secret" not in texts(app)


def test_what_runs_and_what_waits(visit: Open, cache: Path, tmp_path: Path) -> None:
    app = visit("status")
    gate, log = tmp_path / "gate", tmp_path / "log"
    log.touch()
    busy = threading.Thread(target=shared.queue().submit, args=(Fake("busy", str(log), str(gate)), "ann"), daemon=True)
    busy.start()
    until(log.read_text)
    task = TrainTask(SMALL.replace(seed=5))
    waiting = threading.Thread(target=shared.queue().submit, args=(task, "bob"), daemon=True)
    waiting.start()
    until(lambda: shared.queue().ticket(task.key))
    app.run()
    assert not app.exception
    jobs = app.dataframe[0].value
    assert jobs.state.tolist() == ["running", "waiting"]
    assert jobs.key.tolist() == [Fake("busy", str(log)).key, task.key]
    assert {metric.label: metric.value for metric in app.metric}["Jobs waiting"] == "1 of 200"
    shared.queue().stop(task.key, "bob")
    gate.touch()
    busy.join(30)
    waiting.join(30)
