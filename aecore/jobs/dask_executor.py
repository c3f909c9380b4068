"""`ClusterExecutor`: an executor for jobs on a Dask cluster.

The queue stays in the server; `ClusterExecutor` submits its jobs to the cluster's scheduler, and each machine of the
cluster runs `aecore.jobs.dask_worker`. `distributed` is imported only if an address is set.

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
from aecore.jobs.dask_worker import POLL_SECONDS, WorkerLost, _claim, _mark, serve
from aecore.jobs.worker_process import SchedulerUnavailable
from aecore.store.lease import INTERRUPTED

CONNECT_SECONDS = 5.0
NO_WORKER_SECONDS = 20.0  # jobs fail after so long without any worker: time for one to restart

logger = logging.getLogger("aecore.jobs")


class ClusterExecutor(Executor):
    """Runs the jobs of one lane on the cluster at `address`; `slots` is the number of jobs it runs at once.

    Raises
    ------
    AecoreError : `distributed` is not installed.
    SchedulerUnavailable : nothing answers at the address.
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
            self._refresh_slots()
        except OSError as error:
            reason = f"address: got {address!r}, but nothing answers there ({type(error).__name__})"
            raise SchedulerUnavailable(reason) from None
        self._jobs: dict[_Job, Any] = {}  # with Dask's future: Dask cancels a task without references to its future
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True, name=f"aecore-cluster-{lane}").start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Submit a call to the scheduler. Raises `BrokenExecutor` if the connection is lost."""
        if self._over.is_set() or self._client.status != "running":
            raise BrokenExecutor(f"the connection to {self.address} is lost")
        name = f"{self.lane}-{uuid.uuid4().hex}"
        job = _Job(_mark(self.cache, name))
        job.mark.parent.mkdir(parents=True, exist_ok=True)
        task = self._client.submit(
            serve, self.lane, self.cache, name, fn, *args, **kwargs, key=name, resources={self.lane: 1}, pure=False
        )
        self._jobs[job] = task
        job.add_done_callback(self._forget)
        task.add_done_callback(lambda _: self._deliver(job, task))
        return job

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect from the cluster; its workers end our running jobs within seconds."""
        self._over.set()
        self._fail_all(AecoreError(INTERRUPTED))
        with contextlib.suppress(OSError):
            self._client.close(timeout=1)

    def _deliver(self, job: _Job, task: Any) -> None:
        """Give the job the result or the error of its Dask future."""
        from distributed.scheduler import KilledWorker

        if job.done():
            return
        try:
            job.end(task.result(timeout=CONNECT_SECONDS))
        except KilledWorker as error:
            job.fail(WorkerLost(str(error)))
        except (CancelledError, OSError):
            reason = f"cluster {self.address}: its scheduler went away"
            if job.claim_unstarted():
                job.fail(SchedulerUnavailable(reason))
            else:
                job.fail(AecoreError(f"{reason} during this job; start it again"))
        except Exception as error:
            job.fail(error)

    def _forget(self, job: Any) -> None:
        task = self._jobs.pop(job)
        if task.status != "pending":  # else the mark stays, so that no worker starts the job
            with contextlib.suppress(OSError):
                job.mark.unlink(missing_ok=True)
        task.release()

    def _watch(self) -> None:
        """Refresh `slots`, and fail the jobs after `NO_WORKER_SECONDS` without a worker."""
        seen = time.monotonic()
        while not self._over.wait(POLL_SECONDS):
            try:
                self._refresh_slots()
            except Exception:  # a timeout or a closed client, of many types
                self.slots = 0
            if self.slots or not self._jobs:
                seen = time.monotonic()
            elif time.monotonic() - seen > NO_WORKER_SECONDS:
                self._fail_all(
                    AecoreError(f"cluster {self.address}: no worker is there for this job; start one and ask again")
                )

    def _refresh_slots(self) -> None:
        # Not `client.scheduler_info()`, which has no timeout and returns its last answer once the scheduler is lost.
        identity = self._client.scheduler.identity
        workers = self._client.sync(identity, n_workers=-1, callback_timeout=CONNECT_SECONDS)["workers"].values()
        self.slots = int(sum(worker["resources"].get(self.lane, 0) for worker in workers))

    def _fail_all(self, error: AecoreError) -> None:
        for job in list(self._jobs):
            job.fail(error)


class _Job(Future):
    """The queue's future of a job. The first to create the file `mark`, a worker or `cancel`, claims the job."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self.mark = mark

    def cancel(self) -> bool:
        """Cancel a job that no worker has claimed, so that none will; returns whether it was."""
        if not (_claim(self.mark) and super().cancel()):
            return False
        self.set_running_or_notify_cancel()  # makes `wait` return
        return True

    def claim_unstarted(self) -> bool:
        """Claim a job that no worker has claimed, so that none will; returns whether it was."""
        with contextlib.suppress(OSError):
            return _claim(self.mark)
        return False

    def end(self, result: Any) -> None:
        """Set the result, unless the job was abandoned."""
        with contextlib.suppress(InvalidStateError):
            self.set_result(result)

    def fail(self, error: Exception) -> None:
        """Set the exception, unless the job has ended."""
        with contextlib.suppress(InvalidStateError):
            self.set_exception(error)
