"""The cache keeps itself within a size."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from aecore import demo
from aecore.jobs import Queue, housekeeping
from aecore.jobs.lease import Lease
from tests.jobs.fakes import Fake

BYTES = 1000


def run(cache: Path, name: str, age: float) -> Path:
    folder = cache / "runs" / name
    folder.mkdir(parents=True)
    (folder / "codings.npy").write_bytes(b"x" * BYTES)
    os.utime(folder, (time.time() - age,) * 2)
    return folder


def test_what_nobody_looked_at_for_longest_goes_first(tmp_path: Path) -> None:
    ages = {f"{number:016x}": 10_000.0 + number * 100 for number in range(10)}
    folders = {name: run(tmp_path, name, age) for name, age in ages.items()}
    assert housekeeping.sweep(tmp_path, 10 * BYTES) == []
    assert housekeeping.sweep(tmp_path, 0) == []
    gone = housekeeping.sweep(tmp_path, 5 * BYTES)
    assert gone == sorted(ages, reverse=True)[:6]  # nine tenths of the limit are left
    assert {name for name, folder in folders.items() if not folder.exists()} == set(gone)
    assert [path.name for path in (tmp_path / "runs").glob(".*")] == []


def test_what_never_goes(tmp_path: Path) -> None:
    committed, pinned, leased, watched, fresh = (
        run(tmp_path, name, 1e6) for name in (demo.keys()["stacked"], *(f"{n:016x}" for n in range(4)))
    )
    (pinned / housekeeping.PINNED).touch()
    os.utime(pinned, (0, 0))
    assert Lease(leased).acquire()
    os.utime(fresh)
    assert housekeeping.sweep(tmp_path, 1, {watched.name}) == []
    (pinned / housekeeping.PINNED).unlink()
    os.utime(pinned, (0, 0))
    assert housekeeping.sweep(tmp_path, 1, {watched.name}) == [pinned.name]
    assert committed.exists() and leased.exists() and watched.exists() and fresh.exists()


def test_the_queue_tidies_up_after_a_job(inline: Queue, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old = run(inline.cache, "0" * 16, 1e6)
    monkeypatch.setenv("AECORE_CACHE_GB", "1e-7")
    assert inline.submit(Fake("a", log), "ann").state == "finished"
    assert not old.exists() and Fake("a", log).folder(inline.cache).exists()
    soon = run(inline.cache, "1" * 16, 1e6)
    assert inline.submit(Fake("b", log), "ann").state == "finished" and soon.exists()  # not after every job
    inline._tidy_until = 0.0
    assert inline.submit(Fake("c", log, does="fill"), "ann").state == "failed" and not soon.exists()


def test_marks_of_cancelled_jobs_go_when_nobody_can_need_them(tmp_path: Path) -> None:
    old, new = (tmp_path / ".cluster" / name for name in ("train-1", "train-2"))
    old.parent.mkdir()
    for mark in (old, new):
        mark.touch()
    os.utime(old, (time.time() - 2 * housekeeping.MARK_SECONDS,) * 2)
    assert housekeeping.sweep(tmp_path, 0) == []
    assert not old.exists() and new.exists()
