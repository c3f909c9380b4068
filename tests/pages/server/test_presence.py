"""Sessions that come, go and come back, and the jobs that they wait for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from aecore import jobs
from aecore.jobs import TrainTask
from aecore.store import runs
from pages.widgets.server import presence, shared
from tests.jobs.fakes import Fake, until
from tests.pages.conftest import SMALL, Open, texts, unescaped

TASK = TrainTask(SMALL.replace(seed=5))
STREAMLITS = "test session id"  # what Streamlit's test harness calls every session


@pytest.fixture
def waiting(cache: Path, tmp_path: Path) -> Iterator[jobs.Queue]:
    """The server's queue, in which bob's training waits behind something that does not end."""
    gate, log = tmp_path / "gate", tmp_path / "log"
    log.touch()
    queue = shared.queue()
    threads = []
    for task, session, begun in (
        (Fake("busy", str(log), str(gate)), "ann", log.read_text),
        (TASK, "bob", lambda: queue.ticket(TASK.key)),
    ):
        threads.append(threading.Thread(target=queue.submit, args=(task, session), daemon=True))
        threads[-1].start()
        until(begun)
    yield queue
    for session in (*presence.visitors(), "bob"):
        queue.leave(session)
    gate.touch()
    for thread in threads:
        thread.join(30)


def session(app: AppTest) -> str:
    return app.session_state[presence.SESSION]


def state(queue: jobs.Queue) -> str:
    ticket = queue.ticket(TASK.key)
    assert ticket is not None
    return ticket.state


def test_who_opens_the_link_of_a_training_watches_it_and_can_stop_it(
    waiting: jobs.Queue, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AECORE_WAITING", "1")  # watching is no job
    app = visit(run=TASK.key)
    ticket = waiting.ticket(TASK.key)
    assert not app.exception and ticket is not None and ticket.watchers == {"bob", session(app)}
    app.button(key="stop").click().run()
    assert state(waiting) == "waiting" and "it goes on until they leave" in texts(app)
    app = visit(run=TASK.key)  # reloaded
    waiting.leave("bob")
    assert state(waiting) == "waiting"
    app.button(key="stop").click().run()
    assert not app.exception and state(waiting) == "stopped"


def test_what_waits_says_why_and_what_another_server_trains_is_not_stopped_here(
    waiting: jobs.Queue, visit: Open, cache: Path
) -> None:
    waiting._jobs[TASK.key].message = "nothing answers there"
    app = visit(run=TASK.key)
    assert "(nothing answers there)" in unescaped(app.get("progress")[0].proto.text)
    run = runs.run_of(SMALL.replace(seed=6), cache)
    run.begin(SMALL.replace(seed=6))
    run.write_status(state="running")
    app = visit(run=run.key)
    app.button(key="stop").click().run()
    assert not app.exception and "Another server trains this run" in texts(app)
    assert run.state == "running" and not run.stop_asked()


def test_a_closed_tab_counts_for_a_while_and_who_is_back_stays(
    waiting: jobs.Queue, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit(run=TASK.key)
    waiting.leave("bob")
    monkeypatch.setattr(presence, "GRACE_SECONDS", 600.0)
    clear_session_resource_cache(STREAMLITS)  # what Streamlit does when a connection breaks
    assert presence.visitors() == set() and state(waiting) == "waiting"
    app.run()
    assert presence.visitors() == {session(app)} and presence._departures()._due == {}
    clear_session_resource_cache(STREAMLITS)
    presence._departures()._due[session(app)] = 0.0  # the time is over
    presence._departures()._end()
    assert state(waiting) == "stopped"


def test_one_timer_serves_all_who_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "GRACE_SECONDS", 600.0)
    left: list[str] = []
    departures = presence.Departures(left.append)
    before = threading.active_count()
    for number in range(30):
        departures.begin(f"session {number}")
    assert threading.active_count() <= before + 1
    departures.cancel("session 7")
    departures._due = dict.fromkeys(departures._due, 0.0)
    departures._end()
    assert left == [f"session {number}" for number in range(30) if number != 7]
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.0)
    departures.begin("late")
    until(lambda: left[-1] == "late")
