"""Sessions whose tabs are open, and the end of jobs that only closed tabs wait for.

Streamlit releases a session's cached resources when its connection ends, which a reload, a break in the network or a
proxy's timeout does as well. So a session may come back within `GRACE_SECONDS` before the queue forgets it.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

import streamlit as st

from pages.widgets.server import shared

GRACE_SECONDS = 20.0
SESSION = "session"  # key of this session's id in `st.session_state`


def session() -> str:
    """This session's id, by which the queue knows it."""
    return st.session_state.setdefault(SESSION, uuid.uuid4().hex)


@st.cache_resource(show_spinner=False)
def visitors() -> set[str]:
    """Ids of the sessions whose tabs are open."""
    return set()


def attend() -> None:
    """Note that this session's tab is open. When it is closed and not opened again within `GRACE_SECONDS`, the queue
    stops what only this session waits for."""
    _present(session())


class Departures:
    """Sessions whose connection has ended. One timer for all of them calls `leave(session)` for each that is not back
    within `GRACE_SECONDS`."""

    def __init__(self, leave: Callable[[str], None]) -> None:
        self._leave = leave
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}  # in the order in which they left
        self._timer_runs = False

    def begin(self, session: str) -> None:
        with self._lock:
            self._due[session] = time.monotonic() + GRACE_SECONDS
            self._start_timer()

    def cancel(self, session: str) -> None:
        with self._lock:
            self._due.pop(session, None)

    def _start_timer(self) -> None:
        if self._due and not self._timer_runs:
            self._timer_runs = True
            timer = threading.Timer(max(0.0, min(self._due.values()) - time.monotonic()), self._end)
            timer.daemon = True
            timer.start()

    def _end(self) -> None:
        with self._lock:
            now = time.monotonic()
            gone = [session for session, due in self._due.items() if due <= now]
            for session in gone:
                del self._due[session]
            self._timer_runs = False
            self._start_timer()
        for session in gone:
            self._leave(session)


@st.cache_resource(show_spinner=False)
def _departures() -> Departures:
    return Departures(shared.queue().leave)


def _disconnected(session: str) -> None:
    visitors().discard(session)
    _departures().begin(session)


@st.cache_resource(scope="session", on_release=_disconnected, show_spinner=False)
def _present(session: str) -> str:
    visitors().add(session)
    _departures().cancel(session)
    return session
