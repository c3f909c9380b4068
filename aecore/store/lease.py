"""Who works in a folder: a small file beside it, so that two servers on one cache never train one spec at once.

The lease stands beside the folder (`.lease-<key>`), since the folder itself is set aside when work starts anew. It is
created exclusively, holds host, process and owner, and its time is the heartbeat. A lease is dead when it was not
touched for `STALE_SECONDS`, or a few seconds after its process died on this host: until then the dead server's worker,
which looks for its parent every second, may still be writing. Whoever looks at a lease in order to take it holds a
second file meanwhile (`.taking-<key>`, created exclusively), so that a dead lease is taken over by one server alone.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from aecore.errors import AecoreError
from aecore.store.files import read_json, write_json
from aecore.store.runs import STALE_SECONDS, ResultFolder

ORPHAN_SECONDS = 3.0  # how long a worker may outlive its server
INTERRUPTED = "interrupted: the server or its worker went away before the end; start it again"


class Lease:
    """The right to fill `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = _path(folder)
        self.owner = uuid.uuid4().hex

    def acquire(self) -> bool:
        """True when this process now holds it, False while another one does or is about to. `OSError`: the cache is
        not writable."""
        if held(self.folder):
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _taking(self.folder) as alone:
            if not alone or held(self.folder):
                return False
            write_json(self.path, {"host": socket.gethostname(), "pid": os.getpid(), "owner": self.owner})
        return True

    def beat(self) -> bool:
        """Say that the work goes on; at least every few seconds. False when it was silent for too long and somebody
        else has taken over: the folder is theirs."""
        try:
            if not self._mine():
                return False
            os.utime(self.path)
        except FileNotFoundError:  # they are done already
            return False
        except (OSError, ValueError):  # it cannot be told just now
            pass
        return True

    def release(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._mine():
                self.path.unlink(missing_ok=True)

    def _mine(self) -> bool:
        return json.loads(self.path.read_text()).get("owner") == self.owner


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """True inside where nobody fills the folder: nobody can begin with it meanwhile. `OSError` as `acquire`."""
    lease = Lease(folder)
    mine = lease.acquire()
    try:
        yield mine
    finally:
        if mine:
            lease.release()


def held(folder: Path) -> bool:
    """True while somebody, here or in another process, fills the folder."""
    try:
        age = time.time() - _path(folder).stat().st_mtime
    except OSError:  # no lease: something that trains without one still tells its state every second
        work = ResultFolder(folder)
        return work.state == "running" and _fresh(work.status())
    holder = read_json(_path(folder), {})
    here = holder.get("host") == socket.gethostname()
    if age < -STALE_SECONDS:  # the clock went back: until the next heartbeat the time says nothing
        return here and _alive(holder)
    if age > STALE_SECONDS:
        return False
    return not (here and age > ORPHAN_SECONDS and not _alive(holder))


def honest_status(work: ResultFolder) -> dict[str, Any]:
    """`work.status()` with the true state: what nobody works on any more is not 'running' but 'failed'.

    A folder that waits and has been left alone is 'missing': nobody is going to fill it unasked.
    """
    status = {**work.status(), "state": work.state}
    if status["state"] == "running" and not held(work.folder):
        status.update(state="failed", message=INTERRUPTED)
    elif status["state"] == "waiting" and not _fresh(status):
        status.update(state="missing", message="")
    return status


def honest_state(work: ResultFolder) -> str:
    state = work.state
    return str(honest_status(work)["state"]) if state in ("running", "waiting") else state


@contextlib.contextmanager
def writing(cache: Path) -> Iterator[None]:
    """Turn what a file system can say against writing into one line."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"cannot be written ({error.strerror or error})")
        raise AecoreError(f"cache {cache}: {reason}") from None


def _path(folder: Path) -> Path:
    return folder.with_name(f".lease-{folder.name}")


@contextlib.contextmanager
def _taking(folder: Path) -> Iterator[bool]:
    """True inside for one process at a time. One that died in here blocks the others for `STALE_SECONDS`."""
    path = folder.with_name(f".taking-{folder.name}")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        with contextlib.suppress(OSError):
            if abs(time.time() - path.stat().st_mtime) > STALE_SECONDS:
                path.unlink()  # whoever asks next may enter
        yield False
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)


def _alive(holder: dict[str, Any]) -> bool:
    pid = holder.get("pid")
    return isinstance(pid, int) and psutil.pid_exists(pid)


def _fresh(status: dict[str, Any]) -> bool:
    """Written within the last seconds; after the clock went back a status seems to come from the future."""
    updated = status.get("updated")
    return isinstance(updated, int | float) and abs(time.time() - updated) < STALE_SECONDS


_NOT_WRITABLE = "not writable for this user, so nothing new can be made; what is there can still be looked at"
_REASONS = {
    errno.EROFS: "read-only, so nothing new can be made; what is there can still be looked at",
    errno.EACCES: _NOT_WRITABLE,
    errno.EPERM: _NOT_WRITABLE,
    errno.ENOSPC: "the disk is full; free some space and start again",
    errno.EDQUOT: "the disk quota is used up; free some space and start again",
}
