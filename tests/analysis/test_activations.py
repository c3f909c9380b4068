"""Activation ranges against the functions themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aecore.analysis.activations import ACTIVATION_RANGES
from aecore.specs.run import ACTIVATIONS

X = np.linspace(-30, 30, 60_001)
ELU = np.expm1(np.minimum(X, 0)) + np.maximum(X, 0)
VALUES = {
    "relu": np.maximum(X, 0),
    "elu": ELU,
    "selu": 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * ELU),
    "gelu": X * np.array([math.erfc(-value / math.sqrt(2)) for value in X]) / 2,
    "silu": X / (1 + np.exp(-X)),
    "sigmoid": 1 / (1 + np.exp(-X)),
    "tanh": np.tanh(X),
}


def test_every_activation_has_a_range() -> None:
    assert set(ACTIVATION_RANGES) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", sorted(VALUES))
def test_ranges_are_those_of_the_functions(name: str) -> None:
    low, high = ACTIVATION_RANGES[name]
    assert low == pytest.approx(VALUES[name].min(), abs=1e-4)
    assert (np.isinf(high) and VALUES[name].max() > 29) or high == pytest.approx(VALUES[name].max(), abs=1e-4)
