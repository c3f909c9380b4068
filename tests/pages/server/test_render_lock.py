"""One visitor draws at a time; looks at jobs are rarer the more visitors look."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aecore.jobs import Ticket
from pages.widgets.server import render_lock, shared

LONG = 60.0


def another(order: list[str], name: str, newcomer: bool = False) -> threading.Thread:
    """A thread that takes a turn and writes down its name."""

    def draw() -> None:
        with render_lock.take(newcomer):
            order.append(name)

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    return thread


def test_the_next_waits_for_the_turn_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_lock, "PATIENCE", LONG)
    order: list[str] = []
    with render_lock.take():
        thread = another(order, "second")
        with render_lock.take():  # a fragment inside its page
            order.append("first")
        thread.join(0.2)
        assert order == ["first"]
    thread.join(LONG)
    assert order == ["first", "second"]


def test_who_takes_long_holds_the_next_up_for_no_longer_than_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_lock, "PATIENCE", 0.05)
    order: list[str] = []
    with render_lock.take():
        another(order, "impatient").join(LONG)
        assert order == ["impatient"]
    # Whose turn was lost has none to give: there is still exactly one.
    monkeypatch.setattr(render_lock, "PATIENCE", LONG)
    with render_lock.take():
        thread = another(order, "next")
        thread.join(0.2)
        assert order == ["impatient"]
    thread.join(LONG)
    assert order == ["impatient", "next"]


def test_a_long_line_that_moves_lets_nobody_in_before_his_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_lock, "PATIENCE", 0.4)
    drawing: list[str] = []
    together: list[int] = []

    def draw(name: str) -> None:
        with render_lock.take():
            drawing.append(name)
            together.append(len(drawing))
            threading.Event().wait(0.1)
            drawing.remove(name)

    threads = [threading.Thread(target=draw, args=(str(n),), daemon=True) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:  # the last one waits three times as long as patience
        thread.join(LONG)
    assert together == [1] * 12


def test_who_sees_nothing_yet_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_lock, "PATIENCE", LONG)
    order: list[str] = []
    with render_lock.take():
        threads = []
        for name in ("first", "second", "newcomer", "another newcomer"):
            threads.append(another(order, name, "newcomer" in name))
            threads[-1].join(0.2)
        assert order == []
    for thread in threads:
        thread.join(LONG)
    assert order == ["newcomer", "another newcomer", "first", "second"]


def test_a_page_that_fails_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_lock, "PATIENCE", LONG)
    order: list[str] = []
    with pytest.raises(ZeroDivisionError), render_lock.take():
        1 / 0  # noqa: B018
    another(order, "next").join(LONG)
    assert order == ["next"]


def test_a_fragment_notes_that_its_visitor_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    here: list[str] = []
    monkeypatch.setattr(shared, "attend", lambda: here.append("ann"))
    assert render_lock._in_turn(lambda: 5)() == 5 and here == ["ann"]


@pytest.mark.parametrize(
    ("state", "watchers", "visitors", "seconds"),
    [
        ("running", 1, 100, 0.5),  # its own training: as often as alone
        ("running", 60, 100, 60 / render_lock.LOOKS),
        ("waiting", 1, 3, 0.5),
        ("waiting", 1, 100, 100 / render_lock.LOOKS),
        (None, 0, 100, 100 / render_lock.LOOKS),  # another server trains it
    ],
)
def test_all_looks_together_stay_within_what_the_server_answers(
    monkeypatch: pytest.MonkeyPatch, state: str | None, watchers: int, visitors: int, seconds: float
) -> None:
    ticket = state and Ticket("key", state, 0, frozenset(map(str, range(watchers))), Path())

    class Queue:
        def ticket(self, key: str) -> object:
            return ticket or None

    monkeypatch.setattr(shared, "queue", Queue)
    monkeypatch.setattr(shared, "visitors", lambda: set(range(visitors)))
    assert render_lock.pause("key", 0.5) == pytest.approx(seconds)
