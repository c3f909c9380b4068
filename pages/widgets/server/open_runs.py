"""Runs that are open in a tab, which are marked as used so that they are not evicted from the cache folder.

This includes idle tabs. A tab that reconnects while idle counts as open again with its next script run.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import streamlit as st

from aecore.errors import AecoreError
from aecore.store import eviction, runs
from aecore.store.runs import Run
from pages.widgets.server import presence, shared

TOUCH_SECONDS = eviction.OPEN_SECONDS / 3


class OpenRuns:
    """Keys of the runs that each session shows, and when the session was connected last.

    `connected(session)` returns True if a session's tab is open.
    """

    def __init__(self, connected: Callable[[str], bool]) -> None:
        self._connected = connected
        self._keys: dict[str, tuple[str, ...]] = {}
        self._last: dict[str, float] = {}  # apart from the keys, so that `shown` never overwrites what `note` writes

    def note(self, session: str, keys: tuple[str, ...]) -> None:
        """Store the keys of the runs that a session shows."""
        self._last[session] = time.monotonic()
        self._keys[session] = keys

    def shown(self) -> set[str]:
        """Keys of all runs that are open now. The keys of a disconnected session count for `eviction.OPEN_SECONDS`,
        because it may reconnect."""
        open_keys: set[str] = set()
        for session, keys in list(self._keys.items()):
            if self._connected(session):
                self._last[session] = time.monotonic()
                open_keys.update(keys)
            elif time.monotonic() - self._last[session] > eviction.OPEN_SECONDS:
                del self._keys[session], self._last[session]
        return open_keys


def note(*shown: Run) -> None:
    """Store which runs this session's page shows; each call replaces those of the previous one."""
    _open_runs().note(presence.session(), tuple(run.key for run in shown))


@st.cache_resource(show_spinner=False)
def _open_runs() -> OpenRuns:
    open_runs = OpenRuns(lambda session: session in presence.visitors())
    threading.Thread(target=_touch, args=(open_runs,), daemon=True, name="aecore-open-runs").start()
    return open_runs


def _touch(open_runs: OpenRuns) -> None:
    while True:
        time.sleep(TOUCH_SECONDS)
        for key in open_runs.shown():
            with contextlib.suppress(AecoreError):
                runs.open_run(key, shared.cache()).touch()
