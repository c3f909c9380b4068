"""What all sessions of one server share: the cache folder, the queue, and arrays that are read once."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aecore import datasets, jobs, runs, settings
from aecore.errors import RunError
from aecore.runs import Run


def cache() -> Path:
    return runs.cache_folder()


@st.cache_resource(show_spinner=False)
def queue() -> jobs.Queue:
    """The server's one queue (module globals would be made anew whenever a file changes)."""
    _tell_events()
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
    try:
        return cache().as_posix(), run.key, (run.folder / file).stat().st_mtime_ns
    except OSError as error:
        raise RunError(f"run {run.key}: {file} cannot be read ({error.strerror}); train it again") from None


def session() -> str:
    """This visitor's name in the queue."""
    context = get_script_run_ctx()
    return context.session_id if context else "no session"


@st.cache_resource(show_spinner=False)
def visitors() -> set[str]:
    """The sessions whose tabs are open."""
    return set()


def attend() -> None:
    """Note that this visitor is here: when the tab is closed, the queue forgets what only it was waiting for."""
    _present()


def _gone(name: str) -> None:
    visitors().discard(name)
    queue().leave(name)


@st.cache_resource(scope="session", on_release=_gone, show_spinner=False)
def _present() -> str:
    visitors().add(session())
    return session()
