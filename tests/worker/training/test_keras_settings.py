"""Keras's settings of the process (`keras.json`, `keras.config`) and Python's `random` change no number and no dtype,
and are afterwards as they were."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import config

from aecore import AecoreError, Autoencoder, datasets, presets
from aecore.store import runs
from aecore.store.experiments import Experiment
from aecore.worker.training import arrays, keras_file
from tests.worker.conftest import small_spec

ROOT = Path(__file__).resolve().parents[3]
X = datasets.as_float(datasets.load("digits").train[:40]).reshape(40, 64)
OPTIMIZERS = ("sgd", "adam", "adamw", "nadam", "rmsprop", "adadelta", "muon")


def half() -> None:
    config.set_image_data_format("channels_first")
    config.set_floatx("float16")
    config.set_dtype_policy("mixed_float16")
    config.set_epsilon(1e-2)


def double() -> None:
    config.set_floatx("float64")
    config.set_dtype_policy("float64")


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    reset()


def reset() -> None:
    config.set_image_data_format("channels_last")
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.set_dtype_policy("float32")


def state() -> tuple[object, ...]:
    policy = config.dtype_policy().name
    return config.image_data_format(), config.floatx(), config.epsilon(), policy, random.getstate()


def fitted(variant: str, **changes: object) -> Autoencoder:
    spec = small_spec(variant, batch_size=20, **changes)
    return Autoencoder(spec, image_shape=(8, 8), random_state=3).fit(X)


def results(model: Autoencoder) -> list[np.ndarray]:
    codings = model.transform(X)
    return [codings, model.inverse_transform(codings), *model.weights_]


@cache
def expected(variant: str) -> tuple[bytes, list[np.ndarray]]:
    """A pickle, and the numbers of a process that has set nothing."""
    model = fitted(variant)
    return pickle.dumps(model), results(model)


def assert_equal(found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    assert {array.dtype for array in found} == {np.dtype("float32")}
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.usefixtures("eager", "restored")
@pytest.mark.parametrize("variant", presets.VARIANTS)
def test_no_setting_of_the_process_changes_an_estimator(variant: str) -> None:
    written, wanted = expected(variant)
    for setting in (half, double):
        setting()
        random.seed(7)
        before = state()
        assert_equal(results(pickle.loads(written)), wanted)
        model = fitted(variant)
        assert state() == before
        assert_equal(results(model), wanted)
    later = pickle.loads(pickle.dumps(model))
    half()
    other: list[list[np.ndarray]] = []
    thread = threading.Thread(target=lambda: other.append(results(fitted(variant))))  # a policy is a thread's own
    thread.start()
    thread.join()
    assert_equal(other[0], wanted)
    reset()
    assert_equal(results(later), wanted)


@pytest.mark.usefixtures("eager", "restored")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("decay", ["constant", "cosine"])
def test_no_setting_of_the_process_changes_an_optimizer(optimizer: str, decay: str) -> None:
    changes = {"optimizer": optimizer, "decay": decay, "learning_rate": 0.0123}
    wanted = results(fitted("stacked", **changes))
    half()
    assert_equal(results(fitted("stacked", **changes)), wanted)


@pytest.mark.usefixtures("eager", "restored")
def test_settings_stay_after_an_error() -> None:
    half()
    before = state()
    with pytest.raises(AecoreError, match="the loss became"):
        Autoencoder("linear", optimizer="sgd", learning_rate=10.0, epochs=30, random_state=0).fit(X * 1e8)
    assert state() == before


@pytest.mark.usefixtures("eager", "restored")
@pytest.mark.parametrize("variant", presets.VARIANTS)
def test_every_layer_says_its_dtype_and_data_format(variant: str) -> None:
    """So do those of `model.keras`, whose process may have set anything."""
    half()
    network = arrays.build(small_spec(variant), (8, 8))
    halves = [network.encoder, network.decoder]
    halves += [keras_file.functional(network).get_layer(half.name) for half in halves]
    for layer in (layer for half in halves for layer in half.layers):
        policy = layer.dtype if isinstance(layer, keras.layers.InputLayer) else layer.dtype_policy.name
        assert policy == "float32", layer.name
        assert getattr(layer, "data_format", "channels_last") == "channels_last", layer.name
    assert [half.dtype_policy.name for half in halves[:2]] == ["float32"] * 2


@pytest.mark.usefixtures("eager")
def test_initial_weights_are_those_that_keras_draws_after_seeding_random() -> None:
    network = fitted("stacked", epochs=1)._network
    random.seed(3)
    layer = keras.layers.Dense(16)
    layer.build((None, 64))
    first = type(network)(network.spec, (8, 8)).encoder.get_layer("hidden_1")
    np.testing.assert_array_equal(first.kernel, layer.kernel)


@pytest.mark.usefixtures("eager")
def test_python_s_random_is_neither_read_nor_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError("random was called")

    for name in ("seed", "randint", "random", "getrandbits", "setstate"):
        monkeypatch.setattr(random, name, refuse)
    for variant in presets.VARIANTS:
        fitted(variant)


HOSTILE = {"floatx": "float16", "image_data_format": "channels_first", "epsilon": 1e-2, "backend": "numpy"}


def python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    cleared = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**cleared, **environment},
        capture_output=True,
        text=True,
    )


def test_keras_json_changes_no_number_of_a_run_and_its_probe(trained: Any, tmp_path: Path) -> None:
    """A training with export, an experiment that starts from it, and the estimator, for a variant with images."""
    (tmp_path / "keras.json").write_text(json.dumps(HOSTILE))
    run = trained("convolutional")
    program = f"""
import json, sys
import numpy as np
from pathlib import Path
from aecore import Autoencoder, RunSpec, datasets
from aecore.specs.pretraining import PretrainSpec
from aecore.store import runs
from aecore.worker import pretraining, training
import keras
spec, cache = RunSpec.from_dict(json.loads({json.dumps(run.spec.to_dict())!r})), Path({str(tmp_path)!r})
run = runs.run_of(spec, cache / "runs")
training.train(spec, run.folder, lambda: False)
experiment = PretrainSpec(spec, labels=(20,), seeds=2, epochs=2, frozen_epochs=1)
pretraining.compute(experiment, cache / "pretraining" / "0")
model = keras.saving.load_model(run.folder / "model.keras")
x = datasets.as_float(datasets.load("digits").validation)
assert np.asarray(model(x[:3])).dtype == np.float32
assert np.abs(np.asarray(model.get_layer("encoder")(x)) - run.array("codings")).max() < 1e-5
assert keras.config.floatx() == "float16" and keras.config.image_data_format() == "channels_first"
"""
    done = python(program, KERAS_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    again = runs.run_of(run.spec, tmp_path / "runs")
    np.testing.assert_allclose(again.array("codings"), run.array("codings"), atol=1e-5)
    losses = [[row["val_loss"] for row in one.history["epochs"]] for one in (again, run)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    assert len(Experiment(tmp_path / "pretraining" / "0").rows) == 6


OTHER = """
import sys, types
sys.modules["keras"] = types.ModuleType("keras")  # the other backends need packages that are not installed here
sys.modules["keras"].backend = types.SimpleNamespace(backend=lambda: "jax")
"""
FIT = "from aecore import Autoencoder\nimport numpy as np\nx = np.eye(4)\nAutoencoder(epochs=1).fit(x)"


@pytest.mark.parametrize(
    ("program", "backend", "code", "line"),
    [
        (
            FIT + "\nimport os\nassert os.environ['KERAS_BACKEND'] == 'numpy'",
            "numpy",
            0,
            "KERAS_BACKEND=numpy: aecore.Autoencoder imports Keras with TensorFlow",
        ),
        (
            OTHER + FIT,
            "jax",
            1,
            "AecoreError: Keras's backend: got 'jax', with which this process imported Keras; allowed",
        ),
        (FIT + "\nimport os\nassert 'KERAS_BACKEND' not in os.environ", "", 0, ""),
        ("import aecore.worker.pretraining", "numpy", 0, ""),
    ],
    ids=["set", "imported", "unset", "worker"],
)
def test_another_backend_gives_one_line(program: str, backend: str, code: int, line: str) -> None:
    done = python(program, **({"KERAS_BACKEND": backend} if backend else {}))
    assert (done.returncode, line in done.stderr) == (code, True), done.stderr
