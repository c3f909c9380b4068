"""Leases of result folders: lock files, so that two servers with one cache never fill the same folder at once.

The lease is the file `.lease-<key>` beside the folder, which itself is replaced when a job starts anew. It holds host,
process and owner; its modification time is the heartbeat. A lease expires `STALE_SECONDS` after the last heartbeat, or
`ORPHAN_SECONDS` after its process died on this host: the workers of a dead server end themselves within that time.
Acquiring a lease is guarded by a second file (`.taking-<key>`, created with O_EXCL), so that only one server takes over
an expired lease.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import psutil

from aecore.errors import AecoreError
from aecore.store.files import read_json, set_aside, write_json
from aecore.store.runs import STALE_SECONDS, ResultFolder

ORPHAN_SECONDS = 3.0  # longer than a worker outlives its server
INTERRUPTED = "interrupted: the server or its worker went away before the end; start it again"


class Lease:
    """The exclusive right to write into `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = _path(folder)
        self.owner = uuid.uuid4().hex

    def acquire(self) -> bool:
        """Take the lease; returns False while another process holds or takes it. Raises `OSError` if the cache cannot
        be written."""
        if is_held(self.folder):
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _taking(self.folder) as entered:
            if not entered or is_held(self.folder):
                return False
            write_json(self.path, {"host": socket.gethostname(), "pid": os.getpid(), "owner": self.owner})
        return True

    def beat(self) -> bool:
        """Send the heartbeat, due every few seconds. Returns False if the lease expired and another process took it
        over: this process must write no more."""
        try:
            if not self._is_owner():
                return False
            os.utime(self.path)
        except FileNotFoundError:  # the other process has released it already
            return False
        except (OSError, ValueError):  # unreadable for now
            pass
        return True

    def release(self) -> None:
        """Give the lease back, if this process still holds it. Never raises."""
        with contextlib.suppress(OSError, ValueError):
            if self._is_owner():
                self.path.unlink(missing_ok=True)

    def _is_owner(self) -> bool:
        return json.loads(self.path.read_text()).get("owner") == self.owner


@contextlib.contextmanager
def try_lease(folder: Path) -> Iterator[bool]:
    """Try to hold the folder's lease for the block; yields whether it was acquired. Raises `OSError` as `acquire`."""
    lease = Lease(folder)
    acquired = lease.acquire()
    try:
        yield acquired
    finally:
        if acquired:
            lease.release()


def delete_unfinished(folder: Path, processes: Collection[int | None]) -> None:
    """Delete a folder that one of these ended or ending processes of this host has not finished, with its lease."""
    if read_json(_path(folder), {}).get("pid") not in processes:
        return
    if not ResultFolder(folder).readable:
        set_aside(folder)
    _path(folder).unlink(missing_ok=True)


def is_held(folder: Path) -> bool:
    """True while any process, this one included, fills the folder."""
    try:
        age = time.time() - _path(folder).stat().st_mtime
    except OSError:  # no lease: a training started without one still updates its status
        result = ResultFolder(folder)
        return result.state == "running" and _is_fresh(result.status())
    holder = read_json(_path(folder), {})
    same_host = holder.get("host") == socket.gethostname()
    if age < -STALE_SECONDS:  # the clock was set back: the time is meaningless until the next heartbeat
        return same_host and _is_alive(holder)
    if age > STALE_SECONDS:
        return False
    return not (same_host and age > ORPHAN_SECONDS and not _is_alive(holder))


def actual_status(result: ResultFolder) -> dict[str, Any]:
    """The folder's status, its state reconciled with the lease.

    'running' without a live worker is 'failed'; 'waiting' without a recent update, in no queue any more, is 'missing'.
    """
    status = {**result.status(), "state": result.state}
    if status["state"] == "running" and not is_held(result.folder):
        status.update(state="failed", message=INTERRUPTED)
    elif status["state"] == "waiting" and not _is_fresh(status):
        status.update(state="missing", message="")
    return status


def actual_state(result: ResultFolder) -> str:
    """The state of `actual_status`."""
    state = result.state
    return str(actual_status(result)["state"]) if state in ("running", "waiting") else state


@contextlib.contextmanager
def translate_os_errors(cache: Path) -> Iterator[None]:
    """Raise an `AecoreError` with one line for an `OSError` of writing into the cache inside the block."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"cannot be written ({error.strerror or error})")
        raise AecoreError(f"cache {cache}: {reason}") from None


def _path(folder: Path) -> Path:
    return folder.with_name(f".lease-{folder.name}")


@contextlib.contextmanager
def _taking(folder: Path) -> Iterator[bool]:
    """Yields True for one process at a time; one that dies inside blocks the others for `STALE_SECONDS`."""
    path = folder.with_name(f".taking-{folder.name}")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        with contextlib.suppress(OSError):
            if abs(time.time() - path.stat().st_mtime) > STALE_SECONDS:
                path.unlink()  # the next attempt may enter
        yield False
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)


def _is_alive(holder: dict[str, Any]) -> bool:
    pid = holder.get("pid")
    return isinstance(pid, int) and psutil.pid_exists(pid)


def _is_fresh(status: dict[str, Any]) -> bool:
    """True for an update within `STALE_SECONDS`, of the past or, after the clock was set back, of the future."""
    updated = status.get("updated")
    return isinstance(updated, int | float) and abs(time.time() - updated) < STALE_SECONDS


_NOT_WRITABLE = "not writable for this user, so nothing new can be made; existing results can still be viewed"
_REASONS = {
    errno.EROFS: "read-only, so nothing new can be made; existing results can still be viewed",
    errno.EACCES: _NOT_WRITABLE,
    errno.EPERM: _NOT_WRITABLE,
    errno.ENOSPC: "the disk is full; free some space and start again",
    errno.EDQUOT: "the disk quota is used up; free some space and start again",
}
