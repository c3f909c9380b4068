"""Place and seconds stand on every page that waits for a job, whatever the job."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aecore.jobs import Queue, Task, Ticket
from aecore.store import runs
from aecore.store.runs import ResultFolder
from pages.widgets.jobs import waiting
from tests.pages.conftest import Open, key, texts

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
    assert waiting.told(asked) == said
    assert waiting.told("0" * 16) == ""
