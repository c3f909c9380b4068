"""`Dispatcher`: threads that hand the jobs of each lane to its worker and record how each job ends.

There are two lanes, each with one worker and one dispatcher thread, so that maps are computed during a training. On a
cluster a lane runs as many jobs at once as there are workers. A killed worker is replaced and its job tried once more.
A job waits while another server fills its folder, or while no scheduler answers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from concurrent.futures import wait as wait_for
from functools import partial
from pathlib import Path
from typing import Any

from aecore import settings
from aecore.errors import AecoreError
from aecore.jobs.execution import Outcome, execute, failed
from aecore.jobs.executors import check_address, make_executor
from aecore.jobs.lanes import Job, Lane
from aecore.jobs.worker_process import LANES, SchedulerUnavailable, abandon, ping
from aecore.presets import demonstrations
from aecore.store import eviction, files, own_data
from aecore.store.events import log_event
from aecore.store.lease import INTERRUPTED, Lease, translate_os_errors
from aecore.store.runs import ResultFolder

REMEMBERED = 500  # ended jobs whose tickets are still available
BEAT_SECONDS = 1.0
EVICTION_SECONDS = 60.0
POLL_SECONDS = 0.5  # between two checks of a folder that another server fills
KILLED = "the worker was killed twice (out of memory?); nothing else is lost"

logger = logging.getLogger("aecore.jobs")


class Dispatcher:
    """The jobs of one server and the threads that run them; `aecore.jobs.queue.Queue` adds sessions and their requests.

    Parameters
    ----------
    cache : the folder that holds `runs/`.
    address : where jobs run, see `make_executor`.
    """

    def __init__(self, cache: Path, address: str | None = None) -> None:
        check_address(address)
        self.cache = Path(cache).absolute()  # workers may have another working directory
        self.address = address
        self.local = address in (None, "inline")
        settings.check()
        self._changed = threading.Condition(threading.RLock())  # guards all state below
        self._jobs: dict[str, Job] = {}  # by key: waiting, running and the last ended ones
        self._lanes = {name: Lane(name, partial(self._make_executor, name)) for name in LANES}
        self._closed = self._exit_hook = False
        self._next_eviction = 0.0
        self._inline = threading.Lock()
        self._threads = [
            threading.Thread(target=self._serve, args=(lane,), daemon=True, name=f"aecore-{lane.name}")
            for lane in self._lanes.values()
            if address != "inline"
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Kill the workers. Running jobs are marked as interrupted; results stay."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for lane in self._lanes.values():
            lane.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2)

    def _finished(self, job: Job) -> None:
        """Called after a job has finished, without the lock."""

    # The methods up to `_log` need the lock `_changed`.

    def _next(self, lane: Lane) -> Job | None:
        """The next job of the lane whose lease could be acquired; it is running now."""
        for job in lane.order() if not (self._closed or lane.full or lane.backs_off) else []:
            job.lease = Lease(job.folder)
            try:
                job.elsewhere = not job.lease.acquire()
            except OSError:  # not writable: the job will fail with that message
                job.elsewhere = False
            job.state = "running"
            if not job.elsewhere:
                lane.start(job)
                return job
        return None

    def _interrupt(self, job: Job) -> None:
        """Ask a running job to stop; it is queued again afterwards if a session still watches it."""
        job.stopping = True
        self._log("stopping", job)
        with contextlib.suppress(OSError):  # no folder yet: `_prepare` repeats it
            ResultFolder(job.folder).ask_to_stop()

    def _end(self, job: Job, outcome: Outcome) -> None:
        """Record a job's end, and forget the oldest ended jobs."""
        job.state, job.message, job.stopping = outcome.state, outcome.message, False
        ended = [key for key, other in self._jobs.items() if other.ended]
        for key in ended[: max(0, len(ended) - REMEMBERED)]:
            del self._jobs[key]
        self._log(job.state, job, message=job.message)
        self._changed.notify_all()

    def _log(self, event: str, job: Job, **more: Any) -> None:
        log_event(event, key=job.key, lane=job.task.lane, watchers=len(job.watchers), **more)

    # The methods below run in the dispatcher threads.

    def _serve(self, lane: Lane) -> None:
        """The loop of a lane's dispatcher thread."""
        while not self._closed:
            try:
                self._serve_next(lane)
            except Exception:  # the thread must live on, or all jobs of the lane would wait for ever
                logger.exception("the %s lane", lane.name)
                time.sleep(POLL_SECONDS)

    def _serve_next(self, lane: Lane) -> None:
        """Run the lane's next job, start its worker ahead, or wait until something changes."""
        if self.local:
            lane.take_over()  # the worker is idle here
        with self._changed:
            job = self._next(lane)
            if job is None and not lane.cold and not self._closed:
                self._changed.wait(POLL_SECONDS if lane.waiting else None)
                return
        if job and self.local:
            self._run(lane, job)
        elif job:  # a cluster runs several at once
            thread = threading.Thread(target=self._run, args=(lane, job), daemon=True, name=f"aecore-{job.key}")
            thread.start()
            with self._changed:
                self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        elif not self._closed:
            self._prewarm(lane)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _prewarm(self, lane: Lane) -> None:
        """Start the lane's worker ahead of its first job."""
        try:
            self._submit(lane, ping)
        except Exception:
            lane.preload = False  # not again: the next job will fail with the reason
            logger.exception("the %s worker cannot be started ahead", lane.name)

    def _run_all_inline(self) -> None:
        """Run all waiting jobs in the calling thread."""
        with self._inline:
            for lane in self._lanes.values():  # in this order: a training's probe waits in the second lane
                while True:
                    with self._changed:
                        job = self._next(lane)
                    if job is None:
                        break
                    self._run(lane, job)

    def _run(self, lane: Lane, job: Job) -> None:
        """Run a job to its end, or queue it again, and release its lease."""
        lease = job.lease or Lease(job.folder)
        try:
            outcome = self._attempt(lane, job, lease)
        except SchedulerUnavailable as error:
            outcome = self._postpone(job, error) if lane.back_off() else failed(ResultFolder(job.folder), error)
        except Exception as error:  # whatever went wrong, the job has ended
            outcome = failed(ResultFolder(job.folder), AecoreError(INTERRUPTED) if self._closed else error)
        finally:
            lease.release()
        with self._changed:
            lane.end(job, outcome.state)
            if outcome.state == "stopped" and job.stopping and job.watchers and not self._closed:
                # Preempted, or requested again while it was stopping, or the scheduler is unavailable.
                job.state, job.stopping, job.owner = "waiting", False, next(iter(job.watchers))
                job.message = outcome.message
                lane.waiting.append(job)
            else:
                self._end(job, outcome)
        if outcome.memory > settings.get("AECORE_WORKER_MB") * 1e6 and self.address is None:
            self._log("recycled", job, memory=outcome.memory)
            lane.replace(self._notify)
        if outcome.state == "finished":
            self._finished(job)
        self._evict()  # after a failure, too: the disk may be full

    def _make_executor(self, lane: str, preload: bool) -> Executor:
        return make_executor(self.address, lane, self.cache, preload)

    def _evict(self) -> None:
        """Evict runs over the cache's limit, except those of unfinished jobs; at most once in `EVICTION_SECONDS`, since
        it visits every file."""
        with self._changed:
            if time.monotonic() < self._next_eviction:
                return
            self._next_eviction = time.monotonic() + EVICTION_SECONDS
            # All parts of the path: a map's or probe's folder lies within its run's.
            keep = set(demonstrations.keys().values())
            keep |= {part for job in self._jobs.values() if not job.ended for part in job.folder.parts}
        with contextlib.suppress(OSError):
            eviction.sweep(self.cache, settings.get("AECORE_CACHE_GB") * 1e9, keep)
            own_data.sweep(self.cache, settings.get("AECORE_DATA_DAYS"), keep)

    def _attempt(self, lane: Lane, job: Job, lease: Lease) -> Outcome:
        """Have the worker run the job, and once more if it is killed."""
        for _ in range(2):
            if ResultFolder(job.folder).state == "finished":  # by another server, or before its worker was killed
                return Outcome("finished")
            if self._closed:
                return failed(ResultFolder(job.folder), AecoreError(INTERRUPTED))
            lane.connect()
            self._prepare(job)
            future = self._submit(lane, execute, job.task, str(job.folder), str(self.cache))
            while not wait_for([future], timeout=BEAT_SECONDS).done:
                if not lease.beat():
                    return self._yield_to_other_server(lane, job, future)
                if job.stopping:
                    future.cancel()  # succeeds if no worker has started it
            try:
                return future.result()
            except BrokenExecutor as error:
                self._log("killed", job, message=str(error).split(".")[0])
                if self.local:  # a cluster outlives one of its workers
                    lane.discard()
            except CancelledError:
                pass
            if job.stopping:
                files.set_aside(job.folder)
                return Outcome("stopped")
        return failed(ResultFolder(job.folder), AecoreError(INTERRUPTED if self._closed else KILLED))

    def _yield_to_other_server(self, lane: Lane, job: Job, future: Future) -> Outcome:
        """Another server has taken the lease over: our worker must write no more, and the job waits for the result."""
        self._log("lost", job)
        if self.local:
            lane.discard()
        else:
            abandon(future)
        job.stopping = True
        return Outcome("stopped")

    def _postpone(self, job: Job, error: SchedulerUnavailable) -> Outcome:
        """No scheduler answers: the job waits again, with the reason in its status."""
        with self._changed, contextlib.suppress(OSError):
            if job.watchers:
                ResultFolder(job.folder).write_status(state="waiting", message=str(error), fraction=0.0)
            else:
                files.set_aside(job.folder)
            job.stopping = True
        return Outcome("stopped", str(error))

    def _prepare(self, job: Job) -> None:
        """Make an empty folder with its spec.json, and the status 'running'."""
        with self._changed, translate_os_errors(self.cache):
            folder = ResultFolder(job.folder)
            if folder.state != "waiting":
                folder.clear()
                job.task.begin(job.folder)
            folder.write_status(state="running", message="starting", fraction=0.0, started=time.time())
            if job.stopping:
                folder.ask_to_stop()
        self._log("running", job)

    def _submit(self, lane: Lane, function: Any, *arguments: Any) -> Future:
        """Submit a call to the lane's worker; with the first one, register the hook that kills workers at exit."""
        future = lane.submit(function, *arguments)
        if self.address is None and not self._exit_hook:
            self._exit_hook = True
            # At interpreter shutdown loky waits for running jobs, so SIGTERM would take as long as a training. `atexit`
            # hooks run too late; this private one runs before loky's, if this Python version has it.
            with contextlib.suppress(AttributeError, RuntimeError):
                threading._register_atexit(self.close)  # type: ignore[attr-defined]
        return future
