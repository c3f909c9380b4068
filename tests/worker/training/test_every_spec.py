"""Whatever a spec may say can be built, trained for a step, and taken apart for export."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tensorflow as tf
from hypothesis import HealthCheck, example, given, settings

from aecore import datasets
from aecore.datasets import as_float
from aecore.specs.run import RunSpec
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.fit import stages
from aecore.worker.training.objectives import make_optimizer
from aecore.worker.training.save import halves
from tests.strategies import run_specs

LOUD = RunSpec(
    dataset="plane-3d",
    hidden=(1, 5),
    activation="linear",
    coding="variational",
    coding_size=2,
    kl_weight=0.0,
    noise_rate=100.0,
    noise_on="coding",
    loss="mse",
)


@example(LOUD)
@example(LOUD.replace(kl_weight=1.0))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(run_specs(datasets_from=("digits", "plane-3d"), max_width=6, max_layers=2))
def test_every_valid_spec_builds_and_trains_one_step(spec: RunSpec) -> None:
    data = datasets.load(spec.dataset)
    x = as_float(data.train[:8])
    model = Autoencoder(spec, data.info.shape)
    for stage in stages(model):
        objective = stage.objective
        with tf.GradientTape() as tape:
            loss, _ = objective(tf.constant(x))
        gradients = tape.gradient(loss, objective.variables)
        assert np.isfinite(loss)
        # All may be zero (a single rectified unit can be dead), but nothing may be out of the loss's reach.
        assert all(gradient is not None for gradient in gradients)
        optimizer = make_optimizer(replace(stage.settings, learning_rate=1e-3), spec, 1)
        optimizer.apply(gradients, objective.variables)
        assert all(np.isfinite(variable).all() for variable in objective.variables)
    encoder, decoder = halves(model)
    codings = tf.nest.flatten(encoder(x))[0]
    assert tf.nest.flatten(decoder(codings))[0].shape == x.shape
