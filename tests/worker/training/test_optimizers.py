"""Adam and Muon on Keras's public interface: the numbers of Keras's own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecore.specs.run import Phase, RunSpec
from aecore.worker.training.adam import Adam, AdamW
from aecore.worker.training.muon import Muon, orthogonalized
from aecore.worker.training.objectives import make_optimizer

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


@pytest.mark.parametrize("more", [{}, {"weight_decay": 0.1}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}], ids=str)
@pytest.mark.parametrize("ours", PAIRS)
def test_adam_takes_kerass_steps(ours: Any, more: dict[str, Any]) -> None:
    weights, expected = (walked(kind(0.05, clipnorm=3.0, **more)) for kind in (ours, PAIRS[ours]))
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_amsgrad_is_kerass_own(name: str) -> None:
    kinds = {
        value: type(make_optimizer(Phase(1, name, 0.1, "mse", f"amsgrad={value}"), RunSpec(), 1)) for value in (0, 1)
    }
    assert kinds == {0: {"adam": Adam, "adamw": AdamW}[name], 1: PAIRS[kinds[0]]}


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (7, 5), (1, 9), (8, 8)], ids=str)
def test_orthogonalized_keeps_the_singular_vectors_and_makes_the_values_1(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    result = orthogonalized(tf.constant(matrix)).numpy()
    np.testing.assert_allclose(result, KERAS_MUON(0.01).zeropower_via_newtonschulz5(tf.constant(matrix), 5), atol=2e-3)
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    values = left.T @ result @ right.T
    assert 0.6 < np.diag(values).min() <= np.diag(values).max() < 1.3
    np.testing.assert_allclose(values - np.diag(np.diag(values)), 0, atol=2e-3)


DECAYS = {"weight_decay": 0.1, "adam_weight_decay": 0.2}


@pytest.mark.parametrize(
    "more",
    [{}, DECAYS, DECAYS | {"adam_weight_decay": None}, {"weight_decay": 0.0}, {"nesterov": False}, {"clipnorm": 0.5}],
    ids=str,
)
def test_muon_moves_matrices_and_leaves_the_rest_to_adam_as_keras_does(more: dict[str, Any]) -> None:
    weights, expected = (walked(kind(0.05, **more)) for kind in (Muon, KERAS_MUON))
    for one, other in zip(weights, expected, strict=True):
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
    steps = {}
    for name in ("hidden_1", "output"):
        layer = keras.layers.Dense(4, name=name)
        layer.build((None, 5))
        before = layer.kernel.numpy()
        Muon(0.01, weight_decay=None, adam_weight_decay=None).apply([tf.random.normal((5, 4), seed=1)], [layer.kernel])
        steps[name] = np.abs(layer.kernel.numpy() - before)
    np.testing.assert_allclose(steps["output"], 0.01, rtol=1e-2)  # Adam's first step is the learning rate everywhere
    assert np.ptp(steps["hidden_1"]) > 1e-3


@pytest.mark.parametrize(
    "optimizer", [Adam(0.1, beta_1=0.8), AdamW(0.1, weight_decay=0.3), Muon(0.1, momentum=0.9, **DECAYS)]
)
def test_a_configuration_gives_the_same_optimizer(optimizer: keras.optimizers.Optimizer) -> None:
    copy = type(optimizer).from_config(optimizer.get_config())
    for one, other in zip(walked(copy), walked(optimizer), strict=True):
        np.testing.assert_array_equal(one, other)


class Rising(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 0.01 * (tf.cast(step, tf.float32) + 1)


def test_a_learning_rate_that_changes_arrives() -> None:
    for one, other in zip(walked(Adam(Rising())), walked(keras.optimizers.Adam(Rising())), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)
    for one, other in zip(walked(Muon(Rising(), **DECAYS)), walked(KERAS_MUON(Rising(), **DECAYS)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=5e-3)
