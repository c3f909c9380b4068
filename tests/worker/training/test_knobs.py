"""Each knob moves the number it is named after, in the direction a student expects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aecore.store.runs import Run
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.fit import stages
from aecore.worker.training.save import halves
from tests.worker.conftest import small_spec

Fitted = Callable[..., Run]


def _numbers(fitted: Fitted, name: str, variant: str, *steps: dict[str, object]) -> list[float]:
    return [fitted(variant, **step).metrics[name] for step in steps]


def test_more_codings_reconstruct_better(fitted: Fitted) -> None:
    few, some, many = _numbers(
        fitted, "val_mse", "linear", *({"coding_size": d, "epochs": 8, "learning_rate": 0.005} for d in (1, 6, 20))
    )
    assert few > 1.2 * some > 1.44 * many


def test_more_epochs_reconstruct_better(fitted: Fitted) -> None:
    one, ten = _numbers(fitted, "val_mse", "stacked", {"epochs": 1}, {"epochs": 10})
    assert ten < 0.9 * one


def test_more_hidden_units_mean_more_parameters_and_a_smaller_error(fitted: Fitted) -> None:
    narrow, wide = {"hidden": (3,), "epochs": 8}, {"hidden": (60,), "epochs": 8}
    assert np.diff(_numbers(fitted, "parameters", "stacked", narrow, wide)) > 0
    small, large = _numbers(fitted, "val_mse", "stacked", narrow, wide)
    assert large < 0.9 * small


def test_tied_weights_need_fewer_parameters(fitted: Fitted) -> None:
    assert fitted("tied").metrics["parameters"] < 0.6 * fitted("stacked").metrics["parameters"]


@pytest.mark.parametrize(("noise", "rate"), [("gaussian", 2.0), ("dropout", 0.9)])
def test_more_noise_costs_clean_quality(fitted: Fitted, noise: str, rate: float) -> None:
    steps = [{"noise_rate": 0.0, "epochs": 6}, {"noise": noise, "noise_rate": rate, "epochs": 6}]
    none, much = _numbers(fitted, "val_mse", "denoising", *steps)
    assert much > 1.1 * none


def test_noise_on_the_codings_makes_them_binary(fitted: Fitted) -> None:
    def between(run: Run) -> float:
        codings = run.array("codings")
        return float(np.mean((codings > 0.1) & (codings < 0.9)))

    calm, noisy = (fitted("hashing", noise_rate=rate, epochs=20) for rate in (0.0, 8.0))
    assert between(noisy) < 0.7 * between(calm)


def test_a_heavier_l1_price_silences_codings(fitted: Fitted) -> None:
    light, heavy = ({"sparsity_weight": weight, "epochs": 10} for weight in (1e-5, 3e-2))
    assert _size(fitted("sparse-l1", **heavy)) < 0.5 * _size(fitted("sparse-l1", **light))
    assert np.diff(_numbers(fitted, "silent_share", "sparse-l1", light, heavy)) > 0.3


def test_an_l2_price_shrinks_codings(fitted: Fitted) -> None:
    light, heavy = ({"sparsity": "l2", "sparsity_weight": weight, "epochs": 6} for weight in (1e-5, 3e-2))
    assert _size(fitted("sparse-l1", **heavy)) < 0.5 * _size(fitted("sparse-l1", **light))


def _size(run: Run) -> float:
    """Mean absolute value of the codings, which are of both signs."""
    return float(np.abs(run.array("codings")).mean())


@pytest.mark.parametrize(("sparsity", "target"), [("kl", 0.1), ("mse", 0.2)])
def test_codings_come_to_their_target(fitted: Fitted, sparsity: str, target: float) -> None:
    run = fitted("sparse-kl", sparsity=sparsity, sparsity_weight=10.0, sparsity_target=target, epochs=8)
    assert run.metrics["mean_activation"] == pytest.approx(target, abs=0.05)


def test_a_heavier_divergence_brings_codings_nearer_to_the_prior(fitted: Fitted) -> None:
    light, heavy = ({"kl_weight": weight, "epochs": 8} for weight in (0.05, 5.0))
    much, little = (sum(fitted("variational", **step).metrics["kl_per_dimension"]) for step in (light, heavy))
    assert little < 0.5 * much


def test_a_contractive_price_makes_the_codings_calm(fitted: Fitted) -> None:
    """The smaller the slopes of the encoder, the less a shifted input moves the codings."""
    spreads = []
    for weight in (0.0, 1.0):
        codings = fitted("contractive", penalty_weight=weight, epochs=8).array("codings")
        spreads.append(float(np.mean(np.std(codings, axis=0))))
    assert spreads[1] < 0.5 * spreads[0]


def test_momentum_and_a_larger_learning_rate_come_further(fitted: Fitted) -> None:
    changes = ({}, {"optimizer_arguments": "momentum=0.9"}, {"learning_rate": 1e-5})
    plain, quick, slow = _numbers(fitted, "val_mse", "stacked", *({"optimizer": "sgd", **change} for change in changes))
    assert quick < plain < slow


def test_smaller_batches_take_more_steps(fitted: Fitted) -> None:
    steps = [len(fitted("stacked", batch_size=size).history["steps"]) for size in (64, 700)]
    assert steps == [23, 3]


def test_optimizer_loss_and_activation_arrive() -> None:
    model = Autoencoder(small_spec("stacked", optimizer="sgd", loss="mse", activation="relu"), (8, 8))
    (stage,) = stages(model)
    assert (stage.settings.optimizer, stage.settings.loss) == ("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(20, 8, 8)).astype(np.float32)
    _, hidden = halves(model)[0](x)
    assert 0 == hidden.numpy().min() < hidden.numpy().max()


def test_a_linear_network_ends_near_pca(fitted: Fitted) -> None:
    numbers = fitted("linear", epochs=50, learning_rate=0.005).metrics
    assert 0.98 * numbers["pca_mse"] < numbers["val_mse"] < 1.1 * numbers["pca_mse"]


def test_noisy_validation_is_harder(fitted: Fitted) -> None:
    clean, noisy = ({"noise_rate": 0.8, "noisy_validation": value, "epochs": 3} for value in (False, True))
    losses = _numbers(fitted, "val_loss", "denoising", clean, noisy)
    errors = _numbers(fitted, "val_mse", "denoising", clean, noisy)
    assert losses[1] > losses[0]
    assert errors[0] == pytest.approx(errors[1], rel=1e-5)
