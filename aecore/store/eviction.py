"""Keep the runs within a size: what nobody looked at for longest goes first.

Never deleted: what the caller wants kept, a run pinned by the host (an empty file `PINNED` in its folder), one that a
worker writes to, and one that was looked at within the last half hour, since a page may have it open.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from aecore.store import files
from aecore.store.lease import held

OPEN_SECONDS = 1800.0  # a page that shows a run notes it with every script run
MARK_SECONDS = 24 * 3600.0  # longer than any job of a cluster takes, which must not begin twice
PINNED = "PINNED"
ROOM = 0.9  # of the limit is what stays, so that not every training has to tidy up

logger = logging.getLogger("aecore.jobs")


def size(folder: Path) -> int:
    """Bytes of all files below `folder`; files that vanish meanwhile do not count."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size
    return total


def sweep(cache: Path, limit: float, keep: Collection[str] = ()) -> list[str]:
    """Delete runs until all of them together take at most `ROOM * limit` bytes, if they take more than `limit`; before
    that, whatever the limit, what a server had set aside and did not live to delete, and marks of a cluster's jobs that
    were cancelled.

    Parameters
    ----------
    limit : bytes; 0 is no limit.
    keep : keys of runs that are not to be deleted.

    Returns
    -------
    The keys of the runs that went, in order.
    """
    for aside in (cache / "runs").glob(".aside-*"):
        if time.time() - _looked_at(aside) > OPEN_SECONDS:  # else somebody is at it
            shutil.rmtree(aside, ignore_errors=True)
    for mark in (cache / ".cluster").glob("*"):
        if time.time() - _looked_at(mark) > MARK_SECONDS:
            with contextlib.suppress(OSError):
                mark.unlink()
    if not limit:
        return []
    sizes = {folder: size(folder) for folder in _folders(cache)}
    total = sum(sizes.values())
    gone: list[str] = []
    if total <= limit:
        return gone
    for folder in sorted(sizes, key=_looked_at):
        if total <= ROOM * limit:
            break
        with contextlib.suppress(OSError):  # one that cannot be read or moved costs only itself
            if folder.name not in keep and _may_go(folder):
                files.set_aside(folder)
                total -= sizes[folder]
                gone.append(folder.name)
    logger.info(json.dumps({"event": "swept", "runs": len(gone), "bytes": total, "limit": limit}))
    return gone


def _folders(cache: Path) -> Iterator[Path]:
    folder = cache / "runs"
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _may_go(folder: Path) -> bool:
    kept = (folder / PINNED).exists() or held(folder)
    return not kept and abs(time.time() - _looked_at(folder)) > OPEN_SECONDS


def _looked_at(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return folder.stat().st_mtime
    return 0.0
