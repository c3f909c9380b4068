"""What keeps the page process small."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from pages.widgets.server import memory


class Cycle:
    """What a run of a page leaves behind: objects that hold each other, and something large."""

    def __init__(self) -> None:
        self.itself = self
        self.pixels = bytes(100_000)


@pytest.fixture
def by_the_clock_only() -> Iterator[None]:
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.enable()
    gc.set_threshold(*before)
    gc.unfreeze()


def until(what: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.01)
    return what()


def test_what_pages_leave_behind_is_collected_by_the_clock(
    by_the_clock_only: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "RELEASE_SECONDS", 0.05)
    monkeypatch.setattr(memory, "_THREAD", "tested")
    memory.configure()
    memory.configure()
    assert [thread.name for thread in threading.enumerate()].count("tested") == 1
    left = weakref.ref(Cycle())
    assert until(lambda: left() is None)


def test_another_c_library_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(memory.ctypes, "CDLL", missing)
    left = weakref.ref(Cycle())
    memory.release()
    memory._configure_malloc()
    assert left() is None
