"""The progress writer: how often it writes, what it writes, and how a stop ends a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aecore.store import progress
from aecore.store.progress import ProgressWriter, Stopped, seconds_left
from aecore.store.runs import ResultFolder


@pytest.fixture
def result(tmp_path: Path) -> ResultFolder:
    folder = tmp_path / "result"
    folder.mkdir()
    return ResultFolder(folder)


def test_a_status_is_written_for_a_new_message_or_after_a_while(
    result: ResultFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[dict[str, Any]] = []
    monkeypatch.setattr(result, "write_status", lambda **values: statuses.append(values))
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock)
    clock, writer = 100.0, ProgressWriter(result)
    writer.update("reading", 0.0)
    writer.update("reading", 0.1)
    writer.update("drawing", 0.2, eta=4.0)
    clock += 1.01 * progress.STATUS_SECONDS
    writer.update("drawing", 0.30049)
    assert [(status["message"], status["fraction"], status["eta"]) for status in statuses] == [
        ("reading", 0.0, None),
        ("drawing", 0.2, 4.0),
        ("drawing", 0.3, None),
    ]
    assert {status["state"] for status in statuses} == {"running"}
    assert {status["started"] for status in statuses} == {writer.started}


def test_a_stage_reports_its_share_of_the_whole(result: ResultFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "STATUS_SECONDS", 0.0)
    report = ProgressWriter(result).stage("drawing", 0.2, 0.6)
    assert result.status()["fraction"] == 0.2
    report(0.5)
    assert result.status()["fraction"] == 0.4
    assert result.status()["message"] == "drawing"


def test_a_stop_is_raised_by_an_update_and_not_by_a_plain_write(result: ResultFolder) -> None:
    writer = ProgressWriter(result, lambda: True)
    with pytest.raises(Stopped):
        writer.update("drawing", 0.5)
    with pytest.raises(Stopped):
        writer.stage("drawing")
    assert result.status() == {}
    writer.write("drawing", 0.5)
    assert result.status()["fraction"] == 0.5


@pytest.mark.parametrize(("mark", "state"), [("DONE", "finished"), ("STOPPED", "stopped")])
def test_the_mark_is_written_after_the_final_status(result: ResultFolder, mark: str, state: str) -> None:
    (result.folder / "points.npy").touch()
    ProgressWriter(result).finish(mark)
    assert result.state == result.status()["state"] == state
    assert result.status()["fraction"] == 1


def test_the_time_left_follows_the_pace() -> None:
    assert seconds_left(10.0, 0.25) == 30
    assert seconds_left(10.0, 1.0) == 0
    assert seconds_left(10.0, 0.005) is None
