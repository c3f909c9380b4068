"""Garbage collection and allocator settings of the Streamlit process, which runs for weeks."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
import time

M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3  # parameters of mallopt(3)
RELEASE_SECONDS = 30.0
_THREAD = "aecore-memory"


def configure() -> None:
    """Set up garbage collection and the allocator of this process. A second call changes nothing.

    `gc.freeze()` exempts the imported modules from collections. The threshold of the youngest generation is raised,
    since a single page creates enough objects to start a collection; a timer collects instead, because the few
    objects that a script run leaves behind hold references to its images.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    _configure_malloc()
    if _THREAD not in {thread.name for thread in threading.enumerate()}:
        threading.Thread(target=_release_forever, daemon=True, name=_THREAD).start()


def release() -> None:
    """Collect garbage and return free memory to the system (`malloc_trim`; glibc itself returns only the top of a
    heap)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        _glibc().malloc_trim(0)


def _release_forever() -> None:
    while True:
        time.sleep(RELEASE_SECONDS)
        release()


def _configure_malloc() -> None:
    """Limit glibc to two heaps, and let it map blocks of 1 MiB and more (arrays, files) separately.

    By default there are eight heaps per core, which never shrink and are spread over many short-lived script threads;
    separately mapped blocks are returned to the system when they are freed.
    """
    with contextlib.suppress(OSError, AttributeError):
        _glibc().mallopt(M_ARENA_MAX, 2)
        _glibc().mallopt(M_MMAP_THRESHOLD, 1 << 20)


def _glibc() -> ctypes.CDLL:
    """The C library. Raises OSError on systems without glibc."""
    return ctypes.CDLL("libc.so.6")
