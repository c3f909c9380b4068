"""Objects that all sessions of one server share: the cache folder, the queue, and arrays that are read once."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import streamlit as st

from aecore import datasets, jobs, settings
from aecore.errors import RunError
from aecore.store.runs import ResultFolder, Run
from pages.widgets.server import memory, streamlit_patches


def cache() -> Path:
    """The cache folder."""
    return settings.cache_folder()


@st.cache_resource(show_spinner=False)
def queue() -> jobs.Queue:
    """The server's only queue, a cached resource so that it survives a reload of this module.

    The first call also sets up the process: logging, memory and the patches of Streamlit.
    """
    _log_events()
    memory.configure()
    streamlit_patches.apply()
    return jobs.Queue(cache(), settings.get("AECORE_SCHEDULER") or None)


def _log_events() -> None:
    """Write the events of jobs to standard error, one JSON object a line, without a prefix."""
    events = logging.getLogger("aecore.jobs")
    if not events.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        events.addHandler(handler)
        events.setLevel(logging.INFO)


@st.cache_resource(show_spinner=False, max_entries=4)
def data(name: str) -> datasets.Data:
    """The data set's arrays, shared by all sessions; read only."""
    return datasets.load(name)


def identity(run: Run, file: str = "codings.npy") -> tuple[str, str, int]:
    """Cache key of a run's arrays: the cache folder, the run's key, and the modification time of `file`, which changes
    when a run is trained again. Raises `RunError` if the file is missing."""
    return cache().as_posix(), run.key, written(run, file)


def array(work: ResultFolder, name: str) -> np.ndarray:
    """`work.array(name)`, memory-mapped once for all sessions; read only."""
    return _array(work.folder.as_posix(), name, written(work, f"{name}.npy"))


def arrays(work: ResultFolder, name: str) -> dict[str, np.ndarray]:
    """`work.arrays(name)`, read once for all sessions; read only. For small arrays: the last 32 files are cached."""
    return _arrays(work.folder.as_posix(), name, written(work, f"{name}.npz"))


@st.cache_resource(show_spinner=False, max_entries=100)
def _array(folder: str, name: str, modified: int) -> np.ndarray:
    return ResultFolder(Path(folder)).array(name)


@st.cache_resource(show_spinner=False, max_entries=32)
def _arrays(folder: str, name: str, modified: int) -> dict[str, np.ndarray]:
    return ResultFolder(Path(folder)).arrays(name)


def file_identity(work: ResultFolder, file: str) -> tuple[str, int]:
    """Cache key of one file of a result folder: the folder and the file's modification time. Raises `RunError` if the
    file is missing."""
    return work.folder.as_posix(), written(work, file)


def written(work: ResultFolder, file: str) -> int:
    """Modification time of a file of a result folder, in nanoseconds. Raises `RunError` if the file is missing."""
    try:
        return (work.folder / file).stat().st_mtime_ns
    except OSError as error:
        raise RunError(f"run {work.key}: {file} cannot be read ({error.strerror}); train it again") from None
