"""What stands on somebody's screen stays on the disk."""

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
    there = {"ann", "bob"}
    found = open_runs.OpenRuns(there.__contains__)
    found.note("ann", ("a", "b"))
    found.note("bob", ("b", "c"))
    assert found.shown() == {"a", "b", "c"}
    found.note("bob", ("d",))
    assert found.shown() == {"a", "b", "d"}
    there.remove("bob")
    assert found.shown() == {"a", "b"}
    there.add("bob")
    assert found.shown() == {"a", "b", "d"}
    there.clear()
    assert found.shown() == set()
    monkeypatch.setattr(eviction, "OPEN_SECONDS", -1.0)
    assert found.shown() == set()
    there.update(("ann", "bob"))
    assert found.shown() == set()


def test_runs_are_touched_while_nobody_does_anything(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = next(Run(path) for path in sorted((cache / "runs").iterdir()))
    os.utime(run.folder, (0, 0))
    found = open_runs.OpenRuns(lambda session: True)
    found.note("ann", (run.key, "no key at all"))
    monkeypatch.setattr(open_runs, "EVERY", 0.01)
    threading.Thread(target=open_runs._touch, args=(found,), daemon=True).start()
    until(lambda: run.folder.stat().st_mtime > 0)
