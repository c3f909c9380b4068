"""Eviction of the least recently used runs from a cache folder over its size limit.

Never deleted: runs the caller wants to keep, pinned runs (an empty file `PINNED` in the folder), runs whose lease is
held, and runs used within `OPEN_SECONDS`, which a page may show.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from aecore.store import files
from aecore.store.events import log_event
from aecore.store.lease import is_held

OPEN_SECONDS = 1800.0  # a page that shows a run touches it with every script run
MARK_SECONDS = 24 * 3600.0  # longer than any job on a cluster, which must not start twice
PINNED = "PINNED"
TARGET = 0.9  # share of the limit left after an eviction, so that not every training is followed by one


def size(folder: Path) -> int:
    """Bytes of all files below `folder`; files deleted meanwhile do not count."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size
    return total


def sweep(cache: Path, limit: float, keep: Collection[str] = ()) -> list[str]:
    """Delete the least recently used runs down to `TARGET * limit` bytes, if all runs together exceed `limit`.

    Also deletes, for any limit, folders set aside by a server that died, and claim files of cancelled cluster jobs.

    Parameters
    ----------
    limit : bytes; 0 for no limit.
    keep : keys of runs that are never deleted.

    Returns
    -------
    The keys of the deleted runs, in order.
    """
    for aside in (cache / "runs").glob(".aside-*"):
        if time.time() - _last_used(aside) > OPEN_SECONDS:  # else a server may be deleting it
            shutil.rmtree(aside, ignore_errors=True)
    for mark in (cache / ".cluster").glob("*"):
        if time.time() - _last_used(mark) > MARK_SECONDS:
            with contextlib.suppress(OSError):
                mark.unlink()
    if not limit:
        return []
    sizes = {folder: size(folder) for folder in _folders(cache)}
    total = sum(sizes.values())
    deleted: list[str] = []
    if total <= limit:
        return deleted
    for folder in sorted(sizes, key=_last_used):
        if total <= TARGET * limit:
            break
        with contextlib.suppress(OSError):  # a folder that cannot be read or moved is skipped
            if folder.name not in keep and _is_evictable(folder):
                files.set_aside(folder)
                total -= sizes[folder]
                deleted.append(folder.name)
    log_event("swept", runs=len(deleted), bytes=total, limit=limit)
    return deleted


def _folders(cache: Path) -> Iterator[Path]:
    folder = cache / "runs"
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _is_evictable(folder: Path) -> bool:
    protected = (folder / PINNED).exists() or is_held(folder)
    return not protected and abs(time.time() - _last_used(folder)) > OPEN_SECONDS


def _last_used(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return folder.stat().st_mtime
    return 0.0
