"""What each machine of a Dask cluster runs: a Dask worker, and beside it one process for each lane.

A job is not done in the Dask worker itself but in a process beside it, made as on the server's own machine. So one
thing is trained at a time and a map is drawn meanwhile, the map's process never imports TensorFlow, one that dies
takes nothing along, and a Dask worker that has nothing else to do always answers its scheduler.
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
from aecore.jobs.lanes import Lane
from aecore.jobs.tasks import Outcome
from aecore.jobs.worker_process import LANES, process_executor, ready
from aecore.store.lease import ORPHAN_SECONDS

logger = logging.getLogger("aecore.jobs")
LOOK_SECONDS = 1.0  # how often the scheduler is asked who works, and a worker looks whether its job is still wanted


class WorkerLost(BrokenExecutor):
    """The process that did the job is gone; somebody else may do it."""


def _mark(cache: Path, name: str) -> Path:
    return cache / ".cluster" / name


def _claim(mark: Path) -> bool:
    """True for the first who asks. `OSError` where the folder cannot be written, or is another machine's."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


_lanes: dict[str, Lane] = {}  # this machine's processes, by the name of their lane
_making = threading.Lock()


def stay(address: str, cache: Path) -> None:
    """Work for the cluster at `address` until interrupted. A scheduler that is not there yet, or goes away, is waited
    for."""
    try:
        from distributed import Worker
    except ImportError:
        raise AecoreError("worker: the package distributed is not installed") from None

    async def work_on() -> None:
        while True:
            for name in LANES if settings.get("AECORE_WARM") else ():
                _lane(name, cache).hand_over(ready)
            resources = dict.fromkeys(LANES, 1.0)
            with contextlib.suppress(OSError):
                async with Worker(address, nthreads=len(LANES), resources=resources, memory_limit=0) as worker:
                    logger.info("works for %s", address)
                    try:
                        await worker.finished()
                    finally:  # what it is at is done elsewhere; by itself it would wait half a minute for it
                        await worker.close(executor_wait=False)
            _discard_all()  # their results have no way back
            await asyncio.sleep(1)

    try:
        asyncio.run(work_on())
    finally:
        _discard_all()


def serve(lane: str, cache: Path, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a Dask worker does for one job, in a thread: have it done by this machine's process of that lane.

    Raises
    ------
    WorkerLost : the process died, or another worker had begun with the job and is gone.
    AecoreError : this machine does not see the cache folder.
    """
    from distributed import get_worker

    worker, mark = get_worker(), _mark(cache, name)
    try:
        if not _claim(mark):
            time.sleep(ORPHAN_SECONDS)  # until its process has noticed, too, and writes no more
            raise WorkerLost("the worker that did it is gone")
    except OSError as error:
        reason = f"{socket.gethostname()} cannot write there ({error.strerror})"
        raise AecoreError(f"cluster: got the cache {cache}, but {reason}; it must be a shared folder") from None
    own = _lane(lane, cache)
    try:
        future = own.hand_over(function, *arguments)
        while not wait_for([future], timeout=LOOK_SECONDS).done:
            if not _wanted(worker, name):
                mark.unlink(missing_ok=True)
                raise WorkerLost("nobody wants it any more")
        result = future.result()
    except BrokenExecutor as error:
        own.discard()
        raise WorkerLost(str(error).split(".")[0]) from None
    if isinstance(result, Outcome) and result.memory > settings.get("AECORE_WORKER_MB") * 1e6:
        own.discard()
        own.hand_over(ready)
    return result


def _lane(name: str, cache: Path) -> Lane:
    with _making:
        if name not in _lanes:
            _lanes[name] = Lane(name, partial(process_executor, name, cache))
            _lanes[name].preload = settings.get("AECORE_WARM")
        return _lanes[name]


def _discard_all() -> None:
    for lane in list(_lanes.values()):
        lane.discard()


def _wanted(worker: Any, name: str) -> bool:
    """False once the server has left, or has given the job up, or the scheduler is gone."""
    task = worker.state.tasks.get(name)
    return worker.status.name in ("running", "paused") and task is not None and task.state == "executing"
