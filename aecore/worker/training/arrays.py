"""Training and application of a network on arrays in memory, without a run folder, for `aecore.estimator`.

The caller's process may have other Keras models and random states: Keras's session is not cleared, and the state of
Python's `random` is restored after seeding.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from aecore.specs.run import RunSpec
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.fit import chunks, require_finite, stages, stepper
from aecore.worker.training.objectives import make_optimizer

CHUNK = 100  # steps in one TensorFlow call; more are faster, but Ctrl-C takes effect only between calls
BATCH = 512  # samples encoded or decoded at once, which bounds the memory of wide convolutional layers
ROWS = 32  # a multiple of the rows that a matrix product computes together

_python_random = threading.Lock()


def fit_arrays(
    spec: RunSpec, x: np.ndarray, report: Callable[[str], object] = lambda line: None
) -> tuple[Autoencoder, list[float]]:
    """Train `spec` on the samples `x` (n, *shape) float32, ignoring its data set and validation settings.

    Returns the model and the mean training loss of every epoch in all stages of the schedule, equal to those of
    `aecore.worker.training.train` for the same samples. `report` is called with one line per epoch. Raises
    `AecoreError` when the loss is no longer finite.
    """
    model = build(spec, x.shape[1:])
    samples, order = tf.constant(x), np.random.default_rng(spec.seed)
    batches_an_epoch = -(-len(x) // spec.batch_size)
    epoch_losses: list[float] = []
    for stage in stages(model):
        settings = stage.settings
        optimizer = make_optimizer(settings, spec, settings.epochs * batches_an_epoch)
        optimizer.build(stage.objective.variables)
        run_steps = stepper(stage.objective, optimizer, samples)
        for epoch in range(1, settings.epochs + 1):
            losses = []
            for batches in chunks(order.permutation(len(x)).astype(np.int32), spec.batch_size, CHUNK):
                losses.append(run_steps(batches).numpy()[:, 0])
                require_finite(losses[-1], len(epoch_losses) + 1, settings.learning_rate)
            epoch_losses.append(float(np.mean(np.concatenate(losses))))
            name = f"{stage.name}, " if stage.name else ""
            report(f"{name}epoch {epoch} of {settings.epochs}: loss {epoch_losses[-1]:.4g}")
    return model, epoch_losses


def build(spec: RunSpec, shape: tuple[int, ...], weights: list[np.ndarray] | None = None) -> Autoencoder:
    """The network for samples of that shape, with the given weights or the initial ones of the spec's seed.

    Keras draws the seeds of initializers from Python's `random`, whose state is set under a lock and restored.
    """
    with _python_random:
        state = random.getstate()
        random.seed(spec.seed)
        try:
            model = Autoencoder(spec, shape)
        finally:
            random.setstate(state)
    if weights is not None:
        model.set_weights(weights)
    return model


def encode(model: Autoencoder, x: np.ndarray) -> np.ndarray:
    """Codings (n, d) float32 of samples (n, *shape) float32; the means of a variational encoder."""
    return _in_parts(model.encode, x)


def decode(model: Autoencoder, codings: np.ndarray) -> np.ndarray:
    """Reconstructions (n, *shape) float32 of codings (n, d) float32."""
    return _in_parts(model.decoder, codings)


def _in_parts(network: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """The outputs for all rows of `x`, which do not depend on where a row stands or on how many others there are.

    Matrix products compute the last rows of a batch by other instructions, which round differently, so each batch is
    filled up with zeros to a multiple of `ROWS`.
    """
    outputs = []
    for start in range(0, len(x), BATCH):
        part = x[start : start + BATCH]
        padding = np.zeros((-len(part) % ROWS, *part.shape[1:]), part.dtype)
        outputs.append(network(np.concatenate([part, padding])).numpy()[: len(part)])
    return np.concatenate(outputs)
