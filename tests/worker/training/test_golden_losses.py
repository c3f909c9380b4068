"""The numbers of a training, pinned: what a change to layers, optimizers or the loop moves shows here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aecore import datasets
from aecore.datasets import as_float
from aecore.specs.run import RunSpec
from aecore.worker.training import arrays

COMMON: dict[str, Any] = {"dataset": "digits", "batch_size": 50, "epochs": 3, "coding_size": 6, "learning_rate": 0.003}
CONVOLUTIONAL: dict[str, Any] = {"architecture": "convolutional", "hidden": (4, 6)}
# Settings, the mean training loss of each epoch, and the mean squared coding after the last one.
GOLDEN: dict[str, tuple[dict[str, Any], list[float], float]] = {
    "dense by Adam": (
        {"hidden": (32, 16), "optimizer": "adam"},
        [0.64606988, 0.52477217, 0.44935563],
        6.3224130,
    ),
    "convolutional, batch normalization": (
        {**CONVOLUTIONAL, "normalization": "batch", "optimizer": "adam"},
        [0.72261471, 0.68855923, 0.66679472],
        0.93755716,
    ),
    "strided and upsampled, batch normalization": (
        {
            **CONVOLUTIONAL,
            "normalization": "batch",
            "downsampling": "stride",
            "upsampling": "nearest",
            "optimizer": "adamw",
            "optimizer_arguments": "weight_decay=0.05",
        },
        [0.73531795, 0.66867799, 0.63335299],
        1.5795020,
    ),
    "convolutional by Muon": (
        {
            **CONVOLUTIONAL,
            "dense_hidden": (40,),
            "optimizer": "muon",
            "optimizer_arguments": "weight_decay=0.05 adam_weight_decay=0.02 clipnorm=1",
            "decay": "cosine",
            "warmup": 0.2,
        },
        [0.68393815, 0.66656625, 0.65718293],
        0.62716675,
    ),
    "variational by Muon, batch normalization": (
        {"hidden": (60, 16), "normalization": "batch", "coding": "variational", "optimizer": "muon"},
        [0.86725426, 0.75546300, 0.70198274],
        0.37916970,
    ),
}


@pytest.mark.parametrize(("settings", "losses", "mean_square"), GOLDEN.values(), ids=GOLDEN)
def test_a_training_gives_the_pinned_losses(settings: dict[str, Any], losses: list[float], mean_square: float) -> None:
    samples = as_float(datasets.load("digits").train[:400])
    model, epoch_losses = arrays.fit_arrays(RunSpec(**COMMON, **settings), samples)
    assert epoch_losses == pytest.approx(losses, rel=1e-4)
    assert np.square(arrays.encode(model, samples)).mean() == pytest.approx(mean_square, rel=0.01)
