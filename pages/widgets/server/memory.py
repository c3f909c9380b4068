"""The memory of the page process, which serves everybody for weeks: when garbage is looked for, and what goes back to
the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
import time

M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3  # of mallopt(3)
TIDY_SECONDS = 30.0
_NAME = "aecore-memory"


def once() -> None:
    """For this process; a second call starts nothing anew.

    The libraries stay: looking through them for garbage takes 70 ms each time, and a single page makes as many objects
    as usually call for it. So garbage is looked for by the clock: what a run of a page leaves behind are few objects,
    but they hold on to its pictures.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    _few_heaps()
    if _NAME not in {thread.name for thread in threading.enumerate()}:
        threading.Thread(target=_tidy_for_ever, daemon=True, name=_NAME).start()


def tidy() -> None:
    """Collect garbage, and give free memory back to the system, which glibc does only at the end of a heap."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        _glibc().malloc_trim(0)


def _tidy_for_ever() -> None:
    while True:
        time.sleep(TIDY_SECONDS)
        tidy()


def _few_heaps() -> None:
    """Threads come and go with visitors, and glibc keeps eight heaps a core for them, each as large as it ever was,
    with room for the largest blocks it ever freed. So two heaps, and large blocks (arrays, files) from the system and
    back to it."""
    with contextlib.suppress(OSError, AttributeError):
        _glibc().mallopt(M_ARENA_MAX, 2)
        _glibc().mallopt(M_MMAP_THRESHOLD, 1 << 20)


def _glibc() -> ctypes.CDLL:
    """Raises OSError on systems with another one."""
    return ctypes.CDLL("libc.so.6")
