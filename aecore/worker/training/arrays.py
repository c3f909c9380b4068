"""Training and application of a network on arrays in memory, without a run folder, for `aecore.estimator`.

The caller's process may have other Keras models, settings and random states, in other threads too: Keras's session is
not cleared, and no setting and no random state of the process is read or changed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from aecore.specs.run import RunSpec
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.batches import decode, encode
from aecore.worker.training.fit import chunks, require_finite, stages, stepper
from aecore.worker.training.objectives import make_optimizer

__all__ = ["build", "decode", "encode", "fit_arrays"]

CHUNK = 100  # steps in one TensorFlow call; more are faster, but Ctrl-C takes effect only between calls


def fit_arrays(
    spec: RunSpec, x: np.ndarray, report: Callable[[str], object] | None = None
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
            epoch_losses.append(float(np.mean(np.concatenate(losses), dtype=np.float64)))
            if report:
                name = f"{stage.name}, " if stage.name else ""
                report(f"{name}epoch {epoch} of {settings.epochs}: loss {epoch_losses[-1]:.4g}")
    return model, epoch_losses


def build(spec: RunSpec, shape: tuple[int, ...], weights: list[np.ndarray] | None = None) -> Autoencoder:
    """The network for samples of that shape, with the given weights or the initial ones of the spec's seed."""
    model = Autoencoder(spec, shape)
    if weights is not None:
        model.set_weights(weights)
    return model
