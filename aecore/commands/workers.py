"""Worker processes of the command line, one a lane, as the queue's.

A process can be ended at once, whatever its libraries do; Python's signal handlers wait until they return.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from concurrent.futures import wait as wait_for
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from aecore.commands import output
from aecore.jobs.lanes import Lane
from aecore.jobs.worker_process import ping, prepare_worker, process_executor

GRACE_SECONDS = 0.4  # for a worker to delete what it has half downloaded

_workers: dict[str, Worker] = {}  # by lane


class Worker:
    """The worker process of a lane, started by its first call."""

    def __init__(self, lane: str, cache: Path) -> None:
        self.lane = Lane(lane, partial(_executor, lane, cache if lane == "map" else None))
        self.process: Future[int] | None = None  # its id
        self.call: Future | None = None

    def submit(self, function: Any, *arguments: Any) -> Future:
        """Have the worker call a function."""
        with ignoring_interrupts():  # the worker inherits that
            self.process = self.lane.submit(ping)
            self.call = self.lane.submit(function, *arguments)
        return self.call

    def end(self) -> int | None:
        """End the process, and its call, within a second; returns its id, None if it had not started yet."""
        process = None
        if self.process and self.process.done():
            with contextlib.suppress(CancelledError, BrokenExecutor, psutil.Error):
                process = self.process.result()
                worker = psutil.Process(process)
                worker.terminate()
                wait_for([self.call] if self.call else [], timeout=GRACE_SECONDS)
                worker.kill()
        self.lane.discard()
        return process


def worker(lane: str, cache: Path) -> Worker:
    """The worker of a lane; a map worker keeps UMAP's compiled functions in the cache folder."""
    return _workers.setdefault(lane, Worker(lane, cache))


def close() -> None:
    """Kill all workers."""
    while _workers:
        _workers.popitem()[1].lane.close()


@contextlib.contextmanager
def ignoring_interrupts() -> Iterator[None]:
    """Inside the block Ctrl-C has no effect on this process and on those that it starts."""
    if threading.current_thread() is not threading.main_thread():  # which alone has signal handlers
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _executor(lane: str, cache: Path | None, preload: bool) -> Executor:
    return process_executor(lane, cache, preload, _prepare)


def _prepare(parent: int, lane: str, preload: bool) -> None:
    """Initializer of a worker: what it prints goes to stderr, SIGTERM interrupts it as Ctrl-C would."""
    output.open_standard_streams()
    os.dup2(2, 1)
    signal.signal(signal.SIGTERM, _interrupt)
    prepare_worker(parent, lane, preload, niceness=0)


def _interrupt(*_: object) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries may report the interrupt as an error
    raise KeyboardInterrupt
