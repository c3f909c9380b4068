"""Losses and penalties against NumPy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecore.analysis import metrics
from aecore.specs.optimizers import ARGUMENTS, OPTIMIZERS
from aecore.specs.run import Phase, RunSpec
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.objectives import (
    Joint,
    LayerPhase,
    kl_divergence,
    make_optimizer,
    reconstruction_loss,
    sparsity_penalty,
)
from aecore.worker.training.regularizers import REGULARIZERS

RNG = np.random.default_rng(0)
X = RNG.random((20, 4, 4)).astype(np.float32)
Y = RNG.random((20, 4, 4)).astype(np.float32)
CODINGS = RNG.random((20, 5)).astype(np.float32)


def test_reconstruction_losses_are_means_over_features() -> None:
    assert float(reconstruction_loss("mse", X, Y)) == pytest.approx(metrics.mse(X, Y), rel=1e-5)
    assert float(reconstruction_loss("bce", X, Y)) == pytest.approx(metrics.bce(X, Y), rel=1e-5)


def test_divergence_is_summed_over_codings_and_averaged_over_the_batch() -> None:
    log_var = CODINGS - 0.5
    expected = metrics.kl_per_dimension(CODINGS, log_var).sum()
    assert float(kl_divergence(CODINGS, log_var)) == pytest.approx(expected, rel=1e-5)


def _kl(target: float, q: np.ndarray) -> np.ndarray:
    return target * np.log(target / q) + (1 - target) * np.log((1 - target) / (1 - q))


MEANS = CODINGS.mean(axis=0)


@pytest.mark.parametrize(
    ("sparsity", "expected"),
    [
        ("l1", np.abs(CODINGS).sum(axis=1).mean()),
        ("l2", (CODINGS**2).sum(axis=1).mean()),
        ("kl", _kl(0.2, MEANS).sum() / 32),
        ("mse", ((MEANS - 0.2) ** 2).sum() / 32),
    ],
)
def test_penalties_mean_what_the_spec_says(sparsity: str, expected: float) -> None:
    spec = RunSpec(sparsity=sparsity, sparsity_weight=3.0, sparsity_target=0.2, coding_activation="sigmoid")
    assert float(sparsity_penalty(spec, CODINGS)) == pytest.approx(3 * expected, rel=1e-4)


def test_kl_penalty_is_finite_for_dead_and_for_saturated_units() -> None:
    spec = RunSpec(sparsity="kl", sparsity_weight=1.0, coding_activation="sigmoid")
    assert np.isfinite(float(sparsity_penalty(spec, np.array([[0.0, 1.0]], np.float32))))


def test_the_variational_loss_is_reconstruction_plus_divergence_over_features() -> None:
    spec = RunSpec(coding="variational", hidden=(6,), coding_size=3, kl_weight=2.0)
    model = Autoencoder(spec, (4, 4))
    objective = Joint(model)
    y, mean, log_var = model.forward(X, draw=7)
    loss, penalty, clean_mse, clean_bce = objective.validate(X, 7)
    divergence = 2 * metrics.kl_per_dimension(mean.numpy(), log_var.numpy()).sum() / 16
    assert float(penalty) == pytest.approx(divergence, rel=1e-4)
    assert float(loss) == pytest.approx(metrics.bce(X, y.numpy()) + divergence, rel=1e-4)
    assert float(clean_mse) == pytest.approx(metrics.mse(X, model(X).numpy()), rel=1e-4)
    assert float(clean_bce) == pytest.approx(metrics.bce(X, model(X).numpy()), rel=1e-4)


def test_noisy_validation_enters_the_loss_but_not_the_pure_errors() -> None:
    for noisy in (False, True):
        model = Autoencoder(RunSpec(noise_rate=0.8, noisy_validation=noisy), (4, 4))
        loss, _, _, clean = (float(value) for value in Joint(model).validate(X, 1))
        assert (loss == pytest.approx(clean, rel=1e-6)) is not noisy


def test_a_layer_phase_owns_its_pair_only() -> None:
    model = Autoencoder(RunSpec(schedule="layerwise", hidden=(6, 5), coding_size=3), (4, 4))
    first, last = LayerPhase(model, 1, "bce"), LayerPhase(model, 3, "mse")
    assert [v.shape for v in first.variables] == [(16, 6), (6,), (6, 16), (16,)]
    assert [v.shape for v in last.variables] == [(5, 3), (3,), (3, 5), (5,)]
    assert first.reconstruct(X).shape == X.shape
    np.testing.assert_allclose(last.reconstruct(X), model(X), rtol=1e-5)


def test_a_deeper_layer_reproduces_what_the_one_before_it_makes() -> None:
    model = Autoencoder(RunSpec(schedule="layerwise", hidden=(6,), coding_size=3), (4, 4))
    (outer, _), (down, up) = model.layer_pairs()
    features = outer(X.reshape(20, 16))
    expected = np.mean(np.square(features - up(down(features))))
    loss, _ = LayerPhase(model, 2, "mse")(X)
    assert float(loss) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_the_spec_exists(name: str) -> None:
    optimizer = make_optimizer(Phase(1, name, 0.25, "mse"), RunSpec(), 10)
    assert float(optimizer.learning_rate) == 0.25
    assert type(optimizer).__name__.lower() == name


@pytest.mark.parametrize(("name", "argument"), [(name, one) for name, all_of in ARGUMENTS.items() for one in all_of])
def test_every_optimizer_argument_arrives(name: str, argument: str) -> None:
    value = 1 if argument in ("nesterov", "amsgrad", "centered") else 0.75
    optimizer = make_optimizer(Phase(1, name, 0.25, "mse", f"{argument}={value} clipnorm=3"), RunSpec(), 10)
    assert getattr(optimizer, argument) == value
    assert optimizer.clipnorm == 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"decay": "cosine"}, {0: 1.0, 5: 0.5, 9: 0.02}),
        ({"warmup": 0.5}, {0: 0.2, 2: 0.6, 4: 1.0, 9: 1.0}),
        ({"decay": "cosine", "warmup": 0.5}, {0: 0.2, 4: 1.0, 6: 0.9, 9: 0.1}),
    ],
    ids=str,
)
def test_the_learning_rate_rises_and_falls_as_asked(changes: dict[str, Any], expected: dict[int, float]) -> None:
    optimizer = make_optimizer(Phase(1, "sgd", 2.0, "mse"), RunSpec(**changes), 10)
    rates = {}
    variable = keras.Variable(0.0)
    optimizer.build([variable])
    for step in range(10):
        before = float(variable.value)
        optimizer.apply([np.float32(1.0)], [variable])
        rates[step] = (before - float(variable.value)) / 2.0
    assert {step: rates[step] for step in expected} == pytest.approx(expected, abs=0.01)


def test_the_contractive_penalty_is_the_norm_of_the_jacobian() -> None:
    """Its mean over many draws against the Jacobian by finite steps."""
    model = Autoencoder(RunSpec(hidden=(6,), coding_size=3, activation="tanh"), (4, 4))
    x, step = X[:2].astype(np.float64), 1e-2
    rows = []
    for i in range(16):
        direction = np.zeros(16)
        direction[i] = step
        direction = direction.reshape(4, 4)
        up, down = (np.asarray(model.encode((x + sign * direction).astype(np.float32))) for sign in (1, -1))
        rows.append((up - down) / (2 * step))
    expected = np.square(np.stack(rows)).sum(axis=(0, 2)).mean()
    seeds = keras.random.SeedGenerator(0)
    drawn = [float(REGULARIZERS["contractive"](model, tf.constant(X[:2]), seeds)) for _ in range(400)]
    assert np.mean(drawn) == pytest.approx(expected, rel=0.15)


def test_the_penalty_of_a_variant_enters_the_loss() -> None:
    losses = {}
    for weight in (0.0, 2.0):
        model = Autoencoder(RunSpec(hidden=(6,), coding_size=3, penalty="contractive", penalty_weight=weight), (4, 4))
        model.set_weights([np.full(w.shape, 0.1, np.float32) for w in model.get_weights()])
        losses[weight] = [float(value) for value in Joint(model).validate(tf.constant(X), 3)]
    assert losses[0.0][1] == 0
    assert losses[2.0][1] == pytest.approx(losses[2.0][0] - losses[0.0][0], rel=1e-3)
    assert losses[2.0][2:] == pytest.approx(losses[0.0][2:])


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty": "contractive", "penalty_weight": 2.0},
        {"noise_rate": 0.8, "noisy_validation": True, "sparsity": "l2", "sparsity_weight": 2.0},
    ],
    ids=str,
)
def test_the_loss_without_its_penalty_is_the_reconstruction_error(changes: dict[str, Any]) -> None:
    model = Autoencoder(RunSpec(hidden=(6,), coding_size=3, **changes), (4, 4))
    y, _, _ = model.forward(tf.constant(X), noise=keras.random.SeedGenerator(3))
    loss, penalty, _, _ = Joint(model).validate(tf.constant(X), keras.random.SeedGenerator(3))
    assert float(penalty) > 0
    assert float(loss - penalty) == pytest.approx(metrics.bce(X, y.numpy()), rel=1e-4)
