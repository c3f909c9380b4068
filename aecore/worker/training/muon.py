"""Muon as Keras has it, for filters too, and in fewer operations."""

from __future__ import annotations

import re
from typing import Any

import keras
import tensorflow as tf

from aecore.worker.training.adam import adam_step

LONG = 1.5  # times as long as wide: from here on the small product is the cheaper one


class Muon(keras.optimizers.Muon):
    """`keras.optimizers.Muon`: matrices of weights move by their momentum with all its singular values made equal
    (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/), everything else and the output layer by Adam.

    The filters of a convolution count as a matrix here, all axes but the last one as its rows (Jordan flattens them,
    too); Keras's own leaves them to Adam.

    The Newton-Schulz steps of a matrix X that is much longer than wide are taken on the small product of X with itself:
    they only ever multiply X by polynomials of it, which can be gathered and applied once.
    """

    def __init__(self, learning_rate: Any, **more: Any) -> None:
        super().__init__(learning_rate, exclude_layers=["output"], **more)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        velocity = self.adam_velocities[index]
        if velocity is None:
            super().update_step(gradient, variable, learning_rate)
            return
        betas = self.adam_beta_1, self.adam_beta_2
        rate = learning_rate * self.adam_lr_ratio
        adam_step(variable, self.momentums[index], velocity, gradient, rate, self.iterations, betas, self.epsilon)

    def _should_use_adamw(self, variable: Any) -> bool:
        if len(variable.shape) != 4:
            return super()._should_use_adamw(variable)
        return any(re.search(name, variable.path) for name in self.exclude_layers)

    def _apply_weight_decay(self, variables: Any) -> None:
        rate = self.learning_rate  # Keras reckons it anew for every variable, and takes off nothing where that is 0
        for variable in variables:
            share = self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay
            if share and self._use_weight_decay(variable):
                variable.assign_sub(variable * (rate * share))

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        m.assign(self.momentum * m + gradient)
        ahead = gradient + self.momentum * m if self.nesterov else m.value
        flat = tf.reshape(ahead, (-1, variable.shape[-1]))
        moved = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(flat, self.ns_steps))
        variable.assign_sub(tf.reshape(moved, variable.shape))

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        rows, columns = x.shape
        if max(rows, columns) < LONG * min(rows, columns):
            return super().zeropower_via_newtonschulz5(x, steps)
        tall = rows > columns
        x = x / (tf.norm(x) + 1e-7)  # Keras's bound
        square = tf.matmul(x, x, transpose_a=tall, transpose_b=not tall)
        one = tf.eye(min(rows, columns))
        gathered = one
        for step in range(steps):
            factor = self.muon_a * one + self.muon_b * square + self.muon_c * (square @ square)
            gathered = factor if step == 0 else factor @ gathered
            if step < steps - 1:
                square = factor @ square @ factor
        return x @ gathered if tall else gathered @ x
