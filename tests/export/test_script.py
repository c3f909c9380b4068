"""Programs written for a run: they build the same network as `aecore.worker.training`, for every composition."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from aecore import datasets, presets
from aecore.errors import SpecError
from aecore.export import script
from aecore.specs.run import RunSpec

SCRIPTED = [name for name, preset in presets.VARIANTS.items() if not script.beyond_a_program(preset.spec)]


def test_the_notebook_is_the_program() -> None:
    spec = presets.get("sparse-kl").spec
    book = json.loads(script.notebook(spec, "0" * 16))
    code = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    assert code == [code for _, code in script.cells(spec)]
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])


ODD_SHAPES: dict[str, dict[str, Any]] = {
    "transposed to an odd size": {"architecture": "convolutional", "hidden": "4,6,8"},
    "nearest to an odd size": {"architecture": "convolutional", "hidden": "4,6,8", "upsampling": "nearest"},
    "vectors": {"dataset": "plane-3d", "loss": "mse", "output_activation": "linear", "coding_size": 2, "hidden": "5"},
    "recurrent variational": {"architecture": "recurrent", "coding": "variational", "hidden": "8,6"},
    "sparse variational, two decoder layers": {
        "coding": "variational",
        "sparsity_weight": 0.1,
        "decoder_hidden": "9,7",
    },
    "clipped dropout": {"noise": "dropout", "noise_rate": 0.4, "noise_clip": True, "noisy_validation": True},
    "loud noise": {"noise_rate": 2.0, "noise_clip": True, "noisy_validation": True, "sparsity": "mse"},
    "normalised, warmed up, decaying": {
        "hidden": "9,7",
        "normalization": "batch",
        "decay": "cosine",
        "warmup": 0.5,
        "optimizer": "sgd",
        "optimizer_arguments": "momentum=0.9 nesterov=1",
    },
    "normalised convolutions": {
        "architecture": "convolutional",
        "hidden": "4,6,8",
        "dense_hidden": "9,7",
        "downsampling": "stride",
        "normalization": "layer",
        "decay": "cosine",
    },
    "convolutions by Muon": {
        "architecture": "convolutional",
        "hidden": "4,6",
        "optimizer": "muon",
        "optimizer_arguments": "adam_weight_decay=0.05 weight_decay=0.05",
    },
    "normalised, upsampled": {
        "architecture": "convolutional",
        "hidden": "4,6",
        "normalization": "batch",
        "upsampling": "nearest",
        "warmup": 0.5,
    },
    "without two classes": {"hidden": "9", "leave_out": "3,5"},
    "spatial hashing": {**presets.get("geron-convolutional").spec.to_dict(), "noise_on": "coding", "noise_rate": 3},
}
FASTER = {"autoencoder.summary()": "", "verbose=2": "verbose=0", "compile(": "compile(run_eagerly=True, "}


@pytest.mark.parametrize(
    "spec",
    [*(presets.get(name).spec for name in SCRIPTED), *(RunSpec.from_dict(values) for values in ODD_SHAPES.values())],
    ids=[*SCRIPTED, *ODD_SHAPES],
)
def test_the_program_builds_the_same_network(spec: RunSpec) -> None:
    """With the same weights the program's network gives the same output, and its training runs."""
    from aecore.worker.training.architectures import Autoencoder

    spec = spec.replace(epochs=1, batch_size=8)
    shape = datasets.info(spec.dataset).shape
    samples = np.random.default_rng(0).random((8, *shape)).astype("float32")
    model = Autoencoder(spec, shape)
    names: dict[str, Any] = {"train": samples, "validation": samples}
    for heading, code in script.cells(spec):
        if heading != "Data":
            for old, new in FASTER.items():
                code = code.replace(old, new)
            exec(code, names)
        elif spec.noisy_validation:
            exec(code[code.index("random = ") :], names)
        if heading == "Autoencoder":
            names["encoder"].set_weights(model.encoder.get_weights())
            names["decoder"].set_weights(model.decoder.get_weights())
            ours, theirs = np.asarray(model(samples)), np.asarray(names["autoencoder"](samples))
            np.testing.assert_allclose(theirs, ours, atol=1e-5)


def test_the_program_does_not_depend_on_keras_json() -> None:
    from keras import config

    config.set_floatx("float16")
    config.set_dtype_policy("mixed_float16")
    config.set_image_data_format("channels_first")
    config.set_epsilon(1e-2)
    exec(script.cells(presets.get("convolutional").spec)[0][1], {})
    assert (config.floatx(), config.dtype_policy().name) == ("float32", "float32")
    assert (config.image_data_format(), config.epsilon()) == ("channels_last", 1e-7)


TRAINED: dict[str, dict[str, Any]] = {
    "dense by Adam": {"hidden": (9, 7), "optimizer": "adam"},
    "dense by Muon": {"hidden": (9, 7), "optimizer": "muon", "optimizer_arguments": "clipnorm=0.1"},
    "normalised convolutions": {
        "architecture": "convolutional",
        "hidden": (4, 6),
        "normalization": "batch",
        "optimizer": "sgd",
    },
    "convolutions by Muon": {
        "architecture": "convolutional",
        "hidden": (4, 6),
        "optimizer": "muon",
        "optimizer_arguments": "adam_weight_decay=0.05 weight_decay=0.05",
    },
}


@pytest.mark.parametrize("changes", TRAINED.values(), ids=TRAINED)
def test_the_program_trains_as_the_run(changes: dict[str, Any]) -> None:
    """From the same weights the program's training ends with the run's (one batch, so that no order matters)."""
    from aecore.worker.training import arrays

    spec = RunSpec(dataset="digits", coding_size=3, batch_size=40, epochs=5, learning_rate=0.01, **changes)
    samples = datasets.load("digits").train[:40].astype("float32") / 255
    start, (trained, _) = arrays.build(spec, (8, 8)), arrays.fit_arrays(spec, samples)
    names: dict[str, Any] = {"train": samples, "validation": samples}
    for heading, code in script.cells(spec):
        if heading == "Data":
            continue
        exec(code.replace("autoencoder.summary()", "").replace("verbose=2", "verbose=0"), names)
        if heading == "Autoencoder":
            names["encoder"].set_weights(start.encoder.get_weights())
            names["decoder"].set_weights(start.decoder.get_weights())
    weights = [*names["encoder"].get_weights(), *names["decoder"].get_weights()]
    for program, run in zip(weights, trained.get_weights(), strict=True):
        np.testing.assert_allclose(program, run, atol=1e-4)
    moves = [
        np.abs(run - untrained).max() for run, untrained in zip(trained.get_weights(), start.get_weights(), strict=True)
    ]
    assert max(moves) > 0.01


@pytest.mark.parametrize("name", ["tied", "layerwise", "contractive"])
def test_what_a_program_cannot_express(name: str) -> None:
    with pytest.raises(SpecError, match="format: got 'script' for a run with .*, allowed: keras, onnx, "):
        script.script(presets.get(name).spec, "0" * 16)


@pytest.mark.parametrize("name", script.SHIPPED_WITH_KERAS)
def test_data_that_keras_ships_are_split_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    first, second = np.arange(60_000, dtype="uint32"), np.arange(60_000, 70_000).astype("uint32")
    monkeypatch.setattr(
        getattr(keras.datasets, name.replace("-", "_")), "load_data", lambda: ((first, None), (second, None))
    )
    code = dict(script.cells(presets.get("stacked").spec.replace(dataset=name)))["Data"]
    names: dict[str, Any] = {"keras": keras, "np": np}
    exec(code, names)
    start = 55_000 if name == "fashion-mnist" else 60_000
    info = datasets.info(name)
    np.testing.assert_allclose(names["train"] * 255, np.arange(info.n_train), rtol=1e-5)
    np.testing.assert_allclose(names["validation"] * 255, start + np.arange(info.n_validation), rtol=1e-5)
