"""PretrainSpec: what it accepts, that its keys never change; the experiment's folder, and what is concluded from it."""

from __future__ import annotations

import dataclasses
import statistics
from pathlib import Path
from typing import Any

import pytest

from aecore import datasets
from aecore.analysis import pretraining
from aecore.errors import SpecError
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.run import RunSpec
from aecore.store import experiments, files
from aecore.store.experiments import Experiment, Row

DIGITS = RunSpec(dataset="digits", hidden=(16,), coding_size=6)
SPEC = PretrainSpec(DIGITS, (20, 100), seeds=3, epochs=4, frozen_epochs=2)


def test_golden_keys() -> None:
    """Keys name folders: these must never change."""
    assert PretrainSpec(RunSpec()).canonical_json() == "{}"
    assert experiments.key_of(PretrainSpec(RunSpec())) == "f2aa160845fef8f0"
    assert experiments.key_of(SPEC) == "f6548798b24c9f89"
    assert experiments.key_of(PretrainSpec(RunSpec(), optimizer="adam", learning_rate=0.003)) == "9b6eaa57202d73a9"


def test_what_counts() -> None:
    changes: dict[str, Any] = {
        "autoencoder": DIGITS.replace(seed=1),
        "labels": (20,),
        "seeds": 4,
        "epochs": 5,
        "frozen_epochs": 1,
        "head": 5,
        "batch_size": 16,
        "optimizer": "adam",
        "learning_rate": 0.1,
    }
    assert set(changes) == {field.name for field in dataclasses.fields(PretrainSpec)}
    keys = {experiments.key_of(dataclasses.replace(SPEC, **{name: value})) for name, value in changes.items()}
    assert len(keys | {experiments.key_of(SPEC)}) == len(changes) + 1
    assert hash(SPEC) == hash(PretrainSpec.from_settings(DIGITS, SPEC.to_dict()))


def test_text_from_a_link_or_the_command_line_is_read() -> None:
    spec = PretrainSpec.from_settings(
        DIGITS, {"labels": "100, 20,100", "seeds": "3", "epochs": "4", "frozen_epochs": "2", "learning_rate": "2e-2"}
    )
    assert spec == SPEC and spec.labels == (20, 100)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("labels", "many"),
        ("labels", 2.5),
        ("labels", ""),
        ("labels", tuple(range(10, 20))),
        ("seeds", 1),
        ("seeds", 11),
        ("epochs", 0),
        ("frozen_epochs", 4),
        ("frozen_epochs", -1),
        ("head", 0),
        ("batch_size", 0),
        ("optimizer", "magic"),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("learning_rate", "fast"),
    ],
)
def test_bad_values_are_named_in_one_line(name: str, bad: Any) -> None:
    with pytest.raises(SpecError, match=rf"^{name}: got .*, allowed: [^\n]+$"):
        dataclasses.replace(SPEC, **{name: bad})


def test_what_the_data_cannot_serve() -> None:
    digits, plane = datasets.info("digits"), datasets.info("plane-3d")
    SPEC.check(digits)
    for labels, got in (((9,), 9), ((10, 1438), 1438)):
        with pytest.raises(SpecError, match=rf"^labels: got {got}, allowed: 10 \(one of each class\) to 1,437"):
            dataclasses.replace(SPEC, labels=labels).check(digits)
    with pytest.raises(SpecError, match="^dataset: got 'plane-3d', which has no labels; allowed: a data set with"):
        SPEC.check(plane)
    with pytest.raises(SpecError, match="^unknown pretraining setting 'label'; allowed: labels, seeds"):
        PretrainSpec.from_settings(DIGITS, {"label": 3})


def write(cache: Path, spec: PretrainSpec, rows: list[Row], seconds: float = 2.0) -> Experiment:
    """An experiment's folder, done as far as these rows."""
    work = experiments.experiment_of(spec, cache)
    work.folder.mkdir(parents=True)
    experiments.describe(spec, work.folder)
    files.write_json(work.folder / "results.json", {"rows": rows, "presented": 1000, "seconds": seconds})
    work.mark("DONE")
    return work


def test_a_folder_tells_its_spec_and_its_rows(cache: Path) -> None:
    rows = [Row(20, 1, "scratch", 0.5), Row(20, 1, "pretrained", 0.75)]
    work = write(cache, SPEC, rows)
    assert work.state == "finished" and work.key == experiments.key_of(SPEC)
    assert work.spec == SPEC and work.rows == rows
    assert Experiment(cache / "pretraining" / ("0" * 16)).rows == []


def test_one_picture_shows_what_differs_in_labels_and_seeds_alone(cache: Path) -> None:
    write(cache, SPEC, [Row(20, 1, "scratch", 0.5)])
    write(cache, dataclasses.replace(SPEC, labels=(50,), seeds=2), [Row(50, 1, "scratch", 0.6)])
    write(cache, dataclasses.replace(SPEC, epochs=9), [Row(70, 1, "scratch", 0.7)])
    write(cache, dataclasses.replace(SPEC, autoencoder=DIGITS.replace(seed=1)), [Row(80, 1, "scratch", 0.8)])
    (cache / "pretraining" / ("a" * 16)).mkdir()
    assert experiments.rows_like(SPEC, cache) == [Row(20, 1, "scratch", 0.5), Row(50, 1, "scratch", 0.6)]


def test_expected_seconds_come_from_experiments_like_it(cache: Path) -> None:
    assert experiments.expected_seconds(SPEC, cache) is None
    write(cache, dataclasses.replace(SPEC, seeds=2), [], seconds=9.0).write_status(state="finished", started=1)
    write(cache, SPEC, [], seconds=2.0).write_status(state="finished", started=2)
    more = dataclasses.replace(SPEC, labels=(200,), seeds=10)
    assert experiments.expected_seconds(more, cache) == pytest.approx(0.002 * 10 * 200 * (4 + 2))


def rows_of(n: int, scratch: list[float], pretrained: list[float]) -> list[Row]:
    arms = {"scratch": scratch, "pretrained": pretrained}
    return [Row(n, seed, arm, value) for arm, values in arms.items() for seed, value in enumerate(values, 1)]


def test_arms_are_compared_seed_by_seed() -> None:
    """The seeds spread by ten points, each gains two or so: only the paired comparison sees that."""
    rows = rows_of(100, [0.50, 0.55, 0.60, 0.65, 0.70], [0.52, 0.58, 0.62, 0.66, 0.72])
    (comparison,) = pretraining.compare_arms(rows)
    assert comparison.means["scratch"] == pytest.approx(0.6) and comparison.deviations["scratch"] == pytest.approx(
        0.0790569
    )
    assert comparison.difference == pytest.approx(0.02)
    assert comparison.margin == pytest.approx(2.776 * 0.00707107 / 5**0.5, rel=1e-3)  # differences 2, 3, 2, 1, 2 points
    assert comparison.outcome == "helps"
    assert comparison.words == "pretraining helps: +2.0 points (95 % interval +1.1 to +2.9)"


@pytest.mark.parametrize(("seeds", "quantile"), [(2, 12.706), (3, 4.303), (10, 2.262)])
def test_the_margin_is_students_t(seeds: int, quantile: float) -> None:
    """Quantiles of a printed table."""
    scratch = [0.5] * seeds
    pretrained = [0.5 + 0.1 * (seed % 2) for seed in range(seeds)]
    (comparison,) = pretraining.compare_arms(rows_of(100, scratch, pretrained))
    deviation = statistics.stdev(pretrained)
    assert comparison.margin == pytest.approx(quantile * deviation / seeds**0.5, rel=1e-3)


def test_what_is_not_shown_is_not_claimed() -> None:
    noisy = rows_of(100, [0.5, 0.6, 0.7], [0.6, 0.58, 0.72])
    worse = rows_of(500, [0.8, 0.81, 0.8], [0.7, 0.71, 0.69])
    same = rows_of(1000, [0.8, 0.8], [0.8, 0.8])
    found = pretraining.compare_arms([*noisy, *worse, *same])
    assert [comparison.outcome for comparison in found] == ["open", "hurts", "open"]
    assert found[0].words.startswith("pretraining does not help as far as 3 seeds can show: +3.3 points")
    assert found[2].words.endswith("0.0 points (95 % interval 0.0 to 0.0)")
    assert pretraining.conclusion(found) == (
        "Pretraining hurts with 500 labels. Pretraining makes no difference that so few seeds could show with 100 and "
        "1,000 labels."
    )
    assert pretraining.conclusion([]) == ""


def test_half_done_seeds_do_not_count() -> None:
    rows = [*rows_of(100, [0.5, 0.6], [0.6]), Row(100, 1, "frozen", 0.4)]
    assert pretraining.compare_arms(rows) == []
    (comparison,) = pretraining.compare_arms([*rows, Row(100, 2, "pretrained", 0.7), Row(100, 3, "scratch", 0.1)])
    assert comparison.seeds == 2 and "frozen" not in comparison.means
