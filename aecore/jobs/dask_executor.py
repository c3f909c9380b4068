"""`ClusterExecutor`: jobs on a Dask cluster, for a class that outgrows one machine.

`distributed` is imported when an address is set. The queue stays in the server; `ClusterExecutor` hands its jobs to the
cluster's scheduler, and `aecore.jobs.dask_worker` is what each machine of the cluster runs.

Dask re-runs tasks of lost workers. To keep retries in our queue, a job is claimed exactly once, by creating
`cache/.cluster/<job>` exclusively.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, InvalidStateError
from pathlib import Path
from typing import Any

from aecore.errors import AecoreError
from aecore.jobs.dask_worker import LOOK_SECONDS, WorkerLost, _claim, _mark, serve
from aecore.jobs.worker_process import Away
from aecore.store.lease import INTERRUPTED

CONNECT_SECONDS = 5.0
NOBODY_SECONDS = 20.0  # how long a job may be without any worker: time for one to start again

logger = logging.getLogger("aecore.jobs")


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
