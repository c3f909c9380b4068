"""Published against obtained: what agrees, what stands in for missing data, what an interruption keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import datasets, jobs, presets
from aecore.__main__ import main
from aecore.commands import reproduce
from aecore.commands.run_task import TaskResult
from aecore.errors import DatasetError
from aecore.store import runs
from tests.commands.conftest import answer


def test_reproducing(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """Without MNIST its recipes run on other data, for which nothing was published; one download is tried."""
    pytest.importorskip("tensorflow")
    from aecore.worker.training import download

    tried, real = [], datasets.load

    def load(name: str) -> Any:
        if name == "mnist":
            raise DatasetError("mnist: no copy")
        return real(name)

    def fail(name: str) -> None:
        tried.append(name)
        raise DatasetError("mnist: no internet")

    monkeypatch.setattr(datasets, "load", load)
    monkeypatch.setattr(download, "download", fail)
    monkeypatch.setattr(reproduce, "STAND_INS", {"mnist": "digits"})
    vanilla = replace(presets.get("hubens-vanilla"), parameters=None)  # digits are smaller
    monkeypatch.setattr(reproduce, "RECIPES", (presets.get("geron-linear"), vanilla))
    rows = answer(capsys, "reproduce", "--seeds", "2")
    assert [(row["preset"], row["seed"]) for row in rows] == [
        (name, seed) for name in ("geron-linear", "hubens-vanilla") for seed in (42, 43, None)
    ]
    assert tried == ["mnist"]
    first, second, mean = rows[:3]
    assert first["agrees"] is True and first["published"]["train_loss"] == 0.0055 and first["note"] is None
    losses = [row["obtained"]["train_loss"] for row in (first, second)]
    assert mean["obtained"]["train_loss"] == pytest.approx(np.mean(losses)) and mean["agrees"] is True
    assert mean["spread"]["train_loss"] == pytest.approx(np.std(losses, ddof=1)) and losses[0] != losses[1]
    for row in rows[3:]:
        assert row["agrees"] is None and row["error"] is None and not any(row["published"].values())
        assert row["dataset"] == "digits" and row["note"].startswith("mnist: no internet; no number was")
        assert 0 < row["obtained"]["val_mse"] < 0.3
    monkeypatch.setattr(reproduce, "STAND_INS", {})
    assert main(["reproduce", "hubens-vanilla"]) == 1
    assert "no internet" in capsys.readouterr().out


@pytest.fixture
def obtained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What every training of `reproduce` ends with, instead of a training: to be filled by the test."""
    numbers: dict[str, Any] = {}

    def train(task: jobs.Task, cache: Path) -> TaskResult:
        if numbers["interrupts"].pop(0):
            raise KeyboardInterrupt
        (tmp_path / "metrics.json").write_text(json.dumps({"key": "0" * 16, "seconds": 1.0, **numbers}))
        return TaskResult(tmp_path, "finished")

    monkeypatch.setattr(reproduce, "run_task", train)
    monkeypatch.setattr(datasets, "load", lambda name: None)
    return numbers


def as_printed(name: str) -> dict[str, Any]:
    preset = presets.get(name)
    rest = dict.fromkeys(("val_mse", "val_bce", "silent_share", "mean_activation"))
    return {**rest, **(preset.published or {}), "parameters": preset.parameters, "interrupts": [False] * 9}


def test_a_row_says_which_number_disagrees(obtained: dict, cache: Path, capsys: pytest.CaptureFixture) -> None:
    obtained |= as_printed("geron-stacked")
    (row,) = answer(capsys, "reproduce", "geron-stacked")
    assert row["agrees"] is True and row["disagrees"] == [] and row["error"] is None
    obtained |= {"val_loss": 0.29, "parameters": 163_815}
    (row,) = answer(capsys, "reproduce", "geron-stacked", code=1)
    assert row["agrees"] is False and row["disagrees"] == ["val_loss", "parameters"]
    assert main(["reproduce", "geron-stacked"]) == 1
    line = capsys.readouterr().out.splitlines()[2]
    assert line.endswith("no: validation, parameters") and "0.2900 (0.2835)" in line


def test_the_exit_code_is_that_of_the_means_where_there_are_several_seeds() -> None:
    def row(preset: str, seed: int | None, agrees: bool | None, error: str | None = None) -> dict[str, Any]:
        return {"preset": preset, "seed": seed, "agrees": agrees, "error": error}

    luck = [row("a", 42, False), row("a", 43, True), row("a", None, True), row("b", 42, None)]
    assert not reproduce._disagree(luck)
    assert reproduce._disagree([*luck, row("c", 42, False)])
    assert reproduce._disagree([*luck[:2], row("a", None, False)])
    assert reproduce._disagree([*luck, row("c", 42, None, "the loss became infinite")])


def test_interrupting_between_two_trainings_keeps_the_first(
    obtained: dict, cache: Path, capsys: pytest.CaptureFixture
) -> None:
    obtained |= {**as_printed("geron-stacked"), "interrupts": [False, True]}
    (row,) = answer(capsys, "reproduce", "geron-stacked", "geron-tied", code=130)
    assert row["preset"] == "geron-stacked" and row["agrees"] is True


@pytest.mark.parametrize(
    ("preset", "change", "disagrees"),
    [
        ("geron-stacked", {}, []),
        ("geron-stacked", {"train_loss": 0.0039, "val_loss": -0.0039}, []),
        ("geron-stacked", {"train_loss": 0.0041}, ["train_loss"]),
        ("geron-stacked", {"val_loss": 0.0041, "rounded_accuracy": -0.011}, ["val_loss", "rounded_accuracy"]),
        ("geron-stacked", {"parameters": 1}, ["parameters"]),
        ("geron-variational", {"val_loss": 0.0059}, []),
        ("geron-variational", {"val_loss": 0.0061}, ["val_loss"]),
        ("geron-layerwise", {"phase_2_val_loss": 0.03, "phase_1_val_loss": 1.0}, []),
        ("geron-layerwise", {"phase_2_val_loss": -0.01}, ["phase_2_val_loss"]),
        ("geron-sparse-kl", {"silent_share": 0.039, "mean_activation": -0.009}, []),
        ("geron-sparse-kl", {"silent_share": -0.041, "mean_activation": 0.011}, ["silent_share", "mean_activation"]),
        ("geron-sparse-l1", {"silent_share": -0.021}, ["silent_share"]),
        ("hubens-vanilla", {"train_loss": 0.0005, "val_loss": 0.0005}, []),
        ("hubens-vanilla", {"val_loss": 0.0007}, ["val_loss"]),
        ("geron-linear", {"train_loss": 0.015}, []),
        ("geron-linear", {"train_loss": 0.03}, ["train_loss"]),
    ],
)
def test_agreement(preset: str, change: dict[str, float], disagrees: list[str]) -> None:
    chosen = presets.get(preset)
    printed = {**(chosen.published or {}), "parameters": chosen.parameters}
    found = {name: (value or 0.0) + change.get(name, 0.0) for name, value in printed.items()}
    assert reproduce.compare(chosen, found) == {"agrees": not disagrees, "disagrees": disagrees}


def test_a_number_that_is_not_there_does_not_agree() -> None:
    chosen = presets.get("geron-stacked")
    assert "val_loss" in reproduce.compare(chosen, {"val_loss": None})["disagrees"]
    assert reproduce.compare(presets.get("hubens-article-sparse"), {"parameters": 101_200})["agrees"] is None


def test_denoising_is_validated_both_ways(trained: runs.Run) -> None:
    noisy = trained.spec.replace(noise_rate=0.3)
    clean_loss, noisy_loss = reproduce.validated(trained, noisy)
    assert clean_loss == trained.metrics["val_loss"] < noisy_loss < 1
    assert reproduce.validated(trained, noisy) == (clean_loss, noisy_loss)
    assert reproduce.validated(trained, noisy.replace(noisy_validation=True)) == (
        trained.metrics["val_bce"],
        trained.metrics["val_loss"],
    )


@pytest.mark.slow
def test_the_quickest_recipes_agree(cache: Path, capsys: pytest.CaptureFixture) -> None:
    """One minute on two cores: what seeds make of the plane, and two dense models on the full data."""
    rows = answer(capsys, "reproduce", "geron-linear", "geron-tied", "geron-sparse-l1")
    assert [(row["preset"], row["disagrees"], row["error"]) for row in rows if row["agrees"] is not True] == []
