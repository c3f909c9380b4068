"""Worker processes: creation, preparation and termination.

loky instead of multiprocessing: Streamlit replaces `__main__`, which spawn and forkserver would execute again in the
worker. `loky.ProcessPoolExecutor` instead of its reusable executor, which belongs to the thread that created it.
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
NICENESS = 15  # of workers, so that the pages of a class get the processor first
logger = logging.getLogger("aecore.jobs")


class SchedulerUnavailable(AecoreError):
    """The scheduler is unavailable. Jobs that have not started are retried."""


def process_executor(
    lane: str, cache: Path | None, preload: bool, initializer: Callable[[int, str, bool], None] | None = None
) -> Executor:
    """One worker process of this machine; the parameters are those of `make_executor`, `initializer` replaces
    `prepare_worker`."""
    return loky.ProcessPoolExecutor(
        max_workers=1,
        initializer=initializer or prepare_worker,
        initargs=(os.getpid(), lane, preload),
        env=worker_environment(cache),
    )


def kill(executor: Executor) -> None:
    """Shut an executor down and kill its worker process at once."""
    if isinstance(executor, loky.ProcessPoolExecutor):
        executor.shutdown(wait=False, kill_workers=True)
    else:
        executor.shutdown(wait=False)


def abandon(future: Future) -> None:
    """Cancel a cluster's job, even a running one: its worker ends it within seconds."""
    if not future.cancel():
        with contextlib.suppress(InvalidStateError):  # it has ended meanwhile
            future.set_exception(CancelledError())


class InlineExecutor(Executor):
    """Runs calls in the thread that submits them."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Run the call now; the future is done."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def worker_environment(cache: Path | None) -> dict[str, str]:
    """Environment variables of a worker, which only take effect if set before it starts."""
    variables = {
        "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads must not spin on the core of the other lane
        # Off: loky would restart workers without notice. The queue replaces those that use too much memory.
        "LOKY_MAX_MEMORY_LEAK_SIZE": "1e15",
    }
    if cache is not None:
        folder = cache / "numba"  # UMAP's compiled functions, kept between starts
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                variables["NUMBA_CACHE_DIR"] = str(folder.resolve())
    return variables


def prepare_worker(parent: int, lane: str, preload: bool, niceness: int = NICENESS) -> None:
    """Initializer of a new worker process. Never raises: loky would consider the pool broken."""
    with contextlib.suppress(OSError):
        os.nice(niceness)
    threading.Thread(target=_exit_with, args=(parent,), daemon=True, name="parent-watch").start()
    if lane == "map":
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # UMAP would import it without need: seconds and 500 MB
    if not preload:
        return
    try:
        if lane == "train":
            importlib.import_module("aecore.worker.training").warm()
        else:
            importlib.import_module("aecore.worker.projection").warm()
    except Exception:
        logger.exception("the %s worker could not be prepared; the first job will fail with the reason", lane)


def free_memory() -> float:
    """Free memory in bytes, of this machine and within the limit of its container."""
    free = float(psutil.virtual_memory().available)
    with contextlib.suppress(OSError, ValueError):  # no container, or no limit
        limit, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text()) for name in ("max", "current"))
        free = min(free, limit - used)
    return free


def ping() -> int:
    """The worker's process id; submitting this starts the worker."""
    return os.getpid()


def _exit_with(parent: int) -> None:
    """End this process once its parent is gone, which after a SIGKILL of the server nothing else does."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
