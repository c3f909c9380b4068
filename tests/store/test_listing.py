"""Lists of runs, and what damaged folders do to them."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from aecore.specs.run import RunSpec
from aecore.store import files, listing, runs
from aecore.store.runs import Run


def finished(key: str) -> Run:
    run = runs.open_run(key)
    run.begin(RunSpec())
    run.mark("DONE")
    return run


def test_list_is_empty_without_a_cache(cache: Path) -> None:
    assert listing.list_runs() == []


def test_list_has_what_can_be_looked_at_latest_first(cache: Path) -> None:
    for age, digit in enumerate("bca"):
        finished(digit * 16)
        os.utime(cache / "runs" / (digit * 16), (1_000_000 - age, 1_000_000 - age))
    runs.open_run("d" * 16).begin(RunSpec())
    damaged = finished("e" * 16)
    (damaged.folder / "spec.json").unlink()
    (cache / "runs" / ".aside-x").mkdir()
    (cache / "runs" / "notes").mkdir()
    assert [run.key[0] for run in listing.list_runs()] == ["b", "c", "a"]
    runs.open_run("a" * 16).touch()
    assert [run.key[0] for run in listing.list_runs()] == ["a", "b", "c"]


def test_a_list_looks_into_a_run_once_in_a_while_and_who_opens_it_always(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = finished("a" * 16), finished("b" * 16)
    assert {run.key for run in listing.list_runs()} == {one.key, other.key}
    (one.folder / "spec.json").write_text("torn")
    assert one.state == "damaged" and {run.key for run in listing.list_runs()} == {one.key, other.key}
    with monkeypatch.context() as later:
        later.setattr(listing, "RECHECK_SECONDS", 0.0)
        assert {run.key for run in listing.list_runs()} == {other.key}
    (other.folder / "DONE").unlink()
    assert listing.list_runs() == []
    other.mark("STOPPED")
    assert [run.key for run in listing.list_runs()] == [other.key]


def test_a_folder_that_cannot_be_read_costs_only_itself(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, other, bad = (finished(letter * 16) for letter in "abc")
    description = files.read_json(other.folder / "spec.json", {})
    files.write_json(other.folder / "spec.json", {**description, "format": files.FORMAT + 1})
    other.mark("DONE")
    assert other.readable and not other.described
    stat = os.stat

    def broken(path: Any, **more: Any) -> os.stat_result:
        if str(path).startswith(str(bad.folder)):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return stat(path, **more)

    monkeypatch.setattr(os, "stat", broken)
    assert bad.state == "damaged" and not bad.readable
    assert [run.key for run in listing.recent_runs(cache)] == [good.key]
