"""model.keras in the hands of somebody who has Keras and not this package."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aecore import datasets, export, presets
from aecore.analysis import inference
from aecore.presets import demonstrations
from aecore.store.runs import Run, open_run
from tests.worker.training.test_training import COMPOSITIONS

ROOT = Path(__file__).resolve().parents[3]
Trained = Callable[..., Run]
SAMPLES = 40

OPENS = """
import importlib.util, sys
import keras, numpy as np

assert importlib.util.find_spec("aecore") is None
for folder in sys.argv[1:]:
    model = keras.models.load_model(f"{folder}/model.keras")
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    samples = np.load(f"{folder}/samples.npy")
    encoded = encoder.predict(samples, verbose=0)
    codings = encoded[0] if isinstance(encoded, list) else encoded
    answers = {"reconstructions": model.predict(samples, verbose=0), "codings": codings}
    answers["decoded"] = decoder.predict(codings, verbose=0)
    if isinstance(encoded, list):
        answers["log_variance"] = encoded[1]
    np.savez(f"{folder}/answers.npz", **answers)
"""


def answers(runs: dict[str, Run], folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """What each run's exported model computes in one process that has no aecore, for the first validation samples."""
    for name, run in runs.items():
        (folder / name).mkdir()
        for file, content in export.files(run, "keras").items():
            (folder / name / file).write_bytes(content)
        samples = datasets.load(run.spec.dataset).validation[:SAMPLES]
        np.save(folder / name / "samples.npy", datasets.as_float(samples))
    command = [sys.executable, "-I", "-c", OPENS, *runs]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    computed = {}
    for name in runs:
        with np.load(folder / name / "answers.npz") as file:
            computed[name] = dict(file)
    return computed


@pytest.fixture(scope="module")
def runs(trained: Trained, fitted: Trained) -> dict[str, Run]:
    return {name: (trained if name in COMPOSITIONS else fitted)(name) for name in presets.VARIANTS}


@pytest.fixture(scope="module")
def elsewhere(runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, np.ndarray]]:
    return answers(runs, tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.parametrize("variant", presets.VARIANTS)
def test_every_variant_opens_without_this_package(
    variant: str, runs: dict[str, Run], elsewhere: dict[str, dict[str, np.ndarray]]
) -> None:
    run, computed = runs[variant], elsewhere[variant]
    np.testing.assert_allclose(computed["codings"], run.array("codings")[:SAMPLES], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(computed["decoded"], computed["reconstructions"], atol=1e-5)
    as_bytes = np.clip(computed["reconstructions"], 0, 1) * 255
    assert np.abs(as_bytes - run.reconstructions()[:SAMPLES]).max() < 0.5 + 255 * 1e-5  # kept as bytes
    if variant in COMPOSITIONS:
        decoded = inference.decode(run, run.array("codings")[:SAMPLES])
        np.testing.assert_allclose(computed["reconstructions"], decoded, atol=1e-5)
    assert ("log_variance" in computed) == run.spec.variational


def test_the_demonstrations_open_too(tmp_path: Path) -> None:
    """Their folders hold the class `Autoencoder`; they are exported in Keras's layers all the same."""
    runs = {name: open_run(key, ROOT / "cache") for name, key in demonstrations.keys().items()}
    runs = {name: run for name, run in runs.items() if run.readable}
    assert runs
    for name, computed in answers(runs, tmp_path).items():
        samples = datasets.load(runs[name].spec.dataset).validation[:SAMPLES]
        codings = inference.encode(runs[name], samples)
        np.testing.assert_allclose(computed["codings"], codings, rtol=1e-5, atol=2e-5)
        np.testing.assert_allclose(computed["reconstructions"], inference.decode(runs[name], codings), atol=1e-5)
        if runs[name].spec.variational:
            log_variance = inference.log_variance(runs[name], samples)
            np.testing.assert_allclose(computed["log_variance"], log_variance, rtol=1e-5, atol=1e-5)
