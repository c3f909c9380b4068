"""Global FIFO lock around script runs.

Under the GIL, concurrent script threads slow each other and the event loop down superlinearly, so the server runs one
script or fragment at a time. A run may hold the lock for `MAX_HOLD_SECONDS`; then the next one starts beside it.
Sessions that have drawn no page yet go first. `tests/load/classroom.py` measures how long a class waits.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import streamlit as st

from pages.widgets.server import presence, shared

MAX_HOLD_SECONDS = 10.0
POLLS_PER_SECOND = 12.0  # fragment runs that poll a job, of all sessions together

Function = TypeVar("Function", bound=Callable[..., Any])


class FifoLock:
    """A lock that is acquired in the order of requests, those with `first` before the others.

    A thread that holds it for `MAX_HOLD_SECONDS` loses it to the next thread and continues beside it. Only one waiting
    thread gets it then, so a long queue does not start many runs at once.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._first: deque[threading.Event] = deque()
        self._waiting: deque[threading.Event] = deque()
        self._holder: threading.Event | None = None
        self._since = 0.0

    @property
    def waiting(self) -> int:
        """Number of requests that wait."""
        with self._guard:
            return len(self._first) + len(self._waiting)

    def acquire(self, first: bool = False) -> threading.Event:
        """Wait for the lock. Returns the token that `release` takes."""
        token = threading.Event()
        with self._guard:
            (self._first if first else self._waiting).append(token)
            if self._holder is None:
                self._hand_on()
        while not token.wait(MAX_HOLD_SECONDS):
            with self._guard:
                if time.monotonic() - self._since >= MAX_HOLD_SECONDS:
                    self._hand_on()
        return token

    def release(self, token: threading.Event) -> None:
        """Hand the lock on. Without effect if the token's holder has lost it meanwhile."""
        with self._guard:
            if self._holder is token:
                self._hand_on()

    def _hand_on(self) -> None:
        queue = self._first or self._waiting
        self._holder = queue.popleft() if queue else None
        self._since = time.monotonic()
        if self._holder:
            self._holder.set()


@contextlib.contextmanager
def acquire(first: bool = False) -> Iterator[None]:
    """Hold the server's lock for the block, before other waiting threads with `first`. Reentrant in one thread."""
    thread, lock = _thread(), _lock()
    if getattr(thread, "holds", False):
        yield
        return
    token = lock.acquire(first)
    thread.holds = True
    try:
        yield
    finally:
        thread.holds = False
        lock.release(token)


def fragment(function: Function, run_every: float | None = None) -> Function:
    """`st.fragment` whose reruns hold the lock."""
    return st.fragment(_locked(function), run_every=run_every)


def polling_fragment(function: Function, key: str, seconds: float = 0.5) -> Function:
    """A fragment that reruns every `seconds` to poll the job `key`, less often when many sessions poll."""
    return fragment(function, poll_interval(key, seconds))


def poll_interval(key: str, seconds: float) -> float:
    """Seconds between two polls of the job `key` by one session, at least `seconds`: all sessions that watch a running
    job, or all visitors while it waits, cause at most `POLLS_PER_SECOND` fragment runs a second."""
    ticket = shared.queue().ticket(key)
    sessions = ticket.watchers if ticket and ticket.state == "running" else presence.visitors()
    return max(seconds, len(sessions) / POLLS_PER_SECOND)


def _locked(function: Function) -> Function:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        presence.attend()  # a session that reconnects may rerun only fragments
        with acquire():
            return function(*args, **kwargs)

    return run  # type: ignore[return-value]


@st.cache_resource(show_spinner=False)
def _lock() -> FifoLock:
    """The server's lock."""
    return FifoLock()


@st.cache_resource(show_spinner=False)
def _thread() -> threading.local:
    """Thread-local values: `holds` is True if this thread holds the lock."""
    return threading.local()
