"""Each knob moves the number it is named after, in the direction a student expects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aecore.store.runs import Run

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


@pytest.mark.parametrize(("noise", "rates"), [("gaussian", (0.1, 2.0)), ("dropout", (0.1, 0.9))])
def test_more_noise_costs_clean_quality(fitted: Fitted, noise: str, rates: tuple[float, float]) -> None:
    steps = [{"noise": noise, "noise_rate": rate, "epochs": 6} for rate in rates]
    little, much = _numbers(fitted, "val_mse", "denoising", *steps)
    assert much > 1.1 * little


def test_noise_on_the_codings_makes_them_binary(fitted: Fitted) -> None:
    def between(run: Run) -> float:
        codings = run.array("codings")
        return float(np.mean((codings > 0.1) & (codings < 0.9)))

    calm, noisy = (fitted("hashing", noise_rate=rate, epochs=20) for rate in (0.0, 8.0))
    assert between(noisy) < 0.7 * between(calm)


def test_a_heavier_l1_price_silences_codings(fitted: Fitted) -> None:
    light, heavy = ({"sparsity_weight": weight, "epochs": 10} for weight in (1e-5, 3e-2))
    assert np.diff(_numbers(fitted, "mean_activation", "sparse-l1", light, heavy)) < -0.1
    assert np.diff(_numbers(fitted, "silent_share", "sparse-l1", light, heavy)) > 0.3


def test_an_l2_price_shrinks_codings(fitted: Fitted) -> None:
    light, heavy = ({"sparsity": "l2", "sparsity_weight": weight, "epochs": 6} for weight in (1e-5, 3e-2))
    assert np.diff(_numbers(fitted, "mean_activation", "sparse-l1", light, heavy)) < -0.1


@pytest.mark.parametrize("sparsity", ["kl", "mse"])
def test_codings_come_to_their_target(fitted: Fitted, sparsity: str) -> None:
    common = {"sparsity": sparsity, "sparsity_weight": 10.0, "epochs": 8}
    low, high = ({**common, "sparsity_target": target} for target in (0.1, 0.4))
    means = _numbers(fitted, "mean_activation", "sparse-kl", low, high)
    assert means == pytest.approx([0.1, 0.4], abs=0.05)


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


def test_beta_prices_what_the_codings_tell(fitted: Fitted) -> None:
    told = [
        sum(fitted("beta-variational", kl_weight=weight, epochs=8).metrics["kl_per_dimension"]) for weight in (1.5, 20)
    ]
    assert told[1] < 0.5 * told[0]


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalisation_changes_the_result(fitted: Fitted, normalization: str) -> None:
    changes = {"hidden": (32, 32, 32), "epochs": 4}
    plain, normalised = _numbers(fitted, "val_mse", "stacked", changes, {**changes, "normalization": normalization})
    assert normalised != pytest.approx(plain, rel=1e-3)


def test_optimizer_arguments_and_the_course_of_the_learning_rate_change_the_result(fitted: Fitted) -> None:
    changes = ({}, {"optimizer_arguments": "momentum=0.9"}, {"decay": "cosine"}, {"warmup": 0.5})
    results = _numbers(fitted, "val_mse", "stacked", *({"optimizer": "sgd", **change} for change in changes))
    assert len({round(value, 6) for value in results}) == len(results)
    assert results[1] < results[0]


def test_the_learning_rate_matters(fitted: Fitted) -> None:
    slow, quick = _numbers(fitted, "val_mse", "stacked", {"learning_rate": 1e-5}, {"learning_rate": 3e-3})
    assert quick < 0.8 * slow


def test_smaller_batches_take_more_steps(fitted: Fitted) -> None:
    steps = [len(fitted("stacked", batch_size=size).history["steps"]) for size in (64, 700)]
    assert steps == [23, 3]


def test_the_optimizer_the_loss_and_the_activation_change_the_result(fitted: Fitted) -> None:
    results = _numbers(
        fitted, "val_mse", "stacked", {}, {"optimizer": "sgd"}, {"loss": "mse"}, {"activation": "relu"}, {"seed": 7}
    )
    assert len({round(value, 6) for value in results}) == len(results)


def test_a_linear_network_ends_near_pca(fitted: Fitted) -> None:
    numbers = fitted("linear", epochs=50, learning_rate=0.005).metrics
    assert 0.98 * numbers["pca_mse"] < numbers["val_mse"] < 1.1 * numbers["pca_mse"]


def test_noisy_validation_is_harder(fitted: Fitted) -> None:
    clean, noisy = ({"noise_rate": 0.8, "noisy_validation": value, "epochs": 3} for value in (False, True))
    losses = _numbers(fitted, "val_loss", "denoising", clean, noisy)
    errors = _numbers(fitted, "val_mse", "denoising", clean, noisy)
    assert losses[1] > losses[0]
    assert errors[0] == pytest.approx(errors[1], rel=1e-5)
