"""The runs on visitors' screens. What nobody looked at for long makes room for newer ones (`housekeeping`); a run that
somebody has open stays, also while nobody does anything in that tab.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import streamlit as st
from streamlit import runtime

from aecore.errors import AecoreError
from aecore.store import eviction, runs
from aecore.store.runs import Run
from pages.widgets.server import shared

EVERY = eviction.OPEN_SECONDS / 3


class OpenRuns:
    """By session: the keys on its screen, and when it was last there. `there` tells sessions that are connected."""

    def __init__(self, there: Callable[[str], bool]) -> None:
        self._there = there
        self._screens: dict[str, tuple[str, ...]] = {}
        self._seen: dict[str, float] = {}  # apart, so that a page that says something new is never overwritten

    def note(self, session: str, keys: tuple[str, ...]) -> None:
        self._seen[session] = time.monotonic()
        self._screens[session] = keys

    def shown(self) -> set[str]:
        """What is open now. A session that stays away is forgotten; until then it may come back as it was."""
        found: set[str] = set()
        for session, keys in list(self._screens.items()):
            if self._there(session):
                self._seen[session] = time.monotonic()
                found.update(keys)
            elif time.monotonic() - self._seen[session] > eviction.OPEN_SECONDS:
                del self._screens[session], self._seen[session]
        return found


def stay(*shown: Run) -> None:
    """Say which runs this visitor's page shows, all of them at once."""
    _open().note(shared.session(), tuple(run.key for run in shown))


@st.cache_resource(show_spinner=False)
def _open() -> OpenRuns:
    found = OpenRuns(_there)
    threading.Thread(target=_touch, args=(found,), daemon=True, name="aecore-open-runs").start()
    return found


def _there(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


def _touch(found: OpenRuns) -> None:
    while True:
        time.sleep(EVERY)
        for key in found.shown():
            with contextlib.suppress(AecoreError):
                runs.open_run(key, shared.cache()).touch()
