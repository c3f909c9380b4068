"""A run that is no better than the mean sample is named, with what to try; every other run is not."""

from __future__ import annotations

import re

import numpy as np
import pytest

from aecore import datasets, presets
from aecore.analysis import learned, metrics
from aecore.specs.run import RunSpec

MEAN = 0.1
STACKED = RunSpec(dataset="digits", coding_size=2)


def measured(**changes: object) -> dict:
    return {"val_mse": MEAN, "mean_mse": MEAN, "coding_size": 2, "active_dimensions": 2, "dead_units": 0, **changes}


@pytest.mark.parametrize("name", ["digits", "plane-3d"])
def test_the_mean_samples_error_is_pcas_without_components(name: str) -> None:
    data = datasets.load(name)
    x, y = datasets.as_float(data.train), datasets.as_float(data.validation)
    by_hand = float(np.square(y - x.mean(axis=0)).mean())
    assert learned.mean_mse(data) == pytest.approx(by_hand, rel=1e-5)
    errors = metrics.pca_errors(data.train, data.validation)
    assert metrics.pca_mse(errors, 0) == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize(
    ("error", "said"), [(0.05, False), (0.0979, False), (0.0981, True), (0.1, True), (0.1002, True), (0.4, True)]
)
def test_an_error_near_the_means_or_above_is_named(error: float, said: bool) -> None:
    line = learned.verdict(STACKED, measured(val_mse=error))
    assert bool(line) == said
    assert not said or ("This run learned nothing: its error" in line and ".1000" in line and "\n" not in line)


def test_data_without_variance_is_no_fault_of_the_run() -> None:
    assert learned.verdict(STACKED, measured(val_mse=0.0, mean_mse=0.0)) == ""


def test_an_older_run_is_measured_with_its_data() -> None:
    mean = learned.mean_mse(datasets.load("digits"))
    without = {name: value for name, value in measured().items() if name != "mean_mse"}
    assert learned.verdict(STACKED, {**without, "val_mse": mean})
    assert not learned.verdict(STACKED, {**without, "val_mse": 0.5 * mean})
    assert learned.verdict(STACKED, {}) == ""  # a run in training


@pytest.mark.parametrize("name", presets.VARIANTS)
def test_every_variant_gets_advice_that_fits_it(name: str) -> None:
    spec = presets.get(name).spec
    line = learned.verdict(spec, measured())
    advice = re.search(r"Try (.*)\.$", line)
    assert advice and 2 <= len(re.split(", | or ", advice[1])) <= learned.LISTED
    assert ("KL weight" in advice[1]) == spec.variational
    assert ("less noise" in advice[1]) == (spec.noise_rate > 0)
    assert ("sparsity weight" in advice[1]) == (spec.sparsity_weight > 0)
    assert not ("linear codings" in advice[1] and (spec.variational or spec.hashes))


def test_a_large_learning_rate_is_the_first_suspect() -> None:
    assert "Try a smaller learning rate" in learned.verdict(STACKED.replace(learning_rate=0.5), measured())
    line = learned.verdict(STACKED, measured(val_mse=None))
    assert "not finite" in line and "smaller learning rate" in line and "more epochs" not in line


def test_the_reason_is_in_the_codings() -> None:
    variational = STACKED.replace(coding="variational")
    assert "collapsed" in learned.verdict(variational, measured(kl_per_dimension=[0.001, 0.0]))
    assert "collapsed" not in learned.verdict(variational, measured(kl_per_dimension=[0.5, 0.0]))
    assert "all codings are 0" in learned.verdict(STACKED, measured(dead_units=2))
    assert "hardly differ" in learned.verdict(STACKED, measured(active_dimensions=0))
