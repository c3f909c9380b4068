"""The cache keeps itself within a size."""

from __future__ import annotations

import os
import time
from pathlib import Path

from aecore.presets import demonstrations
from aecore.store import eviction
from aecore.store.lease import Lease

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
    assert eviction.sweep(tmp_path, 10 * BYTES) == []
    assert eviction.sweep(tmp_path, 0) == []
    gone = eviction.sweep(tmp_path, 5 * BYTES)
    assert gone == sorted(ages, reverse=True)[:6]  # nine tenths of the limit are left
    assert {name for name, folder in folders.items() if not folder.exists()} == set(gone)
    assert [path.name for path in (tmp_path / "runs").glob(".*")] == []


def test_what_never_goes(tmp_path: Path) -> None:
    committed, pinned, leased, watched, fresh = (
        run(tmp_path, name, 1e6) for name in (demonstrations.keys()["stacked"], *(f"{n:016x}" for n in range(4)))
    )
    (pinned / eviction.PINNED).touch()
    os.utime(pinned, (0, 0))
    assert Lease(leased).acquire()
    os.utime(fresh)
    assert eviction.sweep(tmp_path, 1, {watched.name, committed.name}) == []
    (pinned / eviction.PINNED).unlink()
    os.utime(pinned, (0, 0))
    assert eviction.sweep(tmp_path, 1, {watched.name, committed.name}) == [pinned.name]
    assert committed.exists() and leased.exists() and watched.exists() and fresh.exists()


def test_marks_of_cancelled_jobs_go_when_nobody_can_need_them(tmp_path: Path) -> None:
    old, new = (tmp_path / ".cluster" / name for name in ("train-1", "train-2"))
    old.parent.mkdir()
    for mark in (old, new):
        mark.touch()
    os.utime(old, (time.time() - 2 * eviction.MARK_SECONDS,) * 2)
    assert eviction.sweep(tmp_path, 0) == []
    assert not old.exists() and new.exists()
