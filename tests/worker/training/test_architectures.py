"""Networks have the printed number of parameters, and reproduce the shape of any data."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecore import datasets, presets
from aecore.specs.run import RunSpec
from aecore.worker.training.architectures import Autoencoder, hidden_layers, layer_title
from aecore.worker.training.layers import BatchNormalization

RECIPES = [name for name, preset in presets.PRESETS.items() if preset.parameters]


@pytest.mark.parametrize("name", RECIPES)
def test_a_printed_recipe_has_the_printed_number_of_parameters(name: str) -> None:
    preset = presets.get(name)
    model = Autoencoder(preset.spec, datasets.info(preset.spec.dataset).shape)
    assert model.count_params() == preset.parameters


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("geron-convolutional", (3, 3, 64)),
        ("hubens-convolutional", (4, 4, 8)),
        ("hubens-denoising-convolutional", (7, 7, 32)),
        ("geron-stacked", (30,)),
    ],
)
def test_codings_have_the_printed_shape(name: str, shape: tuple[int, ...]) -> None:
    preset = presets.get(name)
    assert Autoencoder(preset.spec, (28, 28)).coding_shape == shape


@pytest.mark.parametrize("shape", [(8, 8), (9, 13), (17, 8), (28, 28), (11, 10, 3)])
def test_convolutional_networks_give_back_any_image_size(shape: tuple[int, ...]) -> None:
    for bottleneck, downsampling, upsampling, hidden in itertools.product(
        ("dense", "spatial"), ("pool", "stride"), ("transposed", "nearest"), [(3,), (3, 2, 4)]
    ):
        spec = RunSpec(
            architecture="convolutional",
            bottleneck=bottleneck,
            downsampling=downsampling,
            upsampling=upsampling,
            hidden=hidden,
            dense_hidden=(7,),
            coding_size=5,
        )
        model = Autoencoder(spec, shape)
        assert model.decoder.output_shape == (None, *shape), (bottleneck, upsampling, hidden)
        assert model.encoder.output_shape == (None, np.prod(model.coding_shape))


@pytest.mark.parametrize("architecture", ["dense", "recurrent"])
@pytest.mark.parametrize("coding", ["plain", "variational"])
@pytest.mark.parametrize("shape", [(8, 5), (6, 4, 3)])
def test_other_networks_give_back_any_image_size(architecture: str, coding: str, shape: tuple[int, ...]) -> None:
    spec = RunSpec(architecture=architecture, coding=coding, hidden=(5, 4), decoder_hidden=(3,), coding_size=2)
    model = Autoencoder(spec, shape)
    y = model(np.zeros((7, *shape), np.float32))
    assert y.shape == (7, *shape)
    assert len(hidden_layers(model.decoder)) == 1


def test_tied_weights_halve_the_kernels() -> None:
    plain, tied = (Autoencoder(RunSpec(tied=tied), (28, 28)) for tied in (False, True))
    assert tied.count_params() == plain.count_params() - (784 * 100 + 100 * 30)


def test_a_tied_decoder_follows_its_encoder() -> None:
    model = Autoencoder(RunSpec(tied=True, hidden=(5,), coding_size=3), (4, 4))
    codings = np.ones((1, 3), np.float32)
    before = model.decoder(codings).numpy()
    kernel = model.encoder.get_layer("hidden_1").kernel
    kernel.assign(kernel + 1)
    assert not np.allclose(before, model.decoder(codings).numpy())


def test_hidden_layers_have_titles_of_their_own() -> None:
    spec = RunSpec(architecture="convolutional", hidden=(4, 6), coding_size=5)
    model = Autoencoder(spec, (8, 8))
    titles = [layer_title(layer) for half in (model.encoder, model.decoder) for layer in hidden_layers(half)]
    assert titles == [
        "hidden 1 · convolution 4",
        "hidden 2 · convolution 6",
        "hidden 3 · dense 24",
        "hidden 4 · transposed convolution 4",
    ]


def test_corruption_acts_while_training_only() -> None:
    x = np.full((50, 4, 4), 0.5, np.float32)
    for changes in ({"noise_rate": 0.5}, {"noise_rate": 20, "noise_on": "coding"}, {"coding": "variational"}):
        model = Autoencoder(RunSpec(hidden=(6,), coding_size=3, **changes), (4, 4))
        np.testing.assert_array_equal(model(x).numpy(), model(x).numpy())
        assert not np.allclose(model(x, training=True).numpy(), model(x, training=True).numpy())


def test_clipped_noise_stays_in_the_data_range() -> None:
    x = np.full((50, 4, 4), 0.5, np.float32)
    free, clipped = (
        Autoencoder(RunSpec(noise_rate=1.0, noise_clip=clip), (4, 4)).corrupted(x, 0).numpy() for clip in (False, True)
    )
    assert free.min() < 0
    assert clipped.min() == 0
    assert clipped.max() == 1


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    x = np.ones((500, 4, 4), np.float32)
    noisy = Autoencoder(RunSpec(noise="dropout", noise_rate=0.7), (4, 4)).corrupted(x, 0).numpy()
    assert np.mean(noisy == 0) == pytest.approx(0.7, abs=0.03)
    assert noisy.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("changes", [{}, {"tied": True}, {"architecture": "convolutional"}], ids=str)
def test_normalised_sums_have_mean_0_and_variance_1(normalization: str, changes: dict[str, Any]) -> None:
    x = 100 * np.random.default_rng(0).standard_normal((200, 8, 8)).astype(np.float32)  # Keras adds 0.001 to variances
    spec = RunSpec(hidden=(12,), coding_size=3, activation="linear", normalization=normalization, **changes)
    model = Autoencoder(spec, (8, 8))
    layer = model.encoder.get_layer("hidden_1")
    half = keras.Model(model.encoder.input, layer.output)
    sums = half(x, training=True).numpy().reshape(-1, 12)
    axis = 0 if normalization == "batch" else 1
    np.testing.assert_allclose(sums.mean(axis=axis), 0, atol=1e-3)
    np.testing.assert_allclose(sums.std(axis=axis), 1, atol=0.05)
    assert "12" in layer_title(layer)
    assert hidden_layers(model.decoder)[0].name == "hidden_2"


@pytest.mark.parametrize("changes", [{}, {"architecture": "convolutional", "hidden": (4,)}], ids=str)
def test_a_batch_of_one_sample_is_normalised_by_what_was_learned_before(changes: dict[str, Any]) -> None:
    model = Autoencoder(RunSpec(normalization="batch", **changes), (4, 4))
    random = np.random.default_rng(0)
    many, one = (random.normal(size=(n, 4, 4)).astype(np.float32) for n in (8, 1))
    model(many, training=True)
    before = model.get_weights()
    np.testing.assert_allclose(model(one, training=True), model(one), rtol=1e-5)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_allclose(now, then, rtol=1e-6)
    model(many[:2], training=True)
    assert not all(np.allclose(now, then, rtol=1e-6) for now, then in zip(model.get_weights(), before, strict=True))


@pytest.mark.parametrize("shape", [(6, 5), (6, 4, 3, 5)])
def test_batch_normalisation_is_kerass(shape: tuple[int, ...]) -> None:
    x, weights = np.random.default_rng(0).normal(2, 3, (2, *shape)).astype(np.float32)
    found = []
    for kind in (BatchNormalization, keras.layers.BatchNormalization):
        layer = kind(momentum=0.9, gamma_initializer=keras.initializers.RandomNormal(seed=1))
        layer.build((None, *shape[1:]))
        inputs = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs, training=True)
            loss = tf.reduce_sum(y * weights)
        gradients = tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value])
        found.append([y, *gradients, layer.moving_mean, layer.moving_variance, layer(inputs)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
