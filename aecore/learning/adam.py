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
        step = tf.cast(self.iterations + 1, tf.float32)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class Adam(_OneOperation, keras.optimizers.Adam):
    """`keras.optimizers.Adam`."""


class AdamW(_OneOperation, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW`."""


def _handle(variable: Any) -> Any:
    """Of TensorFlow's variable, which Keras may have wrapped."""
    return (variable if isinstance(variable, tf.Variable) else variable.value).handle
