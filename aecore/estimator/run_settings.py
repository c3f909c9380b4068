"""A `RunSpec` from an estimator's parameters and its training data."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from aecore import presets
from aecore.analysis.activations import ACTIVATION_RANGES
from aecore.datasets import DatasetInfo, check, ranges
from aecore.errors import SpecError
from aecore.specs.base import MAX_SEED
from aecore.specs.fields import coerced, require, shown
from aecore.specs.run import RunSpec


def spec_and_range(
    params: dict[str, Any], X: np.ndarray, dtype: Any, shape: tuple[int, ...]
) -> tuple[RunSpec, ranges.Range]:
    """The estimator's preset with those of its parameters that are not None, for samples X of that shape given in
    `dtype`; and the range, [0, 1] or the output's, into which values are clipped that a rounding moved out of it.

    Raises
    ------
    SpecError : a parameter is outside its range, or does not fit X.
    """
    preset = params["preset"]
    base = preset if isinstance(preset, RunSpec) else presets.get(preset).spec
    changes = {
        name: RunSpec.parse(name, value)
        for name, value in params.items()
        if name in RunSpec.settings() and value is not None
    }
    limits = ranges.around(ranges.UNIT, X, dtype)
    unit_range = limits.contains(X)
    if changes.get("loss") == "bce":
        if not unit_range:
            raise SpecError(
                f"loss: got 'bce' and values {ranges.words(X)}, "
                "allowed: X scaled to [0, 1], or loss='mse' with output_activation='linear'"
            )
    else:
        if not ranges.around(ACTIVATION_RANGES[base.output_activation], X, dtype).contains(X):
            changes.setdefault("output_activation", "linear")
        if not unit_range or changes.get("output_activation", base.output_activation) != "sigmoid":
            changes["loss"] = "mse"
            changes["phases"] = tuple(replace(phase, loss="mse") for phase in base.phases)
    if not unit_range:
        changes["noise_clip"] = False  # clipping to [0, 1] would change the range of the data
    spec = base.replace(**changes, seed=_seed(params["random_state"]))
    if spec.architecture != "dense" and params["image_shape"] is None:
        raise SpecError(
            "image_shape: got None, allowed: (height, width) or (height, width, channels), "
            f"which a {spec.architecture} network needs"
        )
    check(spec, DatasetInfo("X", "", "", shape, 0, 0, (), unit_range, ""))
    if not unit_range:
        limits = ranges.around(ACTIVATION_RANGES[spec.output_activation], X, dtype)
    return spec, limits


def sample_shape(image_shape: Any, n_features: int) -> tuple[int, ...]:
    """The shape of one sample: `image_shape` as a tuple, or (n_features,) where it is None."""
    if image_shape is None:
        return (n_features,)
    shape = coerced("image_shape", tuple[int, ...], image_shape)
    if len(shape) not in (2, 3) or min(shape) < 1 or prod(shape) != n_features:
        raise SpecError(
            f"image_shape: got {shown(image_shape)}, allowed: (height, width) or (height, width, channels) "
            f"whose product is {n_features}, the number of features"
        )
    return shape


def _seed(state: Any) -> int:
    """The seed of a run from a `random_state`."""
    if state is None or state is np.random or isinstance(state, np.random.RandomState):
        return int(check_random_state(state).randint(np.iinfo(np.int32).max))
    allowed = f"0 to {MAX_SEED:,}, a RandomState instance or None"
    seed: int = coerced("random_state", int, state, allowed)
    require(0 <= seed <= MAX_SEED, "random_state", seed, allowed)
    return seed
