"""What all sessions of one server share: the cache folder, the queue, and arrays that are read once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aecore import datasets, jobs, settings
from aecore.errors import RunError
from aecore.store import files
from aecore.store.runs import ResultFolder, Run
from pages.widgets.server import memory, streamlit_patches

GRACE_SECONDS = 20.0  # a reload, a break in the network or a proxy's timeout looks like a closed tab at first


def cache() -> Path:
    return files.cache_folder()


@st.cache_resource(show_spinner=False)
def queue() -> jobs.Queue:
    """The server's one queue (module globals would be made anew whenever a file changes)."""
    _tell_events()
    memory.once()
    streamlit_patches.once()
    return jobs.Queue(cache(), settings.get("AECORE_SCHEDULER") or None)


def _tell_events() -> None:
    """What happens to jobs goes to standard error, one line of JSON an event, with nothing around it."""
    events = logging.getLogger("aecore.jobs")
    if not events.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        events.addHandler(handler)
        events.setLevel(logging.INFO)


@st.cache_resource(show_spinner=False, max_entries=4)
def data(name: str) -> datasets.Data:
    """The data set's arrays, shared by all sessions and never written to."""
    return datasets.load(name)


def identity(run: Run, file: str = "codings.npy") -> tuple[str, str, int]:
    """What a cache knows a run's arrays by: the cache folder, the key, and when `file` was written, since a run may be
    trained anew. Raises `RunError` where the file is not there."""
    return cache().as_posix(), run.key, written(run, file)


def array(work: ResultFolder, name: str) -> np.ndarray:
    """`work.array(name)`, memory-mapped once for all visitors and never written to."""
    return _array(work.folder.as_posix(), name, written(work, f"{name}.npy"))


def arrays(work: ResultFolder, name: str) -> dict[str, np.ndarray]:
    """`work.arrays(name)`, read once for all visitors and never written to; for small ones, many are kept."""
    return _arrays(work.folder.as_posix(), name, written(work, f"{name}.npz"))


@st.cache_resource(show_spinner=False, max_entries=100)
def _array(folder: str, name: str, modified: int) -> np.ndarray:
    return ResultFolder(Path(folder)).array(name)


@st.cache_resource(show_spinner=False, max_entries=32)
def _arrays(folder: str, name: str, modified: int) -> dict[str, np.ndarray]:
    return ResultFolder(Path(folder)).arrays(name)


def known_by(work: ResultFolder, file: str) -> tuple[str, int]:
    """What a cache knows one file of a work by: its folder, and when the file was written. Raises `RunError` where it
    is not there."""
    return work.folder.as_posix(), written(work, file)


def written(work: ResultFolder, file: str) -> int:
    """When a file of it was written, in nanoseconds. Raises `RunError` where it is not there."""
    try:
        return (work.folder / file).stat().st_mtime_ns
    except OSError as error:
        raise RunError(f"run {work.key}: {file} cannot be read ({error.strerror}); train it again") from None


def session() -> str:
    """This visitor's name in the queue."""
    context = get_script_run_ctx()
    return context.session_id if context else "no session"


@st.cache_resource(show_spinner=False)
def visitors() -> set[str]:
    """The sessions whose tabs are open."""
    return set()


def attend() -> None:
    """Note that this visitor is here: when the tab is closed, the queue forgets what only it was waiting for, unless
    the visitor is back within `GRACE_SECONDS`."""
    _present()


class Leaving:
    """Sessions whose tab is gone. One timer for all of them calls `leave` for each that is not back in time."""

    def __init__(self, leave: Callable[[str], None]) -> None:
        self._leave = leave
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}  # in the order in which they left
        self._waits = False

    def begin(self, name: str) -> None:
        with self._lock:
            self._due[name] = time.monotonic() + GRACE_SECONDS
            self._wait()

    def back(self, name: str) -> None:
        with self._lock:
            self._due.pop(name, None)

    def _wait(self) -> None:
        if self._due and not self._waits:
            self._waits = True
            timer = threading.Timer(max(0.0, min(self._due.values()) - time.monotonic()), self._end)
            timer.daemon = True
            timer.start()

    def _end(self) -> None:
        with self._lock:
            now = time.monotonic()
            gone = [name for name, due in self._due.items() if due <= now]
            for name in gone:
                del self._due[name]
            self._waits = False
            self._wait()
        for name in gone:
            self._leave(name)


@st.cache_resource(show_spinner=False)
def _leaving() -> Leaving:
    return Leaving(queue().leave)


def _gone(name: str) -> None:
    visitors().discard(name)
    _leaving().begin(name)


@st.cache_resource(scope="session", on_release=_gone, show_spinner=False)
def _present() -> str:
    visitors().add(session())
    _leaving().back(session())
    return session()
