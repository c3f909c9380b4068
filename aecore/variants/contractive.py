from __future__ import annotations

from typing import Any

from aecore.penalties import penalty
from aecore.variants.base import variant


@penalty("contractive")
def jacobian_norm(model: Any, x: Any, seed: Any) -> Any:
    """Squared Frobenius norm of the encoder's Jacobian at the samples (n, ...), mean over the batch.

    Rifai et al. 2011, equation 6, for any encoder: the norm is the mean of |J'v|² over normal vectors v, and one v a
    sample is an unbiased estimate of it (Hutchinson 1990) at the price of one backward pass.
    """
    import keras
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        codings = model.encode(x)
        projected = tf.reduce_sum(codings * keras.random.normal(tf.shape(codings), seed=seed))
    slope = tape.gradient(projected, x)
    return tf.reduce_sum(tf.square(slope)) / tf.cast(tf.shape(x)[0], slope.dtype)


VARIANT = variant(
    "contractive",
    "Pays for every direction in which a small change of the image moves its codings, so only directions that the data "
    "need stay sensitive. Turn the weight up and see the codings calm down. After Rifai et al. (2011).",
    mark=lambda spec: spec.penalty == "contractive",
    word="contractive",
    penalty="contractive",
    penalty_weight=1e-4,
)
