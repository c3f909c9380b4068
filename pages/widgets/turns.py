"""Visitors take turns: the server draws for one at a time, while the others wait and cost nothing.

Python runs one thread at a time. Where the threads of thirty visitors ask for it at once, they and the event loop that
sends what they draw hand it around every few milliseconds, and all are late: a hundred visitors then wait three times
as long as one after the other (`tests/load/classroom.py`). What takes long for once, such as decoding with a large
network, holds up the others for `PATIENCE` at most.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import streamlit as st

from pages.widgets import host

PATIENCE = 10.0  # seconds; a hundred turns are over in five
LOOKS = 20.0  # at jobs, that the server answers in a second; each costs it some 5 ms

Function = TypeVar("Function", bound=Callable[..., Any])


@contextlib.contextmanager
def take() -> Iterator[None]:
    """Inside it is this thread's turn; or `PATIENCE` has passed. A turn may be taken within a turn."""
    state, turn = _inside(), _turn()
    if getattr(state, "taken", False):
        yield
        return
    mine = turn.acquire(timeout=PATIENCE)
    state.taken = True
    try:
        yield
    finally:
        state.taken = False
        if mine:
            turn.release()


def fragment(function: Function, run_every: float | None = None) -> Function:
    """`st.fragment`, whose reruns take turns as well."""
    return st.fragment(_in_turn(function), run_every=run_every)


def look(function: Function, key: str, seconds: float = 0.5) -> Function:
    """A fragment that looks at the job of that key until it ends: every so many seconds, less often in a class."""
    return fragment(function, pause(key, seconds))


def pause(key: str, seconds: float) -> float:
    """Seconds between two looks of one visitor at a job: all who look at it while it runs, or all visitors while it
    waits, cost the server at most `LOOKS` looks a second."""
    ticket = host.queue().ticket(key)
    others = ticket.watchers if ticket and ticket.state == "running" else host.visitors()
    return max(seconds, len(others) / LOOKS)


def _in_turn(function: Function) -> Function:
    @functools.wraps(function)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        host.attend()  # after a break in the network only fragments run again
        with take():
            return function(*args, **kwargs)

    return drawn  # type: ignore[return-value]


@st.cache_resource(show_spinner=False)
def _turn() -> threading.Semaphore:
    """Of the whole server; unlike a lock it lets those who wait longest go first."""
    return threading.Semaphore()


@st.cache_resource(show_spinner=False)
def _inside() -> threading.local:
    return threading.local()
