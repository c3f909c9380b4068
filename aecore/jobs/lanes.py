"""`Lane`: the jobs that wait for one worker (or for a cluster's), their order, and the worker's executor."""

from __future__ import annotations

import heapq
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aecore import settings
from aecore.errors import AecoreError
from aecore.jobs.tasks import Task
from aecore.jobs.worker_process import free_memory, kill, ping
from aecore.store.lease import INTERRUPTED, Lease

UNAVAILABLE_SECONDS = 300.0  # jobs fail after waiting so long for a scheduler
RETRY_SECONDS = 2.0  # between two attempts to connect
ENDED = ("finished", "stopped", "failed")


@dataclass(eq=False)
class Job:
    """One requested key; mutable, guarded by the queue's lock."""

    task: Task
    key: str
    folder: Path
    owner: str  # the session whose turn in the order the job uses
    watchers: dict[str, None]  # sessions, an ordered set
    state: str = "waiting"
    message: str = ""
    started: float = 0.0
    stopping: bool = False
    expected: float | None = None  # seconds, if its task can estimate them
    lease: Lease | None = None  # held while it runs
    elsewhere: bool = False  # another server fills the folder; the job stays in `waiting` in case that one fails

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Ticket:
    """A snapshot of a job.

    `state`: 'waiting', 'running', 'finished', 'stopped' or 'failed'. `position`: 0 = not waiting, 1 = next in its
    lane. `watchers`: the sessions that requested it. `expected_seconds`: its expected waiting time; None if it does not
    wait or there is no estimate.
    """

    key: str
    state: str
    position: int
    watchers: frozenset[str]
    folder: Path
    message: str = ""
    expected_seconds: float | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class Lane:
    """The waiting and running jobs, and the executor, created with the first job (or by `Queue.warm`).

    Parameters
    ----------
    name : 'train' or 'map'.
    make_executor : called with `preload` whenever a new worker is needed.
    """

    def __init__(self, name: str, make_executor: Callable[[bool], Executor]) -> None:
        self.name = name
        self._make_executor = make_executor
        self.waiting: list[Job] = []  # in order of arrival
        self.running: list[Job] = []
        self.preload = False
        self._turns: dict[str, int] = {}  # session: serial number of its last started job
        self._served = 0
        self._seconds: dict[str, deque[float]] = {}  # by kind of task: durations of the last finished jobs
        self._executor: Executor | None = None
        self._replacement: tuple[Executor, Future] | None = None  # and its `ping`: done once it is warm
        self._closed = False
        self._lock = threading.Lock()
        self._unavailable_since = 0.0  # monotonic time; 0: the scheduler answers
        self._retry = 0.0

    @property
    def backs_off(self) -> bool:
        """True for `RETRY_SECONDS` after `back_off`."""
        return time.monotonic() < self._retry

    def back_off(self) -> bool:
        """Note that the scheduler is unavailable; returns False once it has been for `UNAVAILABLE_SECONDS`."""
        now = time.monotonic()
        self._unavailable_since = self._unavailable_since or now
        self._retry = now + RETRY_SECONDS
        return now - self._unavailable_since < UNAVAILABLE_SECONDS

    @property
    def width(self) -> int:
        """The number of jobs that run at once: one, or a cluster's slots."""
        return max(1, getattr(self._executor, "slots", 1))

    @property
    def full(self) -> bool:
        """True if no further job can start now."""
        return len(self.running) >= self.width

    def order(self) -> list[Job]:
        """The waiting jobs in the order of their turns.

        The first jobs of all sessions come before any second one; of these, the session served longest ago comes first.
        Background jobs come last."""
        nth: dict[str, int] = {}
        ranks: dict[Job, tuple[bool, int, int, int]] = {}
        for arrival, job in enumerate(self.waiting):
            nth[job.owner] = nth.get(job.owner, 0) + 1
            ranks[job] = (job.task.background, nth[job.owner], self._turns.get(job.owner, 0), arrival)
        return sorted(self.waiting, key=ranks.__getitem__)

    def start(self, job: Job) -> None:
        """Move a waiting job to the running ones."""
        self.waiting.remove(job)
        self.running.append(job)
        job.message = ""
        job.started = time.monotonic()
        self._served += 1
        self._turns[job.owner] = self._served

    def end(self, job: Job, state: str) -> None:
        """Remove a running job, and note its duration if it finished."""
        self.running.remove(job)
        if state == "finished" and not job.task.background:
            durations = self._seconds.setdefault(type(job.task).__name__, deque(maxlen=20))
            durations.append(time.monotonic() - job.started)

    def forget(self, session: str) -> None:
        """Drop the turn of a session that has ended."""
        self._turns.pop(session, None)

    def ahead_of(self, job: Job) -> list[Job]:
        """The waiting jobs that are served before this waiting job."""
        waiting = [other for other in self.order() if other.state == "waiting"]
        return waiting[: waiting.index(job)]

    def expected_seconds(self, waiting: list[Job]) -> float | None:
        """The expected waiting time behind the running jobs and `waiting`, each run by the worker that is free first.

        Jobs without an estimate count as the mean of those with one; running background jobs are preempted and ignored.
        None if there is no estimate at all."""
        now = time.monotonic()
        running = [(self._duration(job), now - job.started) for job in self.running if not job.task.background]
        left = [None if whole is None else max(0.0, whole - done) for whole, done in running]
        ahead = left + [self._duration(job) for job in waiting]
        estimates = [seconds for seconds in ahead if seconds is not None]
        if ahead and not estimates:
            return None
        free_at = [0.0] * self.width  # a heap: when each worker is free
        for seconds in ahead:
            heapq.heapreplace(free_at, free_at[0] + (statistics.fmean(estimates) if seconds is None else seconds))
        return free_at[0]

    def _duration(self, job: Job) -> float | None:
        durations = self._seconds.get(type(job.task).__name__)
        return job.expected if job.expected is not None else statistics.median(durations) if durations else None

    @property
    def cold(self) -> bool:
        """True if a worker is to be started ahead of the first job and does not exist."""
        return self.preload and self._executor is None

    def connect(self) -> None:
        """Create the executor if there is none. Raises `SchedulerUnavailable` if no scheduler answers."""
        self._open()

    def submit(self, function: Any, *arguments: Any) -> Future:
        """Submit a call to the worker; a worker that died while idle is replaced."""
        executor = self._open()
        try:
            return executor.submit(function, *arguments)
        except BrokenExecutor:
            self.discard(executor)
            return self._open().submit(function, *arguments)

    def _open(self) -> Executor:
        with self._lock:
            if self._closed:
                raise AecoreError(INTERRUPTED)
            if self._executor is None:
                self._executor = self._replacement[0] if self._replacement else self._new_executor()
                self._replacement = None
                self._unavailable_since = 0.0
            return self._executor

    def _new_executor(self) -> Executor:
        return self._make_executor(self.preload)

    def replace(self, on_warm: Callable[[], None]) -> None:
        """Replace a worker that uses too much memory.

        If there is memory for two, the new worker warms up beside the old one, and `on_warm` is called when `take_over`
        may be; else the old one is killed first."""
        if not self.preload or free_memory() < settings.get("AECORE_WORKER_MB") * 1e6:
            self.discard()
            return
        with self._lock:
            if self._replacement or self._closed:
                return
            executor = self._new_executor()
            warm = executor.submit(ping)
            self._replacement = executor, warm
        warm.add_done_callback(lambda _: on_warm())

    def take_over(self) -> None:
        """Switch to the new worker if it is warm; to be called while the old one is idle."""
        with self._lock:
            if not self._replacement or not self._replacement[1].done():
                return
            old, self._executor, self._replacement = self._executor, self._replacement[0], None
        if old is not None:
            kill(old)

    def discard(self, broken: Executor | None = None) -> None:
        """Kill the worker; the next call creates a new one. With `broken` only that one is killed: another thread may
        have created the new one already."""
        with self._lock:
            if broken is not None and broken is not self._executor:
                return
            executor, self._executor = self._executor, None
        if executor is not None:
            kill(executor)

    def close(self) -> None:
        """Kill the workers; later calls raise `AecoreError`."""
        self._closed = True
        self.discard()
        with self._lock:
            replacement, self._replacement = self._replacement, None
        if replacement is not None:
            kill(replacement[0])


def check_capacity(task: Task, session: str, lane: Lane, lanes: Iterable[Lane]) -> None:
    """Raise `AecoreError` if the session, or the whole queue, has reached its limit of waiting jobs."""
    of_session = sum(other.owner == session for other in lane.waiting)
    if of_session >= (limit := settings.get("AECORE_WAITING_EACH")) and not task.background:
        raise AecoreError(f"queue: got one more job while {of_session} of yours wait, allowed: {limit} that wait")
    waiting = [other for any_lane in lanes for other in any_lane.waiting]
    of_kind = sum(other.task.background == task.background for other in waiting)
    if of_kind >= (limit := settings.get("AECORE_WAITING")):
        raise AecoreError(f"queue: full, {limit} jobs are waiting; try again in a few minutes")
