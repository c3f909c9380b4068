"""Regularization terms that `RunSpec.penalty` names, as functions (model, x, seed) -> scalar tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

Regularizer = Callable[[Any, Any, Any], Any]


def jacobian_norm(model: Any, x: Any, seed: Any) -> Any:
    """Squared Frobenius norm of the encoder's Jacobian at the samples (n, ...), mean over the batch.

    Rifai et al. 2011, equation 6, for any encoder: the norm is the mean of |J'v|² over normal vectors v, and one v per
    sample gives an unbiased estimate (Hutchinson 1990) with one backward pass.
    """
    with tf.GradientTape() as tape:
        tape.watch(x)
        codings = model.encode(x)
        projected = tf.reduce_sum(codings * keras.random.normal(tf.shape(codings), dtype=codings.dtype, seed=seed))
    slope = tape.gradient(projected, x)
    return tf.reduce_sum(tf.square(slope)) / tf.cast(tf.shape(x)[0], slope.dtype)


REGULARIZERS: dict[str, Regularizer] = {"contractive": jacobian_norm}
