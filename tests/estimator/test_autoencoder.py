"""The scikit-learn face: its conventions, what data and parameters do to it, and that it travels."""

from __future__ import annotations

import gc
import pickle
import random
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from aecore import AecoreError, Autoencoder, RunSpec, datasets, presets

pytestmark = pytest.mark.usefixtures("eager")
ROOT = Path(__file__).resolve().parents[2]
SMALL: dict[str, Any] = {"hidden": (4,), "coding_size": 2, "optimizer": "sgd", "learning_rate": 0.01, "epochs": 1}
DIGITS = datasets.load("digits").train[:200].reshape(200, 64) / 255
UNIT = np.random.default_rng(0).random((20, 6))


def small(**changes: Any) -> Autoencoder:
    return Autoencoder(**{"random_state": 0, **SMALL, **changes})


@pytest.fixture
def traced(eager: None) -> None:
    """Steps are traced, as they are for everybody else."""
    tf.config.run_functions_eagerly(False)


# No check is expected to fail.
@parametrize_with_checks([Autoencoder(**SMALL)])
def test_scikit_learns_own_checks(estimator: Autoencoder, check: Callable[[Autoencoder], None]) -> None:
    check(estimator)


VECTORS = [name for name, preset in presets.VARIANTS.items() if preset.spec.architecture == "dense"]
WHERE_ROUNDINGS_COUNT = (
    estimator_checks.check_methods_subset_invariance,
    estimator_checks.check_methods_sample_order_invariance,
    estimator_checks.check_fit_idempotent,
)


@pytest.mark.parametrize("preset", VECTORS)
def test_scikit_learns_checks_of_equal_numbers_for_every_preset_of_vectors(preset: str) -> None:
    for check in WHERE_ROUNDINGS_COUNT:
        check("Autoencoder", Autoencoder(preset, epochs=1))


def test_importing_it_imports_no_tensorflow_and_the_package_alone_no_scikit_learn() -> None:
    program = """
import sys
import aecore
assert "sklearn" not in sys.modules
from aecore import Autoencoder
import pickle
pickle.loads(pickle.dumps(Autoencoder(preset="variational"))).get_params()
assert "sklearn" in sys.modules
assert not {"tensorflow", "keras", "aecore.worker.training"} & set(sys.modules)
try:
    aecore.Encoder
except AttributeError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, "module 'aecore' has no attribute 'Encoder'"), run.stderr


def test_parameters_arrive_in_the_spec_and_none_means_the_presets() -> None:
    changes = {
        "coding_size": 3,
        "hidden": (5, 4),
        "activation": "relu",
        "coding_activation": "sigmoid",
        "output_activation": "sigmoid",
        "loss": "mse",
        "noise": "dropout",
        "noise_rate": 0.1,
        "sparsity": "kl",
        "sparsity_weight": 0.01,
        "optimizer": "adam",
        "learning_rate": 0.004,
        "batch_size": 16,
        "epochs": 1,
    }
    assert set(changes) == set(Autoencoder().get_params()) - {"preset", "image_shape", "random_state", "verbose"}
    for preset in ("variational", RunSpec(kl_weight=0.5, coding="variational")):
        plain = {name: value for name, value in changes.items() if name not in ("sparsity", "coding_activation")}
        spec = Autoencoder(preset, **plain, random_state=7).fit(UNIT).spec_
        assert spec.coding == "variational"
        assert spec.kl_weight == (1.0 if preset == "variational" else 0.5)
        assert all(getattr(spec, name) == value for name, value in plain.items())
        assert spec.seed == 7
    spec = Autoencoder(**changes).fit(UNIT).spec_
    assert all(getattr(spec, name) == value for name, value in changes.items())


@pytest.mark.parametrize(
    ("x", "changes", "expected"),
    [
        (UNIT, {}, ("bce", "sigmoid")),
        (UNIT * 255, {}, ("mse", "linear")),
        (UNIT * 255, {"loss": "mse", "output_activation": "sigmoid"}, ("mse", "sigmoid")),
        (UNIT * 255, {"output_activation": "relu"}, ("mse", "relu")),
        (UNIT, {"output_activation": "linear"}, ("mse", "linear")),
        (UNIT, {"loss": "mse"}, ("mse", "sigmoid")),
        (UNIT - 1, {"preset": RunSpec(loss="mse", output_activation="tanh")}, ("mse", "tanh")),
        (UNIT * 2, {"preset": RunSpec(loss="mse", output_activation="tanh")}, ("mse", "linear")),
        (UNIT - 1, {"preset": "geron-layerwise"}, ("mse", "linear")),
    ],
)
def test_the_data_decide_loss_and_output_where_nobody_else_does(
    x: np.ndarray, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    spec = small(learning_rate=1e-5, **changes).fit(x).spec_
    assert (spec.loss, spec.output_activation) == expected


@pytest.mark.parametrize(
    ("x", "changes", "line"),
    [
        (UNIT * 3 - 1, {"loss": "bce"}, "loss: got 'bce' and values from -0.99.* to 1.99.*, allowed: X scaled to"),
        (UNIT, {"preset": "stackd"}, "preset: got 'stackd', allowed: stacked, "),
        (UNIT, {"coding_size": 0}, "coding_size: got 0, allowed: 1 to"),
        (UNIT, {"loss": "bce", "output_activation": "linear"}, "output_activation: got 'linear', allowed: sigmoid"),
        (UNIT, {"preset": "convolutional"}, r"image_shape: got None, allowed: \(height, width\)"),
        (UNIT, {"image_shape": (2, 2)}, r"image_shape: got \(2, 2\), allowed: .* whose product is 6"),
        (UNIT, {"image_shape": (-2, -3)}, "image_shape: got"),
        (UNIT, {"image_shape": "wide"}, "image_shape: got 'wide', allowed: whole numbers"),
        (UNIT, {"preset": "convolutional", "hidden": (4, 4), "image_shape": (2, 3)}, "hidden: got 2 .* at most 1"),
        (UNIT, {"random_state": -1}, "random_state: got -1, allowed: 0 to"),
        (UNIT * 1e30, {}, "the loss became infinite in epoch 1; try a smaller learning rate"),
    ],
)
def test_bad_input_gives_one_line(x: np.ndarray, changes: dict[str, Any], line: str) -> None:
    with pytest.raises(AecoreError, match=line) as refusal:
        small(**changes).fit(x)
    assert isinstance(refusal.value, ValueError)
    assert "\n" not in str(refusal.value)


def test_what_scikit_learn_refuses_it_refuses_in_its_words() -> None:
    with pytest.raises(ValueError, match="Input X contains NaN"):
        small().fit(np.where(UNIT > 0.9, np.nan, UNIT))
    with pytest.raises(ValueError, match="infinity or a value too large for dtype.*float32"):
        small().fit(np.where(UNIT > 0.9, np.inf, UNIT))
    with pytest.raises(TypeError, match="Sparse data was passed.* but dense data is required"):
        small().fit(sparse.csr_array(UNIT))
    fitted = small().fit(UNIT)
    with pytest.raises(ValueError, match="X has 5 features, but Autoencoder is expecting 6"):
        fitted.transform(UNIT[:, :5])
    with pytest.raises(AecoreError, match="X: got 3 codings a sample, allowed: 2"):
        fitted.inverse_transform(UNIT[:, :3])


@pytest.mark.parametrize(
    "x",
    [UNIT[:1], np.full((20, 6), 0.5), np.zeros((20, 6), np.uint8), UNIT[:, :1], [[0, 1], [1, 0]]],
    ids=["one sample", "constant", "integers, all zero", "one feature", "a list of integers"],
)
def test_small_and_dull_data_are_data(x: Any) -> None:
    fitted = small().fit(x)
    assert np.isfinite(fitted.transform(x)).all()
    assert np.isfinite(fitted.score(x))


def test_integers_are_taken_as_they_are() -> None:
    pixels = (UNIT * 255).astype(np.uint8)
    as_bytes, as_floats = (small(learning_rate=1e-5).fit(x) for x in (pixels, pixels.astype(float)))
    np.testing.assert_array_equal(as_bytes.transform(pixels), as_floats.transform(pixels.astype(float)))


@pytest.mark.usefixtures("traced")
def test_the_score_is_the_negative_error_of_the_reconstruction_and_training_raises_it() -> None:
    short, long = (small(preset="linear", epochs=epochs, learning_rate=0.5).fit(DIGITS) for epochs in (1, 100))
    reconstructions = long.inverse_transform(long.transform(DIGITS))
    assert long.score(DIGITS) == pytest.approx(-np.mean((DIGITS - reconstructions) ** 2), rel=1e-5)
    assert short.score(DIGITS) < long.score(DIGITS) < 0
    assert len(long.loss_curve_) == 100
    assert long.loss_curve_[-1] == pytest.approx(-long.score(DIGITS), rel=0.05)  # linear: trained with mse


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(("preset", "codings"), [("convolutional", 2), ("denoising-convolutional", 16)])
def test_rows_are_images_where_a_shape_is_given(preset: str, codings: int) -> None:
    fitted = small(preset=preset, image_shape=(8, 8), hidden=(4, 4)).fit(DIGITS)
    assert fitted.sample_shape_ == (8, 8)
    assert fitted.transform(DIGITS).shape == (200, codings) == (200, len(fitted.get_feature_names_out()))
    assert fitted.inverse_transform(fitted.transform(DIGITS)).shape == DIGITS.shape


def test_noise_is_clipped_to_the_unit_range_only_where_the_data_lie_in_it() -> None:
    images = {"preset": "denoising-convolutional", "image_shape": (8, 8), "hidden": (4, 4), "learning_rate": 1e-5}
    assert small(**images).fit(DIGITS).spec_.noise_clip
    for x in (255 * DIGITS, DIGITS - 1):
        spec = small(**images).fit(x).spec_
        assert (spec.noise_clip, spec.noise_rate) == (False, presets.get("denoising-convolutional").spec.noise_rate)


def test_parameters_may_be_numpys_numbers() -> None:
    plain = small(hidden=(4, 3), coding_size=2, noise_rate=0.1, learning_rate=0.01, random_state=5).fit(UNIT)
    other = small(
        hidden=np.array([4, 3], np.uint8),
        coding_size=np.float32(2),
        noise_rate=np.float32(0.1),
        learning_rate=np.array(0.01),
        epochs=np.int64(1),
        random_state=np.uint8(5),
        image_shape=None,
    ).fit(UNIT)
    assert other.spec_ == plain.spec_ and other.spec_.canonical_json() == plain.spec_.canonical_json()
    images = small(preset="convolutional", hidden=(4, 4), image_shape=np.array([8, 8])).fit(DIGITS)
    assert images.sample_shape_ == (8, 8)
    assert small(hidden=np.int64(8)).fit(UNIT).spec_.hidden == (8,)


@pytest.mark.parametrize("value", [-1, 2**31, 2**32 - 1, np.uint32(2**32 - 1), True, 0.5, np.float32(4.7), "many"])
def test_a_seed_out_of_range_is_refused_by_the_parameters_own_name(value: Any) -> None:
    line = "random_state: got .*, allowed: .*0 to 2,147,483,647, a RandomState instance or None"
    with pytest.raises(AecoreError, match=line):
        small(random_state=value).fit(UNIT)


def test_random_state_makes_fits_equal_and_leaves_other_streams_alone() -> None:
    streams = random.getstate(), np.random.get_state()[1].tolist()
    first, again, other = (small(random_state=seed).fit(UNIT).transform(UNIT) for seed in (1, 1, 2))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == streams
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    generator = np.random.RandomState(1)
    drawn = [small(random_state=generator).fit(UNIT).spec_.seed for _ in range(2)]
    assert drawn[0] != drawn[1]
    assert drawn[0] == small(random_state=np.random.RandomState(1)).fit(UNIT).spec_.seed


@pytest.mark.parametrize("preset", ["tied", "variational"])
def test_a_pickle_holds_arrays_and_gives_equal_numbers(preset: str) -> None:
    fitted = small(preset=preset).fit(UNIT)
    written = pickle.dumps(fitted)
    assert b"keras" not in written and b"tensorflow" not in written
    copy = pickle.loads(written)
    np.testing.assert_array_equal(copy.transform(UNIT), fitted.transform(UNIT))
    assert copy.score(UNIT) == fitted.score(UNIT)
    assert not hasattr(clone(copy), "weights_")


@pytest.mark.usefixtures("traced")
def test_a_fit_leaves_no_graph_and_a_deleted_estimator_no_network() -> None:
    def left() -> int:
        gc.collect()
        return sum(isinstance(item, tf.Graph) for item in gc.get_objects())

    for preset in ("stacked", "layerwise"):
        small(preset=preset).fit(UNIT)
        before = left()
        estimator = small(preset=preset).fit(UNIT)
        networks = [weakref.ref(estimator._network)]
        networks.append(weakref.ref(estimator.fit(UNIT)._network))
        clone(estimator), pickle.loads(pickle.dumps(estimator))
        gc.collect()
        assert [network() is None for network in networks] == [True, False]
        del estimator
        assert left() == before
        assert networks[1]() is None


def test_verbose_prints_a_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    small(preset="layerwise", verbose=True).fit(UNIT)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": loss ")[0] for line in lines] == [
        "layer 1 of 2, epoch 1 of 1",
        "layer 2 of 2, epoch 1 of 1",
        "fine-tuning, epoch 1 of 1",
    ]


def test_pipeline_and_grid_search_in_two_processes() -> None:
    pipeline = make_pipeline(MinMaxScaler(clip=True), small(preset="linear", learning_rate=0.5, epochs=20))
    search = GridSearchCV(pipeline, {"autoencoder__coding_size": [1, 8]}, cv=2, n_jobs=2, error_score="raise")
    search.fit(DIGITS)
    assert search.best_params_ == {"autoencoder__coding_size": 8}
    assert search.best_score_ == pytest.approx(search.cv_results_["mean_test_score"].max())
    assert search.transform(DIGITS).shape == (200, 8)
    names = clone(pipeline).set_output(transform="pandas").fit_transform(DIGITS).columns
    assert list(names) == ["autoencoder0", "autoencoder1"]


@pytest.mark.usefixtures("traced")
def test_standardised_measurements_work_with_the_defaults() -> None:
    x = StandardScaler().fit_transform(DIGITS)
    fitted = Autoencoder(coding_size=10, epochs=5, random_state=0).fit(x)
    assert fitted.score(x) > -0.6 * np.var(x)
