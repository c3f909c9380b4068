"""Jobs on a Dask cluster, for a class that outgrows one machine; `distributed` is imported when an address is set.

The queue stays in the server. `ClusterExecutor` hands its jobs to the cluster's scheduler; `stay` is what each machine
of the cluster runs. A job is not done in the Dask worker itself but in a process beside it, made as on the server's
own machine (`make_executor(None, …)`), one for each lane. So one thing is trained at a time and a map is drawn
meanwhile, the map's process never imports TensorFlow, one that dies takes nothing along, and a Dask worker that has
nothing else to do always answers its scheduler.

Dask repeats by itself what a lost worker was doing. Here the queue decides about that, and empties the folder first:
whoever begins with a job creates a mark in `cache/.cluster/`, which only one can.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, InvalidStateError
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any

from aecore import settings
from aecore.errors import AecoreError
from aecore.jobs.executors import LANES, Away, ready
from aecore.jobs.lanes import Lane
from aecore.jobs.lease import INTERRUPTED, ORPHAN_SECONDS
from aecore.jobs.tasks import Outcome

CONNECT_SECONDS = 5.0
LOOK_SECONDS = 1.0  # how often the scheduler is asked who works, and a worker looks whether its job is still wanted
NOBODY_SECONDS = 20.0  # how long a job may be without any worker: time for one to start again

logger = logging.getLogger("aecore.jobs")


class WorkerLost(BrokenExecutor):
    """The process that did the job is gone; somebody else may do it."""


class ClusterExecutor(Executor):
    """The jobs of one lane on the cluster at `address`; `slots` is how many it can do at once.

    Raises
    ------
    AecoreError : `distributed` is not installed; `Away` where nothing answers at the address.
    """

    def __init__(self, address: str, lane: str, cache: Path) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise AecoreError(f"address: got {address!r}, but the package distributed is not installed") from None
        self.address, self.lane, self.cache = address, lane, cache
        self.slots = 0
        try:
            self._client: Any = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            self._look()
        except OSError as error:
            raise Away(f"address: got {address!r}, but nothing answers there ({type(error).__name__})") from None
        self._jobs: dict[_Job, Any] = {}  # what Dask calls a future; it drops a job whose future nobody holds
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True, name=f"aecore-cluster-{lane}").start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        if self._over.is_set() or self._client.status != "running":
            raise BrokenExecutor(f"the connection to {self.address} is lost")
        name = f"{self.lane}-{uuid.uuid4().hex}"
        job = _Job(_mark(self.cache, name))
        job.mark.parent.mkdir(parents=True, exist_ok=True)
        there = self._client.submit(
            serve, self.lane, self.cache, name, fn, *args, **kwargs, key=name, resources={self.lane: 1}, pure=False
        )
        self._jobs[job] = there
        job.add_done_callback(self._forget)
        there.add_done_callback(lambda _: self._deliver(job, there))
        return job

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster. What runs there ends within seconds: nobody wants it any more."""
        self._over.set()
        self._fail_all(AecoreError(INTERRUPTED))
        with contextlib.suppress(OSError):
            self._client.close(timeout=1)

    def _deliver(self, job: _Job, there: Any) -> None:
        from distributed.scheduler import KilledWorker

        if job.done():
            return
        try:
            job.end(there.result(timeout=CONNECT_SECONDS))
        except KilledWorker as error:
            job.fail(WorkerLost(str(error)))
        except (CancelledError, OSError):
            gone = f"cluster {self.address}: its scheduler went away"
            job.fail(Away(gone) if job.unbegun() else AecoreError(f"{gone} during this job; start it again"))
        except Exception as error:
            job.fail(error)

    def _forget(self, job: Any) -> None:
        there = self._jobs.pop(job)
        if there.status != "pending":  # else the mark stays: no worker may begin with it any more
            with contextlib.suppress(OSError):
                job.mark.unlink(missing_ok=True)
        there.release()

    def _watch(self) -> None:
        seen = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            try:
                self._look()
            except Exception:  # too late, or the client has closed itself: many kinds, one meaning
                self.slots = 0
            if self.slots or not self._jobs:
                seen = time.monotonic()
            elif time.monotonic() - seen > NOBODY_SECONDS:
                self._fail_all(
                    AecoreError(f"cluster {self.address}: no worker is there for this job; start one and ask again")
                )

    def _look(self) -> None:
        identity = self._client.scheduler.identity
        workers = self._client.sync(identity, n_workers=-1, callback_timeout=CONNECT_SECONDS)["workers"].values()
        self.slots = int(sum(worker["resources"].get(self.lane, 0) for worker in workers))

    def _fail_all(self, error: AecoreError) -> None:
        for job in list(self._jobs):
            job.fail(error)


class _Job(Future):
    """What the queue waits for. Whoever creates `mark` first, a worker or `cancel`, has the job."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self.mark = mark

    def cancel(self) -> bool:
        """True for a job that no worker has begun with, and none will then."""
        if not (_claim(self.mark) and super().cancel()):
            return False
        self.set_running_or_notify_cancel()  # what makes `wait` return
        return True

    def unbegun(self) -> bool:
        """True where no worker has begun with it, and none will then."""
        with contextlib.suppress(OSError):
            return _claim(self.mark)
        return False

    def end(self, result: Any) -> None:
        with contextlib.suppress(InvalidStateError):  # it was given up meanwhile
            self.set_result(result)

    def fail(self, error: Exception) -> None:
        with contextlib.suppress(InvalidStateError):
            self.set_exception(error)


def _mark(cache: Path, name: str) -> Path:
    return cache / ".cluster" / name


def _claim(mark: Path) -> bool:
    """True for the first who asks. `OSError` where the folder cannot be written, or is another machine's."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


# In the cluster.

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
            _lanes[name] = Lane(name, None, cache)
            _lanes[name].preload = settings.get("AECORE_WARM")
        return _lanes[name]


def _discard_all() -> None:
    for lane in list(_lanes.values()):
        lane.discard()


def _wanted(worker: Any, name: str) -> bool:
    """False once the server has left, or has given the job up, or the scheduler is gone."""
    task = worker.state.tasks.get(name)
    return worker.status.name in ("running", "paused") and task is not None and task.state == "executing"
