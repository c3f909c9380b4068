"""Every variant leaves a complete run behind; stopping and failing are told from finishing."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest

from aecore import datasets, presets
from aecore.analysis import inference, metrics
from aecore.errors import AecoreError, SpecError
from aecore.specs.run import ACTIVATIONS, Phase, RunSpec
from aecore.store.runs import Run, run_key
from aecore.worker import training
from aecore.worker.training import fit, keras_file, save
from aecore.worker.training.architectures import Autoencoder
from tests.worker.conftest import small_spec

FILES = [
    "spec.json",
    "environment.json",
    "history.json",
    "metrics.json",
    "codings.npy",
    "codings_train.npy",
    "reconstructions.npz",
    "activations.npz",
    "snapshots.npz",
    "model.keras",
    "encoder.onnx",
    "decoder.onnx",
]
METRICS = [
    "key",
    "parameters",
    "seconds",
    "epochs",
    "train_loss",
    "val_loss",
    "val_mse",
    "val_bce",
    "rounded_accuracy",
    "pca_mse",
    "mean_mse",
    "coding_size",
    "coding_shape",
    "active_dimensions",
    "kl_per_dimension",
    "silent_share",
    "mean_activation",
    "dead_units",
    "layers",
    "penalty",
]
# One variant a composition of layers; how the others are trained changes no file, so these are exported under `slow`.
COMPOSITIONS = (
    "linear",
    "stacked",
    "tied",
    "layerwise",
    "convolutional",
    "denoising-convolutional",
    "recurrent",
    "variational",
)
EXPORTED = [
    pytest.param(variant, marks=() if variant in COMPOSITIONS else pytest.mark.slow) for variant in presets.VARIANTS
]
VALIDATION = datasets.load("digits").validation
Trained = Callable[..., Run]


@pytest.mark.parametrize("variant", EXPORTED)
def test_a_variant_leaves_a_complete_run(variant: str, trained: Trained) -> None:
    run = trained(variant)
    assert run.state == "finished"
    assert sorted(FILES) == sorted(json.loads((run.folder / "DONE").read_text()))
    numbers = run.metrics
    assert set(METRICS) <= set(numbers)
    assert (numbers["key"], numbers["epochs"]) == (run.key, len(run.history["epochs"]))

    codings, reconstructions = run.array("codings"), run.reconstructions()
    assert codings.shape == (len(VALIDATION), numbers["coding_size"])
    assert np.prod(numbers["coding_shape"]) == numbers["coding_size"]
    assert reconstructions.shape == VALIDATION.shape
    assert reconstructions.dtype == np.uint8
    clipped = variant == "linear"  # pictures are kept as bytes, and a linear output may leave their range
    kept = metrics.mse(VALIDATION / 255, reconstructions / 255)
    assert (0.5 if clipped else 0.98) * numbers["val_mse"] < kept < 1.02 * numbers["val_mse"]
    train_codings = run.array("codings_train")
    assert train_codings.size <= 50_000
    np.testing.assert_allclose(
        train_codings[:50], inference.encode(run, datasets.load("digits").train[:50]), rtol=0.01, atol=0.01
    )


@pytest.mark.parametrize("variant", EXPORTED)
def test_what_is_saved_computes_the_same(variant: str, trained: Trained) -> None:
    """model.keras loads to the network that made the codings, and the ONNX halves agree with it."""
    run = trained(variant)
    x = datasets.as_float(VALIDATION[:40])
    model = keras.saving.load_model(run.folder / "model.keras")
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    codings = _codings(encoder(x)).numpy()
    np.testing.assert_allclose(codings, run.array("codings")[:40], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(inference.encode(run, x), codings, atol=1e-4)
    np.testing.assert_allclose(inference.decode(run, codings), model(x), atol=1e-4)
    for layer in run.metrics["layers"]:
        activations = inference.layer_activations(run, x, layer["name"])
        assert activations.shape == (40, *layer["shape"])
        half, inputs = (encoder, x) if layer["side"] == "encoder" else (decoder, codings)
        probe = keras.Model(half.input, half.get_layer(layer["name"].split(" · ")[0].replace(" ", "_")).output)
        np.testing.assert_allclose(activations, probe(inputs), atol=1e-4)


def _codings(encoded: object) -> object:
    """Codings: the means where they are an encoder's first output."""
    return encoded[0] if isinstance(encoded, list | tuple) else encoded


_BUILDS: dict[str, dict[str, object]] = {
    **{
        f"{hidden} and {coding}": {"activation": hidden, "coding_activation": coding}
        for hidden, coding in zip_longest(ACTIVATIONS[::2], ACTIVATIONS[1::2], fillvalue="tanh")
    },
    "recurrent gelu": {"architecture": "recurrent", "coding_activation": "gelu"},
    "normalised by batch, tied": {"normalization": "batch", "tied": True, "activation": "gelu"},
    "tied, three layers": {"tied": True, "hidden": (7, 5)},
    "loud noise before the codings": {"noise_on": "coding", "noise_rate": 15.0},
    "normalised by batch, convolutional": {"normalization": "batch", "architecture": "convolutional"},
    "feature maps": {"architecture": "convolutional", "bottleneck": "spatial", "noise_on": "coding", "noise_rate": 0.5},
    "recurrent variational": {"architecture": "recurrent", "coding": "variational"},
    "normalised by layer, strided": {
        "normalization": "layer",
        "architecture": "convolutional",
        "downsampling": "stride",
        "dense_hidden": (5,),
        "activation": "gelu",
    },
}


@pytest.mark.parametrize("changes", _BUILDS.values(), ids=_BUILDS)
def test_whatever_a_network_is_built_of_survives_the_export(changes: dict[str, object], tmp_path: Path) -> None:
    """Saved, loaded and in ONNX it computes the same."""
    x = np.random.default_rng(0).random((5, 8, 8)).astype(np.float32)
    model = Autoencoder(RunSpec(**{"hidden": (4,), "coding_size": 3, **changes}), (8, 8))
    model.set_weights([weight + 0.1 * np.random.default_rng(1).random(weight.shape) for weight in model.get_weights()])
    keras_file.write(model, tmp_path / "model.keras")
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "model.keras")(x), model(x), atol=1e-6)
    assert b"aecore" not in zipfile.ZipFile(tmp_path / "model.keras").read("config.json")
    for half, sample in (model.encoder, x), (model.decoder, model.encode(x).numpy()):
        save.export_half(half, tmp_path / "half.onnx")
        session = onnxruntime.InferenceSession(tmp_path / "half.onnx")
        found = session.run(None, {session.get_inputs()[0].name: sample})
        wanted = half(sample)
        for one, other in zip(found, wanted if isinstance(wanted, list) else [wanted], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("variant", presets.VARIANTS)
def test_snapshots_begin_untrained_and_end_with_the_result(variant: str, trained: Trained, fitted: Trained) -> None:
    run = trained(variant) if variant in COMPOSITIONS else fitted(variant)
    snapshots, width = run.snapshots(), run.metrics["coding_size"]
    assert not (run.folder / "snapshots").exists()
    assert 20 < len(snapshots["step"]) <= 60
    assert np.all(np.diff(snapshots["step"]) > 0)
    assert snapshots["step"][0] == 0
    assert snapshots["step"][-1] == -(-1437 // 64) * run.metrics["epochs"]
    assert snapshots["codings"].shape[1:] == (len(VALIDATION), min(width, 30))
    assert snapshots["reconstructions"].shape[1:] == (16, 8, 8)
    images = datasets.watched(len(VALIDATION), datasets.load("digits").validation_labels)[:16]
    np.testing.assert_array_equal(snapshots["reconstructions"][-1], run.reconstructions()[images])
    assert snapshots["val_loss"][-1] < snapshots["val_loss"][0]
    assert snapshots["val_loss"][-1] == pytest.approx(run.metrics["val_mse"], rel=1e-3)


def test_activation_statistics_start_with_the_codings(trained: Trained) -> None:
    run = trained("convolutional")
    arrays = run.arrays("activations")
    assert arrays["layers"].tolist() == ["codings", *(layer["name"] for layer in run.metrics["layers"])]
    assert arrays["counts_0"].sum() == run.array("codings").size
    assert arrays["means_1"].shape == (4,)
    assert len(arrays["edges_1"]) == len(arrays["counts_1"]) + 1


def test_a_variational_run_knows_its_divergence(trained: Trained) -> None:
    run = trained("variational")
    log_var = inference.log_variance(run, VALIDATION)
    expected = metrics.kl_per_dimension(run.array("codings"), log_var)
    np.testing.assert_allclose(run.metrics["kl_per_dimension"], expected, rtol=1e-3, atol=1e-4)
    assert run.metrics["penalty"] == pytest.approx(expected.sum() / 64, rel=1e-3)


def test_vectors_train_too(tmp_path: Path) -> None:
    spec = presets.get("geron-linear").spec.replace(epochs=2)
    run = Run(tmp_path / run_key(spec))
    training.train(spec, run.folder, lambda: False)
    assert run.state == "finished"
    assert (run.metrics["val_bce"], run.metrics["rounded_accuracy"]) == (None, None)
    assert run.reconstructions().dtype == np.float16


def test_the_same_spec_gives_the_same_codings_and_another_seed_does_not(tmp_path: Path) -> None:
    codings = []
    for number, seed in enumerate((1, 1, 2)):
        spec = small_spec("variational", seed=seed, noise_rate=0.1)
        run = Run(tmp_path / str(number) / run_key(spec))
        training.train(spec, run.folder, lambda: False)
        codings.append(np.array(run.array("codings")))
    np.testing.assert_array_equal(codings[0], codings[1])
    assert not np.allclose(codings[0], codings[2])


@pytest.mark.parametrize("variant", ["stacked", "layerwise"])
def test_a_stopped_run_is_whole_but_labelled(variant: str, tmp_path: Path) -> None:
    spec = small_spec(variant, epochs=500)
    run = Run(tmp_path / run_key(spec))
    training.train(spec, run.folder, lambda: len(run.history["epochs"]) >= 2)
    assert run.state == "stopped"
    assert sorted(FILES) == sorted(json.loads((run.folder / "STOPPED").read_text()))
    assert not (run.folder / "DONE").exists()
    assert run.status()["state"] == "stopped"
    assert 2 <= run.metrics["epochs"] < 500
    assert run.array("codings").shape == (len(VALIDATION), 6)


def test_stop_is_asked_within_the_first_epoch(tmp_path: Path) -> None:
    spec = small_spec("stacked", batch_size=1)
    run = Run(tmp_path / run_key(spec))
    training.train(spec, run.folder, lambda: True)
    assert run.state == "stopped"
    assert run.metrics["epochs"] == 0
    assert run.metrics["val_loss"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("variant", presets.VARIANTS)
def test_a_variants_default_ends_below_pca_or_says_why_not(variant: str, tmp_path: Path) -> None:
    run, preset = Run(tmp_path / "0123456789abcdef"), presets.get(variant)
    training.train(preset.spec, run.folder, lambda: False)
    assert run.metrics["val_mse"] < run.metrics["pca_mse"] or "PCA" in preset.description


def test_a_batch_larger_than_the_data_is_all_of_them(tmp_path: Path) -> None:
    run = Run(tmp_path / "0123456789abcdef")
    training.train(small_spec("stacked", batch_size=2000, normalization="batch", epochs=3), run.folder, lambda: False)
    assert run.state == "finished" and len(run.history["steps"]) == len(run.history["epochs"]) == 3
    assert run.metrics["train_loss"] < run.history["epochs"][0]["loss"]


def test_a_diverging_loss_says_when_and_what_to_change(tmp_path: Path) -> None:
    spec = small_spec("linear", optimizer="sgd", learning_rate=10.0, epochs=3)
    folder = tmp_path / run_key(spec)
    with pytest.raises(AecoreError, match=r"^the loss became (infinite|not a number) in epoch 1; .* rate than 10$"):
        training.train(spec, folder, lambda: False)
    assert Run(folder).state not in ("finished", "stopped")


def test_progress_is_visible_from_the_first_step(tmp_path: Path) -> None:
    spec = small_spec("stacked", epochs=2)
    run, seen = Run(tmp_path / run_key(spec)), []

    def look() -> bool:
        seen.append((run.status(), len(run.snapshots().get("step", ()))))
        return False

    training.train(spec, run.folder, look)
    status, snapshots = seen[0]
    assert (status["state"], status["epoch"], status["epochs"], status["batch"]) == ("running", 1, 2, 1)
    assert snapshots == 2
    assert {
        "message",
        "phase",
        "batches",
        "loss",
        "val_loss",
        "fraction",
        "eta",
        "started",
        "updated",
        "pca_mse",
    } <= set(status)
    fractions = [status["fraction"] for status, _ in seen]
    assert fractions == sorted(fractions)
    assert run.status()["fraction"] == 1


def test_what_pca_reaches_is_told_while_it_trains_and_not_before_the_first_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, seen, asked = small_spec("stacked", epochs=4), [], threading.Event()
    run, errors = Run(tmp_path / run_key(spec)), fit.pca_errors(spec.dataset)
    expected = metrics.pca_mse(errors, spec.coding_size)

    def known(dataset: str, leave_out: tuple[int, ...]) -> np.ndarray:
        asked.set()
        return errors

    def look() -> bool:
        status = run.status()
        seen.append((status["epoch"], status["pca_mse"], asked.is_set()))
        return status["epoch"] > 1 and not asked.wait(20)

    monkeypatch.setattr(fit, "pca_errors", known)
    training.train(spec, run.folder, look)
    assert not any(was_asked for epoch, _, was_asked in seen if epoch == 1)
    assert seen[-1] == (4, expected, True)

    asked.clear()
    monkeypatch.setattr(fit, "PCA_AFTER_SECONDS", 0.0)  # as where an epoch takes longer
    slow = Run(tmp_path / "slow")
    training.train(spec, slow.folder, lambda: asked.wait(20))
    assert (slow.state, slow.status()["epoch"], slow.metrics["pca_mse"]) == ("stopped", 1, expected)


def test_a_traced_loop_goes_through_in_order() -> None:
    import tensorflow as tf

    seen = tf.Variable([0.0, 0.0])

    def note(i: tf.Tensor) -> tf.Tensor:
        seen.assign(seen * 10 + tf.cast(i, tf.float32))
        return seen + 0.0

    loop = tf.function(lambda n: fit.one_by_one(note, n), autograph=False)
    assert loop(tf.constant(4)).numpy().tolist() == [[0, 0], [1, 1], [12, 12], [123, 123]]
    assert loop(tf.constant(0)).shape[0] == 0


def test_layer_by_layer_goes_through_its_phases(trained: Trained) -> None:
    history = trained("layerwise", epochs=2).history["epochs"]
    assert [row["phase"] for row in history] == [
        *["layer 1 of 3"] * 2,
        *["layer 2 of 3"] * 2,
        *["layer 3 of 3"] * 2,
        *["fine-tuning"] * 2,
    ]
    assert [row["epoch"] for row in history] == list(range(1, 9))


def test_phases_are_trained_as_printed() -> None:
    spec = presets.get("geron-layerwise").spec
    plan = fit.stages(training.fit.Autoencoder(spec, (28, 28)))
    assert [stage.settings for stage in plan] == [*spec.phases, Phase(10, "sgd", 0.1, "bce")]


def test_cross_entropy_of_unbounded_values_is_refused() -> None:
    with pytest.raises(SpecError, match="got 'bce', allowed: mse for layer 2, which selu reconstructs"):
        RunSpec(schedule="layerwise", phases=(Phase(1, "sgd", 0.1, "bce"),) * 2)


def test_history_has_the_loss_of_steps_and_of_epochs(trained: Trained) -> None:
    history = trained("stacked").history
    assert [row["step"] for row in history["steps"]] == list(range(1, 24))
    (row,) = history["epochs"]
    assert row["loss"] == pytest.approx(np.mean([step["loss"] for step in history["steps"]]), rel=1e-5)
