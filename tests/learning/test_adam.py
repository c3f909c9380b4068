"""Adam in one operation: the numbers of Keras's own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecore.learning.adam import Adam, AdamW

PAIRS = {Adam: keras.optimizers.Adam, AdamW: keras.optimizers.AdamW}
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


def test_a_learning_rate_that_changes_arrives() -> None:
    class Rising(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            return 0.01 * (tf.cast(step, tf.float32) + 1)

    for one, other in zip(walked(Adam(Rising())), walked(keras.optimizers.Adam(Rising())), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)
