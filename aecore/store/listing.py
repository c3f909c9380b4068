"""Lists of the runs in a cache folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aecore.store.files import cache_folder
from aecore.store.runs import KEY_PATTERN, Run

MOST_LISTED = 10_000  # runs that a list remembers having looked into
LOOK_SECONDS = 10.0  # for so long a list of runs trusts what it has seen of one


def recent_runs(cache: Path | None = None) -> Iterator[Run]:
    """Runs that can be looked at, the most recently used first; one that cannot be read is left out. A run is looked
    into when its turn comes, so the first few of many are had at once."""
    used = []
    for entry in _entries(cache or cache_folder()):
        with contextlib.suppress(OSError):  # gone meanwhile
            used.append((entry.stat().st_mtime, entry.path))
    yield from (run for _, path in sorted(used, reverse=True) if _good(run := Run(Path(path))))


_found_good: dict[str, tuple[Any, float]] = {}  # {folder: (its mark and when it was written, when it was looked into)}


def _good(run: Run) -> bool:
    """A list of a class's runs is drawn with every page, so each is looked into once in `LOOK_SECONDS`. Whoever opens
    one looks for himself."""
    path, now = str(run.folder), time.monotonic()
    try:
        mark = run._mark()
    except OSError:
        return False
    if mark is None:
        return False
    known = _found_good.get(path)
    if known and known[0] == mark and now - known[1] < LOOK_SECONDS:
        return True
    good = run.readable and run.described
    if len(_found_good) > MOST_LISTED:  # most of them gone by now
        _found_good.clear()
    if good:
        _found_good[path] = mark, now
    else:
        _found_good.pop(path, None)
    return good


def finished(cache: Path) -> list[tuple[str, int]]:
    """(folder, when its `DONE` was written, in nanoseconds) of the runs that have one, the last first; their files are
    not looked at. For what keeps what it read of them."""
    found = []
    for entry in _entries(cache):
        with contextlib.suppress(OSError):
            found.append((entry.path, os.stat(os.path.join(entry.path, "DONE")).st_mtime_ns))
    return sorted(found, key=lambda run: -run[1])


def list_runs(cache: Path | None = None) -> list[Run]:
    """All of `recent_runs`."""
    return list(recent_runs(cache))


def _entries(cache: Path) -> list[os.DirEntry[str]]:
    try:
        return [entry for entry in os.scandir(cache / "runs") if KEY_PATTERN.fullmatch(entry.name)]
    except OSError:
        return []
