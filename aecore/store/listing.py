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

MAX_REMEMBERED = 10_000  # runs
RECHECK_SECONDS = 10.0  # between two checks of a listed run's files


def recent_runs(cache: Path | None = None) -> Iterator[Run]:
    """Readable runs, the most recently used first; damaged ones are skipped.

    A generator: a run's files are checked when it is reached, so the first few of many are available at once."""
    used = []
    for entry in _entries(cache or cache_folder()):
        with contextlib.suppress(OSError):  # deleted meanwhile
            used.append((entry.stat().st_mtime, entry.path))
    yield from (run for _, path in sorted(used, reverse=True) if _is_valid(run := Run(Path(path))))


_valid: dict[str, tuple[Any, float]] = {}  # {folder: ((mark, when it was written), when the files were checked)}


def _is_valid(run: Run) -> bool:
    """True for a readable run with a spec; checked at most once in `RECHECK_SECONDS`, since every page lists runs."""
    path, now = str(run.folder), time.monotonic()
    try:
        mark = run.read_mark()
    except OSError:
        return False
    if mark is None:
        return False
    checked = _valid.get(path)
    if checked and checked[0] == mark and now - checked[1] < RECHECK_SECONDS:
        return True
    valid = run.readable and run.described
    if len(_valid) > MAX_REMEMBERED:
        _valid.clear()
    if valid:
        _valid[path] = mark, now
    else:
        _valid.pop(path, None)
    return valid


def finished(cache: Path) -> list[tuple[str, int]]:
    """(folder, time of its `DONE` in nanoseconds) of the finished runs, the newest first; other files are not checked.

    For callers that cache what they read of a run."""
    runs = []
    for entry in _entries(cache):
        with contextlib.suppress(OSError):
            runs.append((entry.path, os.stat(os.path.join(entry.path, "DONE")).st_mtime_ns))
    return sorted(runs, key=lambda run: -run[1])


def list_runs(cache: Path | None = None) -> list[Run]:
    """`recent_runs` as a list."""
    return list(recent_runs(cache))


def _entries(cache: Path) -> list[os.DirEntry[str]]:
    try:
        return [entry for entry in os.scandir(cache / "runs") if KEY_PATTERN.fullmatch(entry.name)]
    except OSError:
        return []
