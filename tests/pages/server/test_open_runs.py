"""Runs that are open in a tab stay in the cache folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from aecore.store import eviction
from aecore.store.runs import Run
from pages.widgets.server import open_runs
from tests.jobs.fakes import until


def test_a_session_that_comes_back_has_its_runs_still_and_one_that_stays_away_has_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected = {"ann", "bob"}
    tabs = open_runs.OpenRuns(connected.__contains__)
    tabs.note("ann", ("a", "b"))
    tabs.note("bob", ("b", "c"))
    assert tabs.shown() == {"a", "b", "c"}
    tabs.note("bob", ("d",))
    assert tabs.shown() == {"a", "b", "d"}
    connected.remove("bob")
    assert tabs.shown() == {"a", "b"}
    connected.add("bob")
    assert tabs.shown() == {"a", "b", "d"}
    connected.clear()
    assert tabs.shown() == set()
    monkeypatch.setattr(eviction, "OPEN_SECONDS", -1.0)
    assert tabs.shown() == set()
    connected.update(("ann", "bob"))
    assert tabs.shown() == set()


def test_runs_are_touched_while_nobody_does_anything(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = next(Run(path) for path in sorted((cache / "runs").iterdir()))
    os.utime(run.folder, (0, 0))
    tabs = open_runs.OpenRuns(lambda session: True)
    tabs.note("ann", (run.key, "no key at all"))
    monkeypatch.setattr(open_runs, "TOUCH_SECONDS", 0.01)
    threading.Thread(target=open_runs._touch, args=(tabs,), daemon=True).start()
    until(lambda: run.folder.stat().st_mtime > 0)
