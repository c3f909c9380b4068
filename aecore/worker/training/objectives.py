"""Training objectives (reconstruction error, KL divergence, penalties on the codings), learning rate and optimizer.

Called with a batch x (n, *shape) during training, an objective returns loss and squared error. `validate` returns the
same loss and the deterministic errors of the reconstruction of the clean x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aecore.specs.optimizers import arguments
from aecore.specs.run import SPARSITY_BATCH, Phase, RunSpec
from aecore.worker.training.adam import Adam, AdamW
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.layers import DTYPE
from aecore.worker.training.muon import Muon
from aecore.worker.training.regularizers import REGULARIZERS

EPSILON = 1e-7


def reconstruction_loss(kind: str, x: Any, y: Any) -> Any:
    """Mean over samples and features of the error of reconstructions y of x, both (n, ...).

    "bce": -x log y - (1 - x) log(1 - y), in nats; "mse": (x - y)².
    """
    return ops.mean(_cross_entropy(x, y) if kind == "bce" else ops.square(x - y))


def _cross_entropy(x: Any, y: Any) -> Any:
    """`ops.binary_crossentropy`, which clips by `keras.config.epsilon()`, with `EPSILON` in its place."""
    logits = getattr(y, "_keras_logits", None)  # what Keras computes from where y is a sigmoid layer's output
    if logits is not None:
        return ops.binary_crossentropy(x, logits, from_logits=True)
    y = ops.clip(y, EPSILON, 1 - EPSILON)
    return -(x * ops.log(y) + (1 - x) * ops.log(1 - y))


def kl_divergence(mean: Any, log_var: Any) -> Any:
    """KL(N(mean, exp(log_var)) || N(0, 1)) of codings (n, d) in nats: sum over the codings, mean over the batch.

    -1/2 Σ (1 + log σ² - σ² - μ²) with μ = mean and log σ² = log_var (Kingma and Welling 2014, appendix B).
    """
    return ops.mean(-0.5 * ops.sum(1 + log_var - ops.exp(log_var) - ops.square(mean), axis=-1))


def sparsity_penalty(spec: RunSpec, codings: Any) -> Any:
    """The weighted penalty `RunSpec.sparsity` of a batch of codings (n, d), a scalar; 0 if it is off.

    "l1", "l2": Σ |z| or Σ z² over the codings, mean over the batch. The other two compare the batch mean q of each
    coding with the target p: "mse" is Σ (q - p)², "kl" is Σ p log(p / q) + (1 - p) log((1 - p) / (1 - q)) (Ng 2011,
    Sparse autoencoder), both divided by 32.
    """
    if spec.sparsity_weight == 0:
        return 0.0
    if spec.sparsity == "l1":
        return spec.sparsity_weight * ops.mean(ops.sum(ops.abs(codings), axis=-1))
    if spec.sparsity == "l2":
        return spec.sparsity_weight * ops.mean(ops.sum(ops.square(codings), axis=-1))
    unit_means, target = ops.mean(codings, axis=0), spec.sparsity_target
    if spec.sparsity == "mse":
        return spec.sparsity_weight * ops.sum(ops.square(unit_means - target)) / SPARSITY_BATCH
    q = ops.clip(unit_means, EPSILON, 1 - EPSILON)
    divergences = target * ops.log(target / q) + (1 - target) * ops.log((1 - target) / (1 - q))
    return spec.sparsity_weight * ops.sum(divergences) / SPARSITY_BATCH


class Joint:
    """Objective of the whole autoencoder: reconstruction error of x from its noisy version, plus penalties."""

    def __init__(self, model: Autoencoder) -> None:
        self.model, self.spec = model, model.spec
        self.variables = model.trainable_variables

    def __call__(self, x: Any) -> tuple[Any, Any]:
        seeds = self.model.seeds
        y, codings, log_var = self.model.forward(x, training=True, noise=seeds, draw=seeds)
        loss = reconstruction_loss(self.spec.loss, x, y) + self._penalty(x, codings, log_var, seeds)
        return loss, reconstruction_loss("mse", x, y)

    def validate(self, x: Any, seed: Any) -> tuple[Any, Any, Any, Any]:
        """Training loss, the sum of its penalties and divergence, MSE and BCE, all scalars.

        The loss of a variational run uses one sample of each distribution (as Keras prints it) with `seed`, and noisy
        validation uses noise of `seed`; MSE and BCE are those of the mean and of the clean input.
        """
        clean, _, log_var = seen = self.model.forward(x)
        noisy = self.spec.noisy_validation
        if noisy or log_var is not None:
            seen = self.model.forward(x, noise=seed if noisy else None, draw=seed)
        y, codings, log_var = seen
        penalty = self._penalty(x, codings, log_var, seed)  # only once, since a second call would sample again
        loss = reconstruction_loss(self.spec.loss, x, y) + penalty
        return loss, penalty, reconstruction_loss("mse", x, clean), reconstruction_loss("bce", x, clean)

    def reconstruct(self, x: Any) -> Any:
        return self.model(x)

    def _penalty(self, x: Any, codings: Any, log_var: Any, seed: Any) -> Any:
        """Penalties on the codings plus the KL divergence per feature (the reconstruction error is per feature too)."""
        penalty = sparsity_penalty(self.spec, codings)
        if self.spec.penalty_weight:
            penalty += self.spec.penalty_weight * REGULARIZERS[self.spec.penalty](self.model, x, seed)
        if log_var is not None:
            features = ops.cast(ops.size(x) / ops.shape(x)[0], codings.dtype)
            penalty += self.spec.kl_weight * kl_divergence(codings, log_var) / features
        return penalty


class LayerPhase:
    """Objective of one pair of layers of a dense stack, an autoencoder of the activations of the layers before it.

    Greedy layer-wise training (Bengio et al. 2007). The pair belongs to the whole model, so nothing has to be assembled
    afterwards. Input noise is applied to the first pair, noise before the codings and the sparsity penalty to the last.
    """

    def __init__(self, model: Autoencoder, depth: int, loss: str) -> None:
        self.model, self.spec, self.depth, self.loss = model, model.spec, depth, loss
        self.pairs = model.layer_pairs()
        self.down, self.up = self.pairs[depth - 1]
        self.innermost = depth == len(self.pairs)
        self.variables = self.down.trainable_variables + self.up.trainable_variables

    def __call__(self, x: Any) -> tuple[Any, Any]:
        seeds = self.model.seeds
        inputs = self._features(self.model.corrupted(x, seeds) if self.depth == 1 else x)
        if self.innermost and self.spec.hashes:
            codings = self.down(self.model.encoder.get_layer("noise")(inputs, training=True))
        else:
            codings = self.down(inputs)
        return self._loss(self._features(x), codings), float("nan")  # a pair reconstructs features, not samples

    def validate(self, x: Any, seed: Any) -> tuple[Any, Any, Any, Any]:
        """Loss of the pair and its penalty; MSE and BCE of the input's reconstruction by all layers trained so far."""
        features, y = self._features(x), self.reconstruct(x)
        codings = self.down(features)  # (n, units)
        errors = reconstruction_loss("mse", x, y), reconstruction_loss("bce", x, y)
        return self._loss(features, codings), self._penalty(codings), *errors

    def reconstruct(self, x: Any) -> Any:
        y = self.down(self._features(x))
        for _, up in reversed(self.pairs[: self.depth]):
            y = up(y)
        return ops.reshape(y, (-1, *self.model.sample_shape))

    def _features(self, x: Any) -> Any:
        x = ops.reshape(x, (-1, self.pairs[0][1].units))
        for down, _ in self.pairs[: self.depth - 1]:
            x = down(x)
        return x

    def _loss(self, features: Any, codings: Any) -> Any:
        return reconstruction_loss(self.loss, features, self.up(codings)) + self._penalty(codings)

    def _penalty(self, codings: Any) -> Any:
        return sparsity_penalty(self.spec, codings) if self.innermost else 0.0


Objective = Joint | LayerPhase


class LearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """Schedule of `RunSpec.decay` and `warmup` over `steps` steps: a linear rise from 0 to `rate`, then constant or
    half a cosine down to 0 (Loshchilov and Hutter 2017, without restarts)."""

    def __init__(self, rate: float, steps: int, decay: str, warmup: float) -> None:
        super().__init__()
        self.rate, self.steps, self.decay, self.warmup = rate, steps, decay, warmup

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        # No step has rate 0: a step of the rise has the rate at its end, a step of the decay that at its beginning.
        factor = ops.minimum((step + 1) / (self.warmup * self.steps), 1.0) if self.warmup else 1.0
        if self.decay == "cosine":
            fallen = ops.maximum(step / self.steps - self.warmup, 0.0) / (1 - self.warmup)
            factor *= 0.5 * (1 + ops.cos(math.pi * fallen))
        return self.rate * factor

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps, "decay": self.decay, "warmup": self.warmup}


def make_optimizer(settings: Phase, spec: RunSpec, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a stage of `steps` steps, with Keras's defaults for arguments that `settings` lacks."""
    given = arguments(settings.optimizer_arguments)
    amsgrad = bool(given.get("amsgrad"))  # an argument that only Keras's Adam and AdamW have
    kinds = {
        "sgd": keras.optimizers.SGD,
        "adam": keras.optimizers.Adam if amsgrad else Adam,
        "adamw": keras.optimizers.AdamW if amsgrad else AdamW,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "adadelta": keras.optimizers.Adadelta,
        "muon": Muon,
    }
    if not amsgrad:
        given.pop("amsgrad", None)
    moving = spec.decay != "constant" or spec.warmup > 0
    rate = LearningRate(settings.learning_rate, steps, spec.decay, spec.warmup) if moving else None
    return kinds[settings.optimizer](learning_rate=rate or constant_rate(settings.learning_rate), **given)


def constant_rate(rate: float) -> Callable[[], keras.Variable]:
    """A learning rate for an optimizer in float32; Keras would store a number in `keras.config.floatx()`."""
    variable = keras.Variable(rate, dtype=DTYPE, trainable=False, name="learning_rate")
    return lambda: variable


def apply_gradients(optimizer: keras.optimizers.Optimizer, gradients: list[Any], variables: list[Any]) -> None:
    """`optimizer.apply(gradients, variables)` without the sum over replicas.

    The sum is a custom gradient, and TensorFlow keeps those of a traced function, with its graph, for as long as the
    process lives. Keras leaves the sum out in a cross-replica context, which `merge_call` enters.
    """
    context = tf.distribute.get_replica_context()
    if context is None:
        optimizer.apply(gradients, variables)
    else:
        context.merge_call(lambda strategy: optimizer.apply(gradients, variables))
