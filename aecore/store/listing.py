"""Lists of the runs in a cache folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from aecore.datasets import own
from aecore.settings import cache_folder
from aecore.store.runs import KEY_PATTERN, Run

MAX_REMEMBERED = 10_000  # runs
RECHECK_SECONDS = 10.0  # between two checks of a listed run's files


def recent_runs(cache: Path | None = None, own_data: Collection[str] = ()) -> Iterator[Run]:
    """Readable runs, the most recently used first; damaged ones are skipped, and runs on uploaded data, unless the data
    set's name, which only its owner knows, is among `own_data`.

    A generator: a run's files are checked when it is reached, so the first few of many are available at once."""
    used = []
    for entry in _entries(cache or cache_folder()):
        with contextlib.suppress(OSError):  # deleted meanwhile
            used.append((entry.stat().st_mtime, entry.path))
    runs = (Run(Path(path)) for _, path in sorted(used, reverse=True))
    yield from (run for run in runs if (name := _dataset(run)) and (not own.is_own(name) or name in own_data))


def is_private(run: Run) -> bool:
    """True for a run on uploaded data; False, too, for one whose description cannot be read."""
    return run.described and own.is_own(run.spec.dataset)


# {folder: ((mark, when it was written), when the files were checked, the data set's name)}
_valid: dict[str, tuple[Any, float, str]] = {}


def _dataset(run: Run) -> str:
    """The data set's name of a readable run with a spec, '' for another run; checked at most once in `RECHECK_SECONDS`,
    since every page lists runs."""
    path, now = str(run.folder), time.monotonic()
    try:
        mark = run.read_mark()
    except OSError:
        return ""
    if mark is None:
        return ""
    checked = _valid.get(path)
    if checked and checked[0] == mark and now - checked[1] < RECHECK_SECONDS:
        return checked[2]
    valid = run.readable and run.described
    if len(_valid) > MAX_REMEMBERED:
        _valid.clear()
    if valid:
        _valid[path] = mark, now, run.spec.dataset
        return run.spec.dataset
    _valid.pop(path, None)
    return ""


def finished(cache: Path) -> list[tuple[str, int]]:
    """(folder, time of its `DONE` in nanoseconds) of the finished runs, the newest first; other files are not checked.

    For callers that cache what they read of a run, and show nothing of runs on uploaded data (see `is_private`)."""
    runs = []
    for entry in _entries(cache):
        with contextlib.suppress(OSError):
            runs.append((entry.path, os.stat(os.path.join(entry.path, "DONE")).st_mtime_ns))
    return sorted(runs, key=lambda run: -run[1])


def list_runs(cache: Path | None = None, own_data: Collection[str] = ()) -> list[Run]:
    """`recent_runs` as a list."""
    return list(recent_runs(cache, own_data))


def _entries(cache: Path) -> list[os.DirEntry[str]]:
    try:
        return [entry for entry in os.scandir(cache / "runs") if KEY_PATTERN.fullmatch(entry.name)]
    except OSError:
        return []
