"""Layers, activations and random operations that Keras lacks, or has only for a smaller range of values.

`LayerMaker` and `keras_model` make Keras's layers and models independent of the settings of the process.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf
from keras import ops

DTYPE = "float32"
_SEEDED = {"glorot_uniform": keras.initializers.GlorotUniform, "orthogonal": keras.initializers.Orthogonal}


class LayerMaker:
    """Makes layers for which everything is given that Keras would take from the process.

    Dtype and image data format would be those of `keras.json` and `keras.config`. The seeds of initializers would be
    drawn from Python's `random`; here they are the ones that Keras draws after `random.seed(seed)`.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def __call__(self, kind: Callable[..., keras.layers.Layer], *args: Any, **given: Any) -> keras.layers.Layer:
        """A layer of the class `kind`; the arguments are those of its constructor."""
        parameters = inspect.signature(kind).parameters
        given.setdefault("dtype", DTYPE)
        if "data_format" in parameters:
            given.setdefault("data_format", "channels_last")
        for name, parameter in parameters.items():  # in the order in which Keras draws seeds
            if name not in given and isinstance(parameter.default, str) and parameter.default in _SEEDED:
                given[name] = _SEEDED[parameter.default](seed=self._seed())
            elif name == "seed" and parameter.default is None:
                given.setdefault(name, self._seed())
        return kind(*args, **given)

    def _seed(self) -> int:
        return self._random.randint(1, 10**9)


def keras_model(inputs: Any, outputs: Any, name: str) -> keras.Model:
    """A functional model that computes in `DTYPE`, whatever the process's dtype policy."""
    model = keras.Model(inputs, outputs, name=name)
    model.dtype_policy = DTYPE
    return model


@keras.saving.register_keras_serializable("aecore")
def gelu(x: Any) -> Any:
    """x · Φ(x) (Hendrycks and Gimpel 2016), equal to Keras's, which is exported as an operator that ONNX lacks."""
    return 0.5 * x * (1 + ops.erf(x / math.sqrt(2)))


@keras.saving.register_keras_serializable("aecore")
def silu(x: Any) -> Any:
    """x · sigmoid(x) (Elfwing et al. 2017), equal to Keras's, whose custom gradient TensorFlow never frees."""
    return x * ops.sigmoid(x)


OWN_ACTIVATIONS = {"gelu": gelu, "silu": silu}


def activation(name: str) -> Any:
    """The `activation` argument of a Keras layer for that name."""
    return OWN_ACTIVATIONS.get(name, name)


def corrupt(x: Any, kind: str, rate: float, clip: bool, seed: Any) -> Any:
    """`x` with Gaussian noise of standard deviation `rate`, or with a share `rate` of its values dropped.

    Dropout scales the remaining values by 1 / (1 - rate), like `keras.layers.Dropout`. `seed` is an integer (the same
    noise in every call) or a `keras.random.SeedGenerator`.
    """
    if kind == "dropout":
        noisy = keras.random.dropout(x, rate, seed=seed)
    else:
        noisy = x + rate * keras.random.normal(ops.shape(x), dtype=x.dtype, seed=seed)
    return ops.clip(noisy, 0.0, 1.0) if clip else noisy


def sample(mean: Any, log_var: Any, seed: Any) -> Any:
    """A sample of N(mean, exp(log_var)), differentiable in both (reparametrisation, Kingma and Welling 2014)."""
    return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=seed)


@keras.saving.register_keras_serializable("aecore")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization (Ioffe and Szegedy 2015) over all axes but the last, with two differences from Keras's layer.

    A batch of one sample, possible at the end of an epoch, is normalized by the moving statistics and does not update
    them, since normalizing by its mean would make all its values 0. During training, feature maps (n, height, width,
    maps) are normalized by one fused TensorFlow operation.

    The class has the name of Keras's, since a saved model stores a layer's weights under the name of its class.
    """

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        if not training:
            return super().call(inputs, training=False)
        y, mean, variance = (self._feature_maps if inputs.shape.rank == 4 else self._vectors)(inputs)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1 - self.momentum))
        return y

    def _vectors(self, inputs: Any) -> tuple[Any, Any, Any]:
        """Normalized `inputs` (n, units) and the mean and variance (units,) that they were normalized by."""
        mean, variance = tf.nn.moments(inputs, axes=[0])
        one_sample = tf.shape(inputs)[0] == 1
        mean = tf.where(one_sample, self.moving_mean, mean)
        variance = tf.where(one_sample, self.moving_variance, variance)
        return tf.nn.batch_normalization(inputs, mean, variance, self.beta, self.gamma, self.epsilon), mean, variance

    def _feature_maps(self, inputs: Any) -> tuple[Any, Any, Any]:
        """Normalized `inputs` (n, height, width, maps), and their mean and variance (maps,)."""
        by_moving_statistics = partial(super().call, training=False)

        def one_sample() -> tuple[Any, Any, Any]:
            return by_moving_statistics(inputs), self.moving_mean, self.moving_variance

        def batch() -> tuple[Any, Any, Any]:
            y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
                inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
            )
            n = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
            return y, mean, variance * (n - 1) / n  # Keras's divides by n

        y, mean, variance = tf.cond(tf.shape(inputs)[0] == 1, one_sample, batch)
        y.set_shape(inputs.shape)
        return y, mean, variance


@keras.saving.register_keras_serializable("aecore")
class Corruption(keras.layers.Layer):
    """`corrupt` as a layer, active during training. `keras.layers.GaussianNoise` refuses deviations above 1."""

    def __init__(self, kind: str, rate: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.rate, self.seed = kind, rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool = False) -> Any:
        return corrupt(x, self.kind, self.rate, False, self.seed_generator) if training else x

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "rate": self.rate, "seed": self.seed}


class TiedDense(keras.layers.Layer):
    """A dense layer with the transposed kernel of another dense layer and a bias of its own.

    It cannot be serialised alone, because a layer inside a layer's configuration is restored without its weights; the
    model that owns both, `architectures.Autoencoder`, is saved instead.
    """

    def __init__(self, dense: keras.layers.Dense, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)
        self.units = dense.kernel.shape[0]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        return self.activation(ops.matmul(x, ops.transpose(self.dense.kernel)) + self.bias)
