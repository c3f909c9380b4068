"""The job panel: its button, its progress, its place in the queue and its end, alone and on every page that waits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aecore.errors import AecoreError
from aecore.jobs import Queue, Task, Ticket
from aecore.store import runs
from aecore.store.runs import ResultFolder, Run
from pages.widgets.jobs import panel
from tests.pages.conftest import SMALL, Open, key, texts

Held = Callable[[int, float | None], None]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """What is asked for from now on waits at that place and for so many seconds."""

    def hold(position: int, seconds: float | None) -> None:
        asked: dict[str, Ticket] = {}

        def submit(queue: Queue, task: Task, session: str) -> Ticket:
            folder = task.folder(queue.cache)
            task.begin(folder)
            ticket = Ticket(task.key, "waiting", position, frozenset({session}), folder, "", seconds)
            return asked.setdefault(task.key, ticket)

        def state_of(queue: Queue, work: ResultFolder) -> str:
            return "waiting" if work.key in asked else work.state

        monkeypatch.setattr(Queue, "submit", submit)
        monkeypatch.setattr(Queue, "ticket", lambda queue, key: asked.get(key))
        monkeypatch.setattr(Queue, "state_of", state_of)

    return hold


def train(visit: Open, cache: Path) -> AppTest:
    return visit(run=key("stacked"), seed="3").number_input(key="seed").set_value(3).run().button(key="train").click()


def draw_a_map(visit: Open, cache: Path) -> AppTest:
    return visit("latent_map", run=key("stacked"))


def pretrain(visit: Open, cache: Path) -> AppTest:
    return visit("pretraining", run=key("stacked")).button(key="pretrain").click()


def train_without_penalty(visit: Open, cache: Path) -> AppTest:
    return visit("sparsity", run=key("sparse-kl")).button(key="baseline").click()


def measure(visit: Open, cache: Path) -> AppTest:
    shutil.rmtree(runs.open_run(key("stacked"), cache).folder / "probe")
    return visit(run=key("stacked"))


@pytest.mark.parametrize("ask", [train, draw_a_map, pretrain, train_without_penalty, measure])
def test_a_page_says_how_long_its_job_still_waits(visit: Open, cache: Path, held: Held, ask: Callable) -> None:
    held(3, 41.6)
    app = ask(visit, cache).run()
    assert not app.exception
    said = texts(app) + " ".join(bar.proto.text for bar in app.get("progress"))
    assert "waiting, place 3 in the queue, about 42 s" in said


@pytest.mark.parametrize(
    ("position", "seconds", "said"),
    [
        (1, 0.0, "about to start"),
        (1, 30.0, "waiting, place 1 in the queue, about 30 s"),
        (2, None, "waiting, place 2 in the queue"),
        (0, None, ""),
    ],
)
def test_what_is_said_is_what_the_queue_knows(
    visit: Open, cache: Path, held: Held, position: int, seconds: float | None, said: str
) -> None:
    held(position, seconds)
    pretrain(visit, cache).run()
    asked = next(iter((cache / "pretraining").iterdir())).name
    assert panel.position(asked) == said
    assert panel.position("0" * 16) == ""


OFFER = """
from aecore.jobs import TrainTask
from aecore.store import runs
from pages.widgets.jobs import panel
from tests.pages.conftest import SMALL
spec = SMALL.replace(seed=5)
if panel.is_pending(runs.run_of(spec)):
    panel.wait(runs.run_of(spec), "The other run")
else:
    panel.offer(TrainTask(spec), "Train it", key="offer")
"""
WAIT = """
import streamlit as st
from aecore.store import runs
from pages.widgets.jobs import panel
from tests.pages.conftest import SMALL
run = runs.run_of(SMALL.replace(seed=5))
st.session_state["draws"] = st.session_state.get("draws", 0) + 1
if st.session_state["draws"] == 1 or panel.is_pending(run):
    panel.wait(run, "The other run", stop_key="stop_it", changed=lambda: st.session_state["draws"] == CHANGED)
else:
    st.caption(f"ended: {run.state}")
"""


def script(text: str, changed: int = 0) -> AppTest:
    return AppTest.from_string(text.replace("CHANGED", str(changed)), default_timeout=60)


def job(cache: Path, **status: object) -> Run:
    """The run that the scripts wait for, as a worker leaves it in the middle of its work."""
    run = runs.run_of(SMALL.replace(seed=5), cache)
    run.begin(run_spec := SMALL.replace(seed=5))
    assert run.spec == run_spec
    run.write_status(**status)
    return run


def progress(app: AppTest) -> list[tuple[int, str]]:
    """Percent and text of the bars."""
    return [(bar.proto.value, bar.proto.text) for bar in app.get("progress")]


def test_an_offer_is_a_button_until_it_is_pressed(cache: Path) -> None:
    app = script(OFFER).run()
    assert app.button(key="offer").label == "Train it" and not progress(app)
    app.button(key="offer").click().run()
    assert not app.exception and runs.run_of(SMALL.replace(seed=5), cache).state == "finished"


def test_an_offer_that_is_taken_waits(cache: Path, held: Held) -> None:
    held(2, 30.0)
    app = script(OFFER).run()
    app.button(key="offer").click().run()
    assert progress(app) == [(0, "The other run: waiting, place 2 in the queue, about 30 s")] and not app.button


def test_a_refused_job_is_a_warning(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AecoreError("queue: got 21 jobs, allowed: 20")

    monkeypatch.setattr(Queue, "submit", refuse)
    app = script(OFFER).run()
    app.button(key="offer").click().run()
    assert "queue: got 21 jobs, allowed: 20" in texts(app) and app.button(key="offer")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"state": "waiting"}, "about to start"),
        ({"state": "running"}, "the worker is getting ready"),
        ({"state": "running", "message": "building the network"}, "building the network"),
        ({"state": "running", "message": "100 labels", "eta": 12.3}, "100 labels · 12 s left"),
        (
            {"state": "running", "message": "training", "epoch": 2, "epochs": 5, "eta": 3.6, "loss": 0.05},
            "epoch 2 of 5 · 4 s left · loss .0500",
        ),
        ({"state": "running", "phase": "layer 1", "epoch": 2, "epochs": 5}, "layer 1 · epoch 2 of 5"),
    ],
)
def test_a_pending_job_shows_what_it_is_doing(cache: Path, status: dict[str, object], said: str) -> None:
    job(cache, **status, fraction=0.25)
    app = script(WAIT).run()
    assert not app.exception
    assert progress(app) == [(25, f"The other run: {said}")]
    assert app.session_state["draws"] == 1


def test_stop_leaves_the_job(cache: Path, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(Queue, "stop", lambda queue, key, session: stopped.append(key))
    run = job(cache, state="running")
    app = script(WAIT).run()
    app.button(key="stop_it").click().run()
    assert stopped == [run.key]


@pytest.mark.parametrize("state", ["failed", "missing"])
def test_the_page_is_drawn_again_when_the_job_has_ended(cache: Path, state: str) -> None:
    job(cache, state=state)
    app = script(WAIT).run()
    assert not app.exception and not progress(app)
    assert app.session_state["draws"] == 2 and f"ended: {state}" in texts(app)


def test_the_page_is_drawn_again_when_a_finished_job_is_seen(cache: Path) -> None:
    job(cache, state="finished").mark("DONE")
    app = script(WAIT).run()
    assert app.session_state["draws"] == 2 and "ended: finished" in texts(app)


def test_the_page_is_drawn_again_when_what_it_shows_of_the_job_has_changed(cache: Path) -> None:
    job(cache, state="running")
    app = script(WAIT, changed=1).run()
    assert app.session_state["draws"] == 2 and len(progress(app)) == 1
