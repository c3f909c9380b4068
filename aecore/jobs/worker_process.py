"""The worker process: how it is made, prepared and ended.

loky and not multiprocessing: Streamlit replaces `__main__`, which spawn and forkserver would execute again in the
worker. `loky.ProcessPoolExecutor` and not its reusable executor, which belongs to the thread that asked for it.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from pathlib import Path
from typing import Any

import loky
import psutil

from aecore.errors import AecoreError

LANES = ("train", "map")
NICENESS = 15  # of workers: with 5, the threads of two still take a quarter of a core from the pages of a class
logger = logging.getLogger("aecore.jobs")


class Away(AecoreError):
    """Nobody answers at the address; what nobody has begun with can wait until somebody does."""


def process_executor(lane: str, cache: Path | None, preload: bool) -> Executor:
    """One worker process of this machine; the parameters are those of `make_executor`."""
    return loky.ProcessPoolExecutor(
        max_workers=1,
        initializer=prepare_worker,
        initargs=(os.getpid(), lane, preload),
        env=worker_environment(cache),
    )


def kill(executor: Executor) -> None:
    """End an executor and its worker now, whatever it is doing."""
    if isinstance(executor, loky.ProcessPoolExecutor):
        executor.shutdown(wait=False, kill_workers=True)
    else:
        executor.shutdown(wait=False)


def give_up(future: Future) -> None:
    """Want a cluster's job no more, also one that has begun: it ends within seconds."""
    if not future.cancel():
        with contextlib.suppress(InvalidStateError):  # it ended just now
            future.set_exception(CancelledError())


class InlineExecutor(Executor):
    """Does the work in `submit`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def worker_environment(cache: Path | None) -> dict[str, str]:
    """Environment variables that only count when they are there before the worker starts."""
    variables = {
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait must not burn the core of the other lane
        # One rule for worn-out workers, the queue's; loky's own would restart them at moments we do not see.
        "LOKY_MAX_MEMORY_LEAK_SIZE": "1e15",
    }
    if cache is not None:
        folder = cache / "numba"  # UMAP's compiled functions: 20 s once instead of at every start
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                variables["NUMBA_CACHE_DIR"] = str(folder.resolve())
    return variables


def prepare_worker(parent: int, lane: str, preload: bool) -> None:
    """First thing in a new worker process. Must not raise: loky would take the pool for broken."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True, name="parent-watch").start()
    if lane == "map":
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # UMAP imports it: +3.5 s, +500 MB, for nothing
    if not preload:
        return
    try:
        if lane == "train":
            importlib.import_module("aecore.worker.training").warm()
        else:
            importlib.import_module("aecore.worker.projection").warm()
    except Exception:
        logger.exception("the %s worker could not prepare itself; the first job will say why", lane)


def room() -> float:
    """Bytes of memory that are free, on this machine and within what its container may take."""
    free = float(psutil.virtual_memory().available)
    with contextlib.suppress(OSError, ValueError):  # no such container, or without a limit
        limit, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text()) for name in ("max", "current"))
        free = min(free, limit - used)
    return free


def ready() -> int:
    """A job that does nothing: handing it over starts the worker."""
    return os.getpid()


def _leave_with(parent: int) -> None:
    """End this process when its parent is gone: after a SIGKILL of the server nobody else would."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
