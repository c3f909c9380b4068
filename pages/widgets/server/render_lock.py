"""Visitors take turns: the server draws for one at a time, while the others wait and cost nothing.

Python runs one thread at a time. Where the threads of thirty visitors ask for it at once, they and the event loop that
sends what they draw hand it around every few milliseconds, and all are late: a hundred visitors then wait three times
as long as one after the other (`tests/load/classroom.py`). What takes long for once, such as decoding with a large
network, holds up the others for `PATIENCE` at most. A long line alone lets nobody in: the more are drawn for at once,
the longer each takes, so that a server that is late would never catch up.
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

from pages.widgets.server import shared

PATIENCE = 10.0  # seconds that one turn may take before the next begins beside it
LOOKS = 12.0  # at jobs, that the server answers in a second; each costs it some 5 ms

Function = TypeVar("Function", bound=Callable[..., Any])


class Line:
    """Who waits for a turn, in the order in which they came, newcomers first, and since when somebody has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newcomers: deque[threading.Event] = deque()
        self._waiting: deque[threading.Event] = deque()
        self._holder: threading.Event | None = None
        self._since = 0.0

    def enter(self, newcomer: bool = False) -> threading.Event:
        """Wait for a turn, which the answer stands for. Whoever has one for longer than `PATIENCE` has lost it."""
        mine = threading.Event()
        with self._lock:
            (self._newcomers if newcomer else self._waiting).append(mine)
            if self._holder is None:
                self._pass_on()
        while not mine.wait(PATIENCE):
            with self._lock:
                if time.monotonic() - self._since >= PATIENCE:
                    self._pass_on()
        return mine

    def leave(self, mine: threading.Event) -> None:
        with self._lock:
            if self._holder is mine:
                self._pass_on()

    def _pass_on(self) -> None:
        line = self._newcomers or self._waiting
        self._holder = line.popleft() if line else None
        self._since = time.monotonic()
        if self._holder:
            self._holder.set()


@contextlib.contextmanager
def take(newcomer: bool = False) -> Iterator[None]:
    """Inside it is this thread's turn, next where a visitor sees nothing yet. A turn may be taken within a turn."""
    state, line = _inside(), _line()
    if getattr(state, "taken", False):
        yield
        return
    mine = line.enter(newcomer)
    state.taken = True
    try:
        yield
    finally:
        state.taken = False
        line.leave(mine)


def fragment(function: Function, run_every: float | None = None) -> Function:
    """`st.fragment`, whose reruns take turns as well."""
    return st.fragment(_in_turn(function), run_every=run_every)


def look(function: Function, key: str, seconds: float = 0.5) -> Function:
    """A fragment that looks at the job of that key until it ends: every so many seconds, less often in a class."""
    return fragment(function, pause(key, seconds))


def pause(key: str, seconds: float) -> float:
    """Seconds between two looks of one visitor at a job: all who look at it while it runs, or all visitors while it
    waits, cost the server at most `LOOKS` looks a second."""
    ticket = shared.queue().ticket(key)
    others = ticket.watchers if ticket and ticket.state == "running" else shared.visitors()
    return max(seconds, len(others) / LOOKS)


def _in_turn(function: Function) -> Function:
    @functools.wraps(function)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        shared.attend()  # after a break in the network only fragments run again
        with take():
            return function(*args, **kwargs)

    return drawn  # type: ignore[return-value]


@st.cache_resource(show_spinner=False)
def _line() -> Line:
    """Of the whole server."""
    return Line()


@st.cache_resource(show_spinner=False)
def _inside() -> threading.local:
    return threading.local()
