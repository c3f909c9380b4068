"""The pretraining page: what it asks of the queue, what it shows meanwhile, and what it says in plain words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from aecore.specs.pretraining import PretrainSpec
from aecore.store import experiments, files
from aecore.store.experiments import Experiment, Row
from tests.pages.conftest import SPECS, Open, key, texts, unescaped

SGD = {"optimizer": "sgd", "learning_rate": 0.02}
SPEC = PretrainSpec(SPECS["stacked"], labels=(100, 500))


def write(cache: Path, spec: PretrainSpec, rows: list[Row], state: str = "finished") -> Experiment:
    """A folder as a worker leaves it, or while it fills it."""
    work = experiments.experiment_of(spec, cache)
    work.folder.mkdir(parents=True)
    experiments.describe(spec, work.folder)
    files.write_json(work.folder / "results.json", {"rows": rows, "presented": 1000, "seconds": 2.0})
    if state == "finished":
        work.mark("DONE")
    else:
        message = {"running": "100 labels, seed 2 of 5, pretrained", "failed": "the loss became infinite"}[state]
        work.write_status(state=state, message=message, fraction=0.3, eta=12.3, started=time.time())
    return work


def rows(labels: int, scratch: float, pretrained: float) -> list[Row]:
    noise = (0.00, 0.01, 0.02, -0.01, -0.02)
    arms = {"scratch": scratch, "pretrained": pretrained}
    return [
        Row(labels, seed, arm, mean + by) for arm, mean in arms.items() for seed, by in enumerate(noise, 1)
    ]  # the same noise for both: only the means differ


def test_it_says_plainly_when_pretraining_helps_and_when_not(visit: Open, cache: Path) -> None:
    noisy = [
        row._replace(accuracy=row.accuracy + 0.03 * (row.seed % 2)) if row.arm == "pretrained" else row
        for row in rows(500, 0.8, 0.79)
    ]
    write(cache, SPEC, [*rows(100, 0.5, 0.6), *noisy])
    app = visit("pretraining", run=key("stacked"))
    assert not app.exception
    told = texts(app)
    assert "**100 labels**: pretraining helps: +10.0 points (95 % interval +10.0 to +10.0)." in told
    assert "**500 labels**: pretraining does not help as far as 5 seeds can show: +0.8 points" in told
    assert "| 100 | 50.0 ± 1.6 | 60.0 ± 1.6 | – |" in told
    assert [metric.value for metric in app.metric] == ["+10.0", "+0.8"]
    assert app.button(key="pretrain").disabled and app.button(key="pretrain_stop").disabled


def test_the_other_way_of_training_is_told_too(visit: Open, cache: Path) -> None:
    adam = {"optimizer": "adam", "learning_rate": 0.003}
    write(cache, PretrainSpec(SPECS["stacked"], labels=(100,), **adam), rows(100, 0.7, 0.6))
    write(cache, SPEC, rows(100, 0.5, 0.6))
    app = visit("pretraining", run=key("stacked"))
    assert "Trained by Adam instead, from scratch it reaches 70.0 %. Pretraining hurts with 100 labels." in texts(app)
    app.segmented_control(key="trainer").set_value("adam").run()
    assert "Trained by SGD instead, from scratch it reaches 50.0 %. Pretraining helps with 100 labels." in texts(app)


def test_results_are_drawn_as_they_come(visit: Open, cache: Path) -> None:
    write(cache, SPEC, rows(100, 0.5, 0.6)[:2], state="running")
    app = visit("pretraining", run=key("stacked"))
    assert not app.exception
    assert "press Run" in texts(app) or "two seeds" in texts(app)
    assert app.button(key="pretrain").disabled


def test_run_asks_for_what_the_controls_say(visit: Open, cache: Path) -> None:
    app = visit("pretraining", run=key("stacked"))
    assert app.text_input(key="labels").placeholder == "100, 500"  # digits have fewer than 5,000
    app.text_input(key="labels").set_value("20, 30").run()
    app.slider(key="seeds").set_value(2).run()
    app.slider(key="classifier_epochs").set_value(2).run()
    assert not app.exception and not app.button(key="pretrain").disabled
    app.button(key="pretrain").click().run()
    spec = PretrainSpec(SPECS["stacked"], (20, 30), seeds=2, epochs=2, frozen_epochs=1)
    work = experiments.experiment_of(spec, cache)
    assert work.state == "finished" and len(work.rows) == 2 * 2 * 3
    assert "**30 labels**: pretraining" in texts(app)
    assert app.button(key="pretrain").disabled


def test_a_link_restores_the_controls(visit: Open) -> None:
    app = visit("pretraining", run=key("stacked"), labels="20, 30", seeds="3", classifier_epochs="8", trainer="Adam")
    assert app.text_input(key="labels").value == "20, 30"
    assert app.slider(key="seeds").value == 3 and app.slider(key="classifier_epochs").value == 8
    assert app.segmented_control(key="trainer").value == "adam"


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("a few", "labels: got 'a few', allowed: whole numbers with commas between"),
        ("9", "labels: got 9, allowed: 10 (one of each class) to 1,437"),
        ("100, 2000", "labels: got 2000, allowed: 10 (one of each class) to 1,437"),
        ("1e99", "labels: got"),
    ],
)
def test_numbers_that_will_not_do_are_told_in_one_line(visit: Open, labels: str, told: str) -> None:
    app = visit("pretraining", run=key("stacked"), labels=labels)
    assert not app.exception
    (warning,) = app.warning
    assert told in unescaped(warning.value) and "\n" not in warning.value


def test_data_without_labels_says_so(visit: Open) -> None:
    app = visit("pretraining", run=key("vectors"))
    assert "'plane-3d', which has no labels" in texts(app)
    assert "pretrain" not in [button.key for button in app.button]


def test_what_failed_says_why(visit: Open, cache: Path) -> None:
    write(cache, SPEC, [], state="failed")
    app = visit("pretraining", run=key("stacked"))
    app.session_state["asked_pretraining"] = experiments.key_of(SPEC)
    app.run()
    assert "the loss became infinite" in app.error[0].value
    assert not app.button(key="pretrain").disabled
