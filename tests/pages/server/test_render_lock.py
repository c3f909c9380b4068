"""One script run at a time; polls of jobs are rarer the more sessions poll."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aecore.jobs import Ticket
from pages.widgets.server import presence, render_lock, shared
from pages.widgets.server.render_lock import FifoLock
from tests.jobs.fakes import until

LONG = 60.0


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> FifoLock:
    """The server's lock, a new one, which nobody loses for long."""
    lock = FifoLock()
    monkeypatch.setattr(render_lock, "_lock", lambda: lock)
    monkeypatch.setattr(render_lock, "MAX_HOLD_SECONDS", LONG)
    return lock


def another(order: list[str], name: str, first: bool = False) -> threading.Thread:
    """A thread that takes the lock and writes down its name."""

    def run() -> None:
        with render_lock.acquire(first):
            order.append(name)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_the_next_run_waits_for_the_end_of_this_one(lock: FifoLock) -> None:
    order: list[str] = []
    with render_lock.acquire():
        thread = another(order, "second")
        until(lambda: lock.waiting == 1)
        with render_lock.acquire():  # a fragment inside its page
            order.append("first")
        assert lock.waiting == 1 and thread.is_alive() and order == ["first"]
    thread.join(LONG)
    assert order == ["first", "second"]


def test_a_long_run_loses_the_lock_and_there_is_still_one_holder(
    lock: FifoLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render_lock, "MAX_HOLD_SECONDS", 0.05)
    order: list[str] = []
    with render_lock.acquire():
        another(order, "impatient").join(LONG)
        assert order == ["impatient"]
    monkeypatch.setattr(render_lock, "MAX_HOLD_SECONDS", LONG)
    with render_lock.acquire():
        thread = another(order, "next")
        until(lambda: lock.waiting == 1)
        assert thread.is_alive() and order == ["impatient"]
    thread.join(LONG)
    assert order == ["impatient", "next"]


def test_a_holder_that_lost_the_lock_releases_nothing(lock: FifoLock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_lock, "MAX_HOLD_SECONDS", 0.05)
    late = lock.acquire()
    holder = lock.acquire()  # takes it from `late`
    monkeypatch.setattr(render_lock, "MAX_HOLD_SECONDS", LONG)
    order: list[str] = []
    thread = another(order, "next")
    until(lambda: lock.waiting == 1)
    lock.release(late)
    assert lock.waiting == 1 and order == []
    lock.release(holder)
    thread.join(LONG)
    assert order == ["next"]


def test_of_a_long_queue_that_moves_only_one_runs(lock: FifoLock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_lock, "MAX_HOLD_SECONDS", 0.4)
    running: list[str] = []
    together: list[int] = []

    def run(name: str) -> None:
        with render_lock.acquire():
            running.append(name)
            together.append(len(running))
            threading.Event().wait(0.1)
            running.remove(name)

    threads = [threading.Thread(target=run, args=(str(n),), daemon=True) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:  # the last one waits three times MAX_HOLD_SECONDS
        thread.join(LONG)
    assert together == [1] * 12


def test_sessions_without_a_page_go_first(lock: FifoLock) -> None:
    order: list[str] = []
    with render_lock.acquire():
        threads = []
        for name in ("first", "second", "newcomer", "another newcomer"):
            threads.append(another(order, name, "newcomer" in name))
            until(lambda: lock.waiting == len(threads))
        assert order == []
    for thread in threads:
        thread.join(LONG)
    assert order == ["newcomer", "another newcomer", "first", "second"]


def test_a_page_that_fails_releases_the_lock(lock: FifoLock) -> None:
    order: list[str] = []
    with pytest.raises(ZeroDivisionError), render_lock.acquire():
        1 / 0  # noqa: B018
    another(order, "next").join(LONG)
    assert order == ["next"]


def test_a_fragment_notes_that_its_session_is_there(lock: FifoLock, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: list[str] = []
    monkeypatch.setattr(presence, "attend", lambda: sessions.append("ann"))
    assert render_lock._locked(lambda: 5)() == 5 and sessions == ["ann"]


@pytest.mark.parametrize(
    ("state", "watchers", "visitors", "seconds"),
    [
        ("running", 1, 100, 0.5),  # its own training: as often as alone
        ("running", 60, 100, 60 / render_lock.POLLS_PER_SECOND),
        ("waiting", 1, 3, 0.5),
        ("waiting", 1, 100, 100 / render_lock.POLLS_PER_SECOND),
        (None, 0, 100, 100 / render_lock.POLLS_PER_SECOND),  # another server trains it
    ],
)
def test_all_polls_together_stay_within_the_limit(
    monkeypatch: pytest.MonkeyPatch, state: str | None, watchers: int, visitors: int, seconds: float
) -> None:
    ticket = state and Ticket("key", state, 0, frozenset(map(str, range(watchers))), Path())

    class Queue:
        def ticket(self, key: str) -> object:
            return ticket or None

    monkeypatch.setattr(shared, "queue", Queue)
    monkeypatch.setattr(presence, "visitors", lambda: set(range(visitors)))
    assert render_lock.poll_interval("key", 0.5) == pytest.approx(seconds)
