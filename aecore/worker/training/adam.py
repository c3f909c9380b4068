"""Adam and AdamW with the results of Keras's, but one TensorFlow operation per variable.

`tests/bench/optimizers.py` measures the time that this saves for wide dense layers.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class Adam(keras.optimizers.Optimizer):
    """Adam (Kingma and Ba 2015, the efficient form at the end of section 2); parameters as `keras.optimizers.Adam`.

    `amsgrad` is missing, because the TensorFlow operation lacks it.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **more: Any,
    ) -> None:
        super().__init__(learning_rate, **more)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables: list[Any]) -> None:
        """Create the first and second moment of each variable, both 0."""
        if self.built:
            return
        super().build(variables)
        self.moments: dict[int, list[Any]] = {}
        for variable in variables:
            moments = [self.add_variable_from_reference(variable, name=name) for name in ("momentum", "velocity")]
            self.moments[id(variable.value)] = moments

    def update_step(self, gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
        """Update `variable`, the TensorFlow variable inside Keras's, by one step."""
        m, v = self.moments[id(variable)]
        t = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=m.value.handle,
            v=v.value.handle,
            beta1_power=tf.pow(self.beta_1, t),
            beta2_power=tf.pow(self.beta_2, t),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); parameters as `keras.optimizers.AdamW`."""

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, **more: Any) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **more)
