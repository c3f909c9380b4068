"""Adam and Muon in fewer operations: the numbers of Keras's own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecore.worker.training.adam import Adam, AdamW
from aecore.worker.training.muon import Muon

PAIRS = {Adam: keras.optimizers.Adam, AdamW: keras.optimizers.AdamW}
KERAS_MUON = keras.optimizers.Muon
STEPS = 30


def walked(optimizer: keras.optimizers.Optimizer) -> list[np.ndarray]:
    """A matrix and a vector after some steps down a bowl that is steeper one way than the other."""
    start, steep = np.random.default_rng(0).normal(size=(2, 7, 5)).astype(np.float32)
    variables = [keras.Variable(start), keras.Variable(start[0])]
    optimizer.build(variables)

    @tf.function
    def step() -> None:
        optimizer.apply([steep**2 * variables[0].value, variables[1].value - 1], variables)

    for _ in range(STEPS):
        step()
    return [variable.numpy() for variable in variables]


@pytest.mark.parametrize(
    "more", [{}, {"weight_decay": 0.1}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}, {"amsgrad": True}], ids=str
)
@pytest.mark.parametrize("ours", PAIRS)
def test_the_numbers_are_kerass(ours: Any, more: dict[str, Any]) -> None:
    found, expected = (walked(kind(0.05, clipnorm=3.0, **more)) for kind in (ours, PAIRS[ours]))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (7, 5), (1, 9)], ids=str)
def test_muon_takes_kerass_steps(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    ours, theirs = (kind(0.01).zeropower_via_newtonschulz5(tf.constant(matrix), 5) for kind in (Muon, KERAS_MUON))
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    values = np.linalg.svd(np.asarray(ours), compute_uv=False)
    assert 0.6 < values.min() <= values.max() < 1.3


DECAYS = {"weight_decay": 0.1, "adam_weight_decay": 0.2}


@pytest.mark.parametrize(
    "more", [{}, DECAYS, DECAYS | {"adam_weight_decay": None}, {"weight_decay": 0}, {"nesterov": False}], ids=str
)
def test_muon_moves_matrices_and_leaves_the_rest_to_adam_as_keras_does(more: dict[str, Any]) -> None:
    found, expected = (walked(kind(0.05, **more)) for kind in (Muon, KERAS_MUON))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=2e-3)


def test_muon_takes_filters_for_a_matrix() -> None:
    start, gradient = np.random.default_rng(2).normal(size=(2, 3, 3, 4, 5)).astype(np.float32)
    filters, matrix = keras.Variable(start), keras.Variable(start.reshape(36, 5))
    for variable, slope in ((filters, gradient), (matrix, gradient.reshape(36, 5))):
        muon = Muon(0.05)
        muon.build([variable])
        for _ in range(3):
            muon.apply([tf.constant(slope)], [variable])
    assert np.abs(filters.numpy() - start).max() > 0.05
    np.testing.assert_allclose(filters.numpy().reshape(36, 5), matrix.numpy(), atol=1e-5)


def test_muon_leaves_the_output_layer_to_adam() -> None:
    names = ("hidden_1", "output")
    layers = [keras.layers.Dense(4, name=name) for name in names]
    for layer in layers:
        layer.build((None, 5))
    muon = Muon(0.01)
    muon.build([layer.kernel for layer in layers])
    assert [velocity is None for velocity in muon.adam_velocities] == [True, False]


class Rising(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 0.01 * (tf.cast(step, tf.float32) + 1)


def test_a_learning_rate_that_changes_arrives() -> None:
    for one, other in zip(walked(Adam(Rising())), walked(keras.optimizers.Adam(Rising())), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)
    for one, other in zip(walked(Muon(Rising(), **DECAYS)), walked(KERAS_MUON(Rising(), **DECAYS)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=5e-3)
