"""Whatever a spec may say can be built, trained for a step, and taken apart for export."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import HealthCheck, given, settings

from aecore import datasets
from aecore.datasets import as_float
from aecore.learning.architectures import Autoencoder
from aecore.learning.export import halves
from aecore.learning.fit import stages
from aecore.learning.objectives import make_optimizer
from aecore.spec import RunSpec
from tests.strategies import run_specs


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(run_specs(datasets_from=("digits", "plane-3d"), max_width=6, max_layers=2))
def test_every_valid_spec_builds_and_trains_one_step(spec: RunSpec) -> None:
    data = datasets.load(spec.dataset)
    x = as_float(data.train[:8])
    model = Autoencoder(spec, data.info.shape)
    for stage in stages(model):
        objective = stage.objective
        before = [variable.numpy().copy() for variable in objective.variables]
        with tf.GradientTape() as tape:
            loss, _ = objective(tf.constant(x))
        optimizer = make_optimizer(stage.settings.optimizer, 1e-3)
        optimizer.apply(tape.gradient(loss, objective.variables), objective.variables)
        after = [variable.numpy() for variable in objective.variables]
        assert any(not np.array_equal(old, new) for old, new in zip(before, after, strict=True))
    encoder, decoder = halves(model)
    codings = tf.nest.flatten(encoder(x))[0]
    assert tf.nest.flatten(decoder(codings))[0].shape == x.shape
