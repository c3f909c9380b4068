"""A lane: the jobs that wait for one worker (or for those of a cluster), whose turn it is, and that worker."""

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
from aecore.jobs.worker_process import kill, ready, room
from aecore.store.lease import INTERRUPTED, Lease

AWAY_SECONDS = 300.0  # how long jobs wait for a scheduler that has gone away
RETRY_SECONDS = 2.0  # between two attempts to reach it
ENDED = ("finished", "stopped", "failed")


@dataclass(eq=False)
class Job:
    """One key that somebody wants; mutable, guarded by the queue's lock."""

    task: Task
    key: str
    folder: Path
    owner: str  # whose turn it takes
    watchers: dict[str, None]  # an ordered set
    state: str = "waiting"
    message: str = ""
    started: float = 0.0
    stopping: bool = False
    expected: float | None = None  # seconds it will take, where its task can tell
    lease: Lease | None = None  # from when it is taken to its end
    elsewhere: bool = False  # another server fills the folder; the job stays in `waiting`, in case that one fails

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Ticket:
    """A job as it stood when asked for.

    `state`: 'waiting', 'running', 'finished', 'stopped' or 'failed'. `position`: 0 = not waiting, 1 = next in its
    lane. `watchers`: the sessions that want it. `expected_seconds`: how long it may still wait, from how long each job
    before it will take; None where it does not wait or nothing is known.
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
    """Order of the waiting jobs, and the executor, which exists from the first job (or `warm`) on.

    Parameters
    ----------
    name : 'train' or 'map'.
    make_executor : called with `preload` whenever a worker is needed.
    """

    def __init__(self, name: str, make_executor: Callable[[bool], Executor]) -> None:
        self.name = name
        self._make_executor = make_executor
        self.waiting: list[Job] = []  # in order of arrival
        self.running: list[Job] = []
        self.preload = False
        self._turns: dict[str, int] = {}  # session: number of the job it was last served with
        self._served = 0
        self._seconds: dict[str, deque[float]] = {}  # of the last finished jobs of a kind
        self._executor: Executor | None = None
        self._fresh: tuple[Executor, Future] | None = None  # the next one, and its sign that it is warm
        self._closed = False
        self._lock = threading.Lock()
        self._away = 0.0  # since when nobody answers at the address; 0: they do
        self._retry = 0.0

    @property
    def pauses(self) -> bool:
        """True for a moment after nobody answered at the address."""
        return time.monotonic() < self._retry

    def pause(self) -> bool:
        """Nobody answers at the address. True: jobs wait until somebody does; False: they have waited too long."""
        now = time.monotonic()
        self._away = self._away or now
        self._retry = now + RETRY_SECONDS
        return now - self._away < AWAY_SECONDS

    @property
    def width(self) -> int:
        """How many jobs run at once: one, or as many as a cluster has workers for."""
        return max(1, getattr(self._executor, "slots", 1))

    @property
    def full(self) -> bool:
        return len(self.running) >= self.width

    def order(self) -> list[Job]:
        """Sessions take turns: everyone's first job before anyone's second, who was served longest ago first.
        What belongs to nobody comes last."""
        nth: dict[str, int] = {}
        ranks: dict[Job, tuple[bool, int, int, int]] = {}
        for arrival, job in enumerate(self.waiting):
            nth[job.owner] = nth.get(job.owner, 0) + 1
            ranks[job] = (job.task.background, nth[job.owner], self._turns.get(job.owner, 0), arrival)
        return sorted(self.waiting, key=ranks.__getitem__)

    def start(self, job: Job) -> None:
        self.waiting.remove(job)
        self.running.append(job)
        job.message = ""
        job.started = time.monotonic()
        self._served += 1
        self._turns[job.owner] = self._served

    def end(self, job: Job, state: str) -> None:
        self.running.remove(job)
        if state == "finished" and not job.task.background:
            took = self._seconds.setdefault(type(job.task).__name__, deque(maxlen=20))
            took.append(time.monotonic() - job.started)

    def forget(self, session: str) -> None:
        self._turns.pop(session, None)

    def before(self, job: Job) -> list[Job]:
        """Those that wait and are served earlier than this one, which waits, too."""
        waiting = [other for other in self.order() if other.state == "waiting"]
        return waiting[: waiting.index(job)]

    def expected_seconds(self, before: list[Job]) -> float | None:
        """How long a job may still wait that waits behind these: what each is expected to take, after what is left of
        the running ones, each by the worker that is free first. What nothing is known of counts like the mean of the
        others. Background jobs that run make way and do not count."""
        now = time.monotonic()
        running = [(self._duration(job), now - job.started) for job in self.running if not job.task.background]
        left = [None if whole is None else max(0.0, whole - done) for whole, done in running]
        ahead = left + [self._duration(job) for job in before]
        known = [seconds for seconds in ahead if seconds is not None]
        if ahead and not known:
            return None
        free = [0.0] * self.width  # when each worker is
        for seconds in ahead:
            heapq.heapreplace(free, free[0] + (statistics.fmean(known) if seconds is None else seconds))
        return free[0]

    def _duration(self, job: Job) -> float | None:
        took = self._seconds.get(type(job.task).__name__)
        return job.expected if job.expected is not None else statistics.median(took) if took else None

    @property
    def cold(self) -> bool:
        """True when a worker was asked for ahead of the first job and there is none."""
        return self.preload and self._executor is None

    def reach(self) -> None:
        """Have somebody to hand things over to; `Away` where nobody answers at the address."""
        self._open()

    def hand_over(self, function: Any, *arguments: Any) -> Future:
        """Give the worker something to do; one that died while it had nothing to do is replaced."""
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
                self._executor = self._fresh[0] if self._fresh else self._made()
                self._fresh = None
                self._away = 0.0
            return self._executor

    def _made(self) -> Executor:
        return self._make_executor(self.preload)

    def renew(self, tell: Callable[[], None]) -> None:
        """Replace a worn worker. Where there is room for two, the fresh one warms up while the worn one goes on, and
        calls `tell` when `swap` may be called; else the worn one goes first."""
        if not self.preload or room() < settings.get("AECORE_WORKER_MB") * 1e6:
            self.discard()
            return
        with self._lock:
            if self._fresh or self._closed:
                return
            fresh = self._made()
            warm = fresh.submit(ready)
            self._fresh = fresh, warm
        warm.add_done_callback(lambda _: tell())

    def swap(self) -> None:
        """Let the fresh worker take over if it is warm; to be called while the worn one has nothing to do."""
        with self._lock:
            if not self._fresh or not self._fresh[1].done():
                return
            worn, self._executor, self._fresh = self._executor, self._fresh[0], None
        if worn is not None:
            kill(worn)

    def discard(self, broken: Executor | None = None) -> None:
        """Kill the worker; the next job, or warming, makes a new one. With `broken` only that one: another thread may
        have made the new one already."""
        with self._lock:
            if broken is not None and broken is not self._executor:
                return
            executor, self._executor = self._executor, None
        if executor is not None:
            kill(executor)

    def close(self) -> None:
        self._closed = True
        self.discard()
        with self._lock:
            fresh, self._fresh = self._fresh, None
        if fresh is not None:
            kill(fresh[0])


def check_room(task: Task, session: str, lane: Lane, lanes: Iterable[Lane]) -> None:
    """Raise `AecoreError` where one more job of this session, or of anybody, may not wait."""
    own = sum(other.owner == session for other in lane.waiting)
    if own >= (each := settings.get("AECORE_WAITING_EACH")) and not task.background:
        raise AecoreError(f"queue: got one more job while {own} of yours wait, allowed: {each} that wait")
    waiting = [other for any_lane in lanes for other in any_lane.waiting]
    alike = sum(other.task.background == task.background for other in waiting)
    if alike >= (most := settings.get("AECORE_WAITING")):
        raise AecoreError(f"queue: full, {most} jobs are waiting; try again in a few minutes")
