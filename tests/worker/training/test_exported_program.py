"""Exported programs against their runs: the same quantity under the same name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aecore import datasets, presets
from aecore.export import script
from aecore.specs.run import RunSpec
from aecore.store.runs import Run
from aecore.worker.training import keras_file

Trained = Callable[..., Run]
DATA = datasets.load("digits")
SCRIPTED = [name for name, preset in presets.VARIANTS.items() if not script.beyond_a_program(preset.spec)]
FURTHER: dict[str, tuple[str, dict[str, object]]] = {
    **{name: (name, {}) for name in SCRIPTED},
    "narrow clouds": ("variational", {"kl_weight": 0.1, "epochs": 12}),
    "sparse variational": ("variational", {"sparsity_weight": 0.1, "sparsity": "l2", "loss": "mse"}),
    "noisy variational": ("variational", {"noise_rate": 0.3, "noisy_validation": True}),
    "noisy validation": ("denoising", {"noise_rate": 0.6, "noise_clip": True, "noisy_validation": True}),
    "dropout in validation": ("denoising-dropout", {"noise_rate": 0.5, "noisy_validation": True}),
    "a short last batch": ("sparse-kl", {"batch_size": 350}),
    "normalized": ("stacked", {"normalization": "batch", "batch_size": 100}),
}


def steps(spec: RunSpec, train: np.ndarray, validation: np.ndarray) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """The program's steps without its reading of files, and its variables."""
    cells = []
    for heading, code in script.cells(spec):
        if heading == "Data":
            code = code[code.index("random = ") :] if spec.noisy_validation else ""
        cells.append((heading, code.replace("autoencoder.summary()", "").replace("verbose=2", "verbose=0")))
    return cells, {"train": datasets.as_float(train), "validation": datasets.as_float(validation)}


def printed(text: str) -> dict[str, float]:
    """The numbers that a program printed by their titles; of several with one title the first."""
    numbers: dict[str, float] = {}
    for title, value in re.findall(r"^([a-zA-Z ]+?) (\d+\.\d+)", text, re.MULTILINE):
        numbers.setdefault(title, float(value))
    return numbers


@pytest.mark.parametrize("case", FURTHER)
def test_with_the_runs_weights_the_program_prints_the_runs_numbers(
    case: str, fitted: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    variant, changes = FURTHER[case]
    run = fitted(variant, **changes)
    cells, names = steps(run.spec, DATA.train, DATA.validation)
    for heading, code in cells[:-1]:
        exec(re.split(r"^\w+\.fit\(", code, flags=re.MULTILINE)[0] if heading == "Training" else code, names)
    saved = keras_file.read(run.folder / "model.keras")
    for half in ("encoder", "decoder"):
        names[half].set_weights(saved.get_layer(half).get_weights())
    losses = []
    for _ in range(6 if run.spec.variational else 1):
        exec(cells[-1][1], names)
        losses.append(names["loss"])
    numbers, metrics = printed(capsys.readouterr().out), run.metrics
    # The run's loss is of one draw of the codings, or of one corruption of the samples.
    spread = 6 * np.std(losses) if run.spec.variational else 0.004 * losses[0] if run.spec.noisy_validation else 2e-5
    assert np.mean(losses) == pytest.approx(metrics["val_loss"], abs=spread)
    for name, (title, digits) in script.PRINTED.items():
        if name != "val_loss":
            assert numbers[title] == pytest.approx(metrics[name], abs=2 * 10.0**-digits), title
    assert numbers["validation loss"] == pytest.approx(losses[0], abs=1e-5)
    if case == "narrow clouds":  # a program that takes the means would be wrong by far more than the draws differ
        assert np.mean(losses) - names["loss_of_means"] > 10 * np.std(losses)


@pytest.mark.slow
@pytest.mark.parametrize("variant", SCRIPTED)
def test_the_program_ends_within_the_spread_of_the_runs_seeds(
    variant: str, fitted: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [fitted(variant, seed=seed, epochs=2) for seed in range(1, 5)]
    cells, names = steps(runs[0].spec, DATA.train, DATA.validation)
    for _, code in cells:
        exec(code, names)
    numbers = printed(capsys.readouterr().out)
    for name, (title, _) in script.PRINTED.items():
        measured = [run.metrics[name] for run in runs]
        spread = max(measured) - min(measured)
        assert min(measured) - spread <= numbers[title] <= max(measured) + spread, (title, measured)
