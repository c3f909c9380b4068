"""Adam and AdamW as Keras has them, each variable updated by one TensorFlow operation.

Keras writes an update as a dozen operations, each of which goes through the whole variable: for a network with wide
dense layers that is a sixth of a step on two cores. The numbers are the same but for rounding.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class _OneOperation:
    """`update_step` for optimizers that keep `_momentums` and `_velocities` (Kingma and Ba 2015, section 2)."""

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if self.amsgrad:  # TensorFlow's operation does not know it
            super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
            return
        index = self._get_variable_index(variable)
        m, v, betas = self._momentums[index], self._velocities[index], (self.beta_1, self.beta_2)
        adam_step(variable, m, v, gradient, learning_rate, self.iterations, betas, self.epsilon)


class Adam(_OneOperation, keras.optimizers.Adam):
    """`keras.optimizers.Adam`."""


class AdamW(_OneOperation, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW`."""


def adam_step(
    variable: Any, m: Any, v: Any, gradient: Any, rate: Any, done: Any, betas: tuple[float, float], epsilon: float
) -> None:
    """Update a variable and its two moments; `done` steps were taken before."""
    step = tf.cast(done + 1, tf.float32)
    tf.raw_ops.ResourceApplyAdam(
        var=_handle(variable),
        m=_handle(m),
        v=_handle(v),
        beta1_power=tf.pow(betas[0], step),
        beta2_power=tf.pow(betas[1], step),
        lr=tf.cast(rate, tf.float32),
        beta1=betas[0],
        beta2=betas[1],
        epsilon=epsilon,
        grad=gradient,
    )


def _handle(variable: Any) -> Any:
    """Of TensorFlow's variable, which Keras may have wrapped."""
    return (variable if isinstance(variable, tf.Variable) else variable.value).handle
