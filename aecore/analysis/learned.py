"""Whether a run learned anything: its error against the mean training sample's, and what to try if it did not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from aecore import datasets
from aecore.analysis import metrics
from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.specs.run import RunSpec
from aecore.text import error_text

MARGIN = 0.02  # a run has to be better than the mean sample by this share of its error
LARGE_RATE = 0.01  # a learning rate above which a smaller one is advised
LISTED = 3  # pieces of advice in a sentence


def mean_mse(data: Data) -> float:
    """Validation MSE of the mean training sample as the reconstruction of every sample."""
    parts = [slice(start, start + metrics.PART) for start in range(0, len(data.train), metrics.PART)]
    total = sum(as_float(data.train[part]).sum(axis=0, dtype=np.float64) for part in parts)
    mean = np.asarray(total / len(data.train), np.float32)
    return metrics.mse(as_float(data.validation), np.broadcast_to(mean, data.validation.shape))


def no_better_than_mean(error: float, mean_error: float, margin: float = MARGIN) -> bool:
    """True if an error is not below that of predicting the mean by `margin` of it; both by the same measure."""
    return mean_error > 0 and not error < (1 - margin) * mean_error


def verdict(spec: RunSpec, measured: Mapping[str, Any]) -> str:
    """A sentence on a run that learned nothing and what to try, from its `metrics.json`; '' for any other run.

    The mean sample's error of a run without `mean_mse` is computed from the data set, if that is on this machine.
    """
    if "val_mse" not in measured:
        return ""
    error, mean = measured["val_mse"], measured.get("mean_mse")
    if error is None:
        return f"The errors of this run are not finite: its training diverged. {_advice(spec, diverged=True)}"
    if mean is None:
        mean = _mean_mse_of(spec.dataset)
    if mean is None or not no_better_than_mean(error, mean):
        return ""
    sample = "image" if datasets.info(spec.dataset).is_image else "sample"
    return (
        f"This run learned nothing: its error {error_text(error)} is no better than that of the mean {sample}, "
        f"{error_text(mean)}{_reason(spec, measured)}. {_advice(spec)}"
    )


def _reason(spec: RunSpec, measured: Mapping[str, Any]) -> str:
    kl, size = measured.get("kl_per_dimension"), measured.get("coding_size", 0)
    if kl and None not in kl and max(kl) < metrics.ACTIVE_VARIANCE:
        return ", because all codings collapsed to the prior"
    if size and measured.get("dead_units") == size:
        return ", because all codings are 0"
    if size and measured.get("active_dimensions") == 0 and not spec.variational:
        return "; its codings hardly differ between samples"
    return ""


def _advice(spec: RunSpec, diverged: bool = False) -> str:
    """A sentence on what to try for this spec, the likeliest first."""
    tries = [
        ("a smaller learning rate", diverged or spec.learning_rate > LARGE_RATE),
        ("a smaller KL weight", spec.variational and spec.kl_weight > 0),
        ("a smaller sparsity weight", spec.sparsity_weight > 0),
        ("a smaller penalty weight", spec.penalty_weight > 0),
        ("less noise", spec.noise_rate > 0),
        ("linear codings", spec.coding_activation != "linear" and not spec.variational and not spec.hashes),
        ("more epochs", not diverged),
        ("a larger learning rate", not diverged and spec.learning_rate <= LARGE_RATE),
    ]
    *first, last = [text for text, applies in tries if applies][:LISTED]
    return f"Try {', '.join(first)}{' or ' if first else ''}{last}."


@lru_cache(maxsize=32)
def _mean_mse_of(dataset: str) -> float | None:
    """`mean_mse` of a data set; None if it is not on this machine."""
    try:
        return mean_mse(datasets.load(dataset))
    except AecoreError:
        return None
