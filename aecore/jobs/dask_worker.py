"""The process of one machine of a Dask cluster: a Dask worker, and one child process per lane that runs the jobs.

The child processes are the same as on a single machine: one training and one map at a time, no TensorFlow in the map's
process, and a process that dies affects only its job. The Dask worker itself stays free to answer its scheduler.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from concurrent.futures import wait as wait_for
from functools import partial
from pathlib import Path
from typing import Any

from aecore import settings
from aecore.errors import AecoreError
from aecore.jobs.execution import Outcome
from aecore.jobs.lanes import Lane
from aecore.jobs.worker_process import LANES, ping, process_executor
from aecore.store.lease import ORPHAN_SECONDS

logger = logging.getLogger("aecore.jobs")
POLL_SECONDS = 1.0  # between two queries of the cluster's workers, and between two checks that a job is still wanted


class WorkerLost(BrokenExecutor):
    """The process that ran the job has died; another may run it."""


def _mark(cache: Path, name: str) -> Path:
    """The claim file of a job."""
    return cache / ".cluster" / name


def _claim(mark: Path) -> bool:
    """Create the file `mark`; returns whether it did not exist. Raises `OSError` if the folder cannot be written."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


_lanes: dict[str, Lane] = {}  # by name
_lanes_lock = threading.Lock()


def serve_forever(address: str, cache: Path) -> None:
    """Run the jobs of the cluster at `address` until interrupted; reconnects whenever the scheduler is unavailable."""
    try:
        from distributed import Worker
    except ImportError:
        raise AecoreError("worker: the package distributed is not installed") from None

    async def connect_forever() -> None:
        while True:
            for name in LANES if settings.get("AECORE_WARM") else ():
                _lane(name, cache).submit(ping)
            resources = dict.fromkeys(LANES, 1.0)
            with contextlib.suppress(OSError):
                async with Worker(address, nthreads=len(LANES), resources=resources, memory_limit=0) as worker:
                    logger.info("works for %s", address)
                    try:
                        await worker.finished()
                    finally:
                        await worker.close(executor_wait=False)  # its running jobs are done elsewhere
            _discard_all()  # results of running jobs cannot be delivered any more
            await asyncio.sleep(1)

    try:
        asyncio.run(connect_forever())
    finally:
        _discard_all()


def serve(lane: str, cache: Path, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """The Dask task of one job: runs `function` in this machine's process of that lane, and returns its result.

    Raises
    ------
    WorkerLost : the process died, the job is not wanted any more, or the worker that had claimed it is lost.
    AecoreError : this machine cannot write into the cache folder.
    """
    from distributed import get_worker

    worker, mark = get_worker(), _mark(cache, name)
    try:
        if not _claim(mark):
            time.sleep(ORPHAN_SECONDS)  # until the lost worker's process has ended itself
            raise WorkerLost("the worker that did it is gone")
    except OSError as error:
        reason = f"{socket.gethostname()} cannot write there ({error.strerror})"
        raise AecoreError(f"cluster: got the cache {cache}, but {reason}; it must be a shared folder") from None
    machine_lane = _lane(lane, cache)
    try:
        future = machine_lane.submit(function, *arguments)
        while not wait_for([future], timeout=POLL_SECONDS).done:
            if not _wanted(worker, name):
                mark.unlink(missing_ok=True)
                raise WorkerLost("the job is not wanted any more")
        result = future.result()
    except BrokenExecutor as error:
        machine_lane.discard()
        raise WorkerLost(str(error).split(".")[0]) from None
    if isinstance(result, Outcome) and result.memory > settings.get("AECORE_WORKER_MB") * 1e6:
        machine_lane.discard()
        machine_lane.submit(ping)
    return result


def _lane(name: str, cache: Path) -> Lane:
    """This machine's lane of that name, created on first use."""
    with _lanes_lock:
        if name not in _lanes:
            _lanes[name] = Lane(name, partial(process_executor, name, cache))
            _lanes[name].preload = settings.get("AECORE_WARM")
        return _lanes[name]


def _discard_all() -> None:
    for lane in list(_lanes.values()):
        lane.discard()


def _wanted(worker: Any, name: str) -> bool:
    """False once the server has disconnected or abandoned the job, or the scheduler is unavailable."""
    task = worker.state.tasks.get(name)
    return worker.status.name in ("running", "paused") and task is not None and task.state == "executing"
