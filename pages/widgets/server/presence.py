"""Sessions whose tabs are open, and the stop of jobs that only closed tabs wait for.

Streamlit releases a session's cached resources when its connection ends, also by a reload, a network failure or a
proxy's timeout. So a session may reconnect within `GRACE_SECONDS` before it leaves the queue.
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
    """This session's id, which it has in the queue."""
    return st.session_state.setdefault(SESSION, uuid.uuid4().hex)


@st.cache_resource(show_spinner=False)
def visitors() -> set[str]:
    """Ids of the sessions whose tabs are open."""
    return set()


def attend() -> None:
    """Mark this session's tab as open.

    If it is closed and not opened again within `GRACE_SECONDS`, the queue stops the jobs that only this session
    watches.
    """
    _present(session())


class Departures:
    """Sessions whose connection has ended. A timer calls `leave(session)` for those that do not reconnect within
    `GRACE_SECONDS`."""

    def __init__(self, leave: Callable[[str], None]) -> None:
        self._leave = leave
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}  # {session: time}, in the order of the disconnections
        self._timer_runs = False

    def begin(self, session: str) -> None:
        """Start the grace period of a session."""
        with self._lock:
            self._due[session] = time.monotonic() + GRACE_SECONDS
            self._start_timer()

    def cancel(self, session: str) -> None:
        """End the grace period of a session that reconnected."""
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
