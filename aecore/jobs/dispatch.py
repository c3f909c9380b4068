"""`Dispatcher`: takes one job after another from its lane to a worker, and sees to it that each comes to an end.

Two lanes, each with one worker and one dispatcher thread: maps are drawn while something trains. On a cluster a lane
runs as many jobs at once as there are workers. A worker that is killed is replaced, and its job done once more; a job
whose folder another server fills, or for which nobody is there, waits.
"""

from __future__ import annotations

import contextlib
import json
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
from aecore.jobs.executors import check_address, make_executor
from aecore.jobs.lanes import Job, Lane
from aecore.jobs.tasks import Outcome, execute, failed
from aecore.jobs.worker_process import LANES, Away, give_up, ready
from aecore.presets import demonstrations
from aecore.store import eviction, files
from aecore.store.lease import INTERRUPTED, Lease, writing
from aecore.store.runs import ResultFolder

REMEMBERED = 500  # ended jobs whose ticket can still be asked for
BEAT_SECONDS = 1.0
TIDY_SECONDS = 60.0
LOOK_SECONDS = 0.5  # how often a folder is looked at that another server fills
KILLED = "the worker was killed twice (out of memory?); nothing else is lost"

logger = logging.getLogger("aecore.jobs")


class Dispatcher:
    """The jobs of one server and the threads that have them done; `aecore.jobs.queue.Queue` adds who asks for them.

    Parameters
    ----------
    cache : the folder that holds `runs/`.
    address : where jobs are done, see `make_executor`.
    """

    def __init__(self, cache: Path, address: str | None = None) -> None:
        check_address(address)
        self.cache = Path(cache).absolute()  # workers may stand elsewhere
        self.address = address
        self.local = address in (None, "inline")
        settings.check()
        self._changed = threading.Condition(threading.RLock())  # guards all that follows
        self._jobs: dict[str, Job] = {}  # by key: waiting, running and the last ended ones
        self._lanes = {name: Lane(name, partial(self._make_executor, name)) for name in LANES}
        self._closed = self._guarded = False
        self._tidy_until = 0.0
        self._inline = threading.Lock()
        self._threads = [
            threading.Thread(target=self._serve, args=(lane,), daemon=True, name=f"aecore-{lane.name}")
            for lane in self._lanes.values()
            if address != "inline"
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Kill the workers. Finished runs stay; what was running is marked as interrupted."""
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

    # Under the lock.

    def _next(self, lane: Lane) -> Job | None:
        """Take the next job that nobody else works on, and the right to its folder."""
        for job in lane.order() if not (self._closed or lane.full or lane.pauses) else []:
            job.lease = Lease(job.folder)
            try:
                job.elsewhere = not job.lease.acquire()
            except OSError:  # cannot be written: let it run into that, with a message
                job.elsewhere = False
            job.state = "running"
            if not job.elsewhere:
                lane.start(job)
                return job
        return None

    def _interrupt(self, job: Job) -> None:
        """Ask a running job to stop; it starts anew afterwards where somebody still watches it."""
        job.stopping = True
        self._log("stopping", job)
        with contextlib.suppress(OSError):  # not there yet: written when it is, see `_prepare`
            ResultFolder(job.folder).ask_to_stop()

    def _end(self, job: Job, outcome: Outcome) -> None:
        job.state, job.message, job.stopping = outcome.state, outcome.message, False
        ended = [key for key, other in self._jobs.items() if other.ended]
        for key in ended[: max(0, len(ended) - REMEMBERED)]:
            del self._jobs[key]
        self._log(job.state, job, message=job.message)
        self._changed.notify_all()

    def _log(self, event: str, job: Job, **more: Any) -> None:
        facts = {
            "event": event,
            "time": round(time.time(), 3),
            "key": job.key,
            "lane": job.task.lane,
            "watchers": len(job.watchers),
            **more,
        }
        logger.info(json.dumps({name: value for name, value in facts.items() if value not in ("", None)}))

    # In the dispatcher threads.

    def _serve(self, lane: Lane) -> None:
        while not self._closed:
            try:
                self._serve_next(lane)
            except Exception:  # without a dispatcher all would wait for ever
                logger.exception("the %s lane", lane.name)
                time.sleep(LOOK_SECONDS)

    def _serve_next(self, lane: Lane) -> None:
        if self.local:
            lane.swap()  # here it has nothing to do
        with self._changed:
            job = self._next(lane)
            if job is None and not lane.cold and not self._closed:
                self._changed.wait(LOOK_SECONDS if lane.waiting else None)
                return
        if job and self.local:
            self._run(lane, job)
        elif job:  # others may run beside it
            thread = threading.Thread(target=self._run, args=(lane, job), daemon=True, name=f"aecore-{job.key}")
            thread.start()
            with self._changed:
                self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        elif not self._closed:
            self._heat(lane)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _heat(self, lane: Lane) -> None:
        try:
            self._hand_over(lane, ready)
        except Exception:
            lane.preload = False  # once is enough: the next job will say what is wrong
            logger.exception("the %s worker cannot be started ahead", lane.name)

    def _drain(self) -> None:
        """Do all that waits, in the calling thread."""
        with self._inline:
            for lane in self._lanes.values():  # what follows a training waits in the second one
                while True:
                    with self._changed:
                        job = self._next(lane)
                    if job is None:
                        break
                    self._run(lane, job)

    def _run(self, lane: Lane, job: Job) -> None:
        lease = job.lease or Lease(job.folder)
        try:
            outcome = self._execute(lane, job, lease)
        except Away as error:
            outcome = self._put_off(job, error) if lane.pause() else failed(ResultFolder(job.folder), error)
        except Exception as error:  # a job that fails in whatever way has ended
            outcome = failed(ResultFolder(job.folder), AecoreError(INTERRUPTED) if self._closed else error)
        finally:
            lease.release()
        with self._changed:
            lane.end(job, outcome.state)
            if outcome.state == "stopped" and job.stopping and job.watchers and not self._closed:
                # It made way, or somebody asked for it after the last one had left and before it ended.
                # Or nobody is there to do it.
                job.state, job.stopping, job.owner = "waiting", False, next(iter(job.watchers))
                job.message = outcome.message
                lane.waiting.append(job)
            else:
                self._end(job, outcome)
        if outcome.memory > settings.get("AECORE_WORKER_MB") * 1e6 and self.address is None:
            self._log("recycled", job, memory=outcome.memory)
            lane.renew(self._wake)
        if outcome.state == "finished":
            self._finished(job)
        self._tidy_up()  # after a failure, too: the disk may be full

    def _make_executor(self, lane: str, preload: bool) -> Executor:
        return make_executor(self.address, lane, self.cache, preload)

    def _tidy_up(self) -> None:
        """Keep the cache within its size; what somebody waits for or works on stays. Once a minute at most: it looks at
        every file."""
        with self._changed:
            if time.monotonic() < self._tidy_until:
                return
            self._tidy_until = time.monotonic() + TIDY_SECONDS
            # The folder of what is computed from a run lies within the run's.
            keep = set(demonstrations.keys().values())
            keep |= {part for job in self._jobs.values() if not job.ended for part in job.folder.parts}
        with contextlib.suppress(OSError):
            eviction.sweep(self.cache, settings.get("AECORE_CACHE_GB") * 1e9, keep)

    def _execute(self, lane: Lane, job: Job, lease: Lease) -> Outcome:
        for _ in range(2):
            if ResultFolder(job.folder).state == "finished":  # by another server, or just before its worker was killed
                return Outcome("finished")
            if self._closed:
                return failed(ResultFolder(job.folder), AecoreError(INTERRUPTED))
            lane.reach()
            self._prepare(job)
            future = self._hand_over(lane, execute, job.task, str(job.folder))
            while not wait_for([future], timeout=BEAT_SECONDS).done:
                if not lease.beat():
                    return self._give_way(lane, job, future)
                if job.stopping:
                    future.cancel()  # helps where no worker has begun
            try:
                return future.result()
            except BrokenExecutor as error:
                self._log("killed", job, message=str(error).split(".")[0])
                if self.local:  # a cluster is still there when one of its workers is not
                    lane.discard()
            except CancelledError:
                pass
            if job.stopping:
                files.set_aside(job.folder)
                return Outcome("stopped")
        return failed(ResultFolder(job.folder), AecoreError(INTERRUPTED if self._closed else KILLED))

    def _give_way(self, lane: Lane, job: Job, future: Future) -> Outcome:
        """Another server has taken the folder over: our worker must write no more, and the job waits for theirs."""
        self._log("lost", job)
        if self.local:
            lane.discard()
        else:
            give_up(future)
        job.stopping = True
        return Outcome("stopped")

    def _put_off(self, job: Job, error: Away) -> Outcome:
        """Nobody is there to do it: it waits again, and says why."""
        with self._changed, contextlib.suppress(OSError):
            if job.watchers:
                ResultFolder(job.folder).write_status(state="waiting", message=str(error), fraction=0.0)
            else:
                files.set_aside(job.folder)
            job.stopping = True
        return Outcome("stopped", str(error))

    def _prepare(self, job: Job) -> None:
        """An empty folder that says what it will hold and that it is being filled."""
        with self._changed, writing(self.cache):
            folder = ResultFolder(job.folder)
            if folder.state != "waiting":
                folder.clear()
                job.task.begin(job.folder)
            folder.write_status(state="running", message="starting", fraction=0.0, started=time.time())
            if job.stopping:
                folder.ask_to_stop()
        self._log("running", job)

    def _hand_over(self, lane: Lane, function: Any, *arguments: Any) -> Future:
        future = lane.hand_over(function, *arguments)
        if self.address is None and not self._guarded:
            self._guarded = True
            # At interpreter shutdown loky waits for running jobs: leave before, or SIGTERM takes as long as they do.
            # Registered after loky's own hook, hence called before it. Private, so it may be missing one day.
            with contextlib.suppress(AttributeError, RuntimeError):
                threading._register_atexit(self.close)  # type: ignore[attr-defined]
        return future
