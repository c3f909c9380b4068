"""Estimated duration of a training: its multiply-adds, scaled by the pace of similar trainings on this machine."""

from __future__ import annotations

import itertools
import math
import statistics
from functools import lru_cache
from pathlib import Path

from aecore import datasets
from aecore.errors import AecoreError
from aecore.specs.run import RunSpec
from aecore.store import listing, runs

BACKWARD = 3.0  # a training step costs about three forward passes
# On two cores of 2024: seconds to build and trace a network, seconds per step, multiply-adds per second. Trainings of
# the architecture that ended on this machine scale them.
_NOMINAL = {
    "dense": (2.0, 0.0006, 12e9),
    "convolutional": (3.5, 0.0015, 18e9),
    "recurrent": (6.0, 0.0120, 20e9),
}
RECENT = 100  # runs from which the machine's pace is taken
NEAREST = 7  # the most similar of those


def multiply_adds(spec: RunSpec, shape: tuple[int, ...]) -> float:
    """Multiply-adds of one sample of this shape in encoder and decoder, without activations and normalisation."""
    total = float(sum(a * b for a, b in matrices(spec, shape)))
    if spec.architecture == "recurrent":
        return shape[0] * total
    if spec.architecture == "convolutional":
        height, width, channels = shape[0], shape[1], math.prod(shape[2:])
        for filters in spec.hidden:
            strided = spec.downsampling == "stride"
            total += 2 * height * width / (4 if strided else 1) * 9 * channels * filters
            height, width, channels = -(-height // 2), -(-width // 2), filters
    return total


def matrices(spec: RunSpec, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """(inputs, outputs) of all weight matrices of encoder and decoder: dense layers and the gates of LSTM layers."""
    if spec.architecture == "recurrent":
        inputs, units = [math.prod(shape[1:]), *spec.hidden], [*spec.hidden, spec.coding_size]
        return 2 * [(side, 4 * u) for i, u in zip(inputs, units, strict=True) for side in (i, u)]
    if spec.architecture == "convolutional":
        halves = 2 ** len(spec.hidden)
        maps = -(-shape[0] // halves) * -(-shape[1] // halves) * spec.hidden[-1]
        return [] if spec.spatial else 2 * list(itertools.pairwise([maps, *spec.dense_hidden, spec.coding_size]))
    down = [math.prod(shape), *spec.hidden, spec.coding_size]
    up = [spec.coding_size, *(spec.decoder_hidden or reversed(spec.hidden)), math.prod(shape)]
    return [*itertools.pairwise(down), *itertools.pairwise(up)]


def expected_seconds(spec: RunSpec, cache: Path) -> float:
    """Seconds that training `spec` will take: the nominal ones, times the median ratio of actual to nominal seconds of
    the most similar trainings that ended on this machine.

    Raises
    ------
    AecoreError : for a spec that does not fit its data set.
    """
    similar = []
    for path, written in listing.finished(cache)[:RECENT]:
        other, ratio = _pace(path, written)
        if other and ratio and other.architecture == spec.architecture:
            similar.append((_distance(spec, other), ratio))
    nearest = [ratio for _, ratio in sorted(similar)[:NEAREST]]
    return _nominal_seconds(spec) * (statistics.median(nearest) if nearest else 1.0)


def epochs_within(spec: RunSpec, seconds: float, cache: Path) -> int:
    """The largest number of epochs below `spec.epochs` expected to fit into `seconds`; 0 if not even one does."""
    fits, too_many = 0, spec.epochs
    while too_many - fits > 1:
        half = (fits + too_many) // 2
        if expected_seconds(spec.replace(epochs=half), cache) <= seconds:
            fits = half
        else:
            too_many = half
    return fits


@lru_cache(maxsize=1000)
def _pace(folder: str, written: int) -> tuple[RunSpec | None, float]:
    """The spec of a finished run and the ratio of its seconds to the nominal ones; (None, 0) for an unreadable run.

    `written`, the time of its mark, is part of the cache's key."""
    run = runs.Run(Path(folder))
    try:
        if run.state == "finished":
            return run.spec, run.metrics["seconds"] / _nominal_seconds(run.spec)
    except (AecoreError, KeyError, TypeError):
        pass
    return None, 0.0


@lru_cache(maxsize=2000)
def _nominal_seconds(spec: RunSpec) -> float:
    """Seconds of a training by the figures of `_NOMINAL`."""
    info = datasets.info(spec.dataset)
    start, step, pace = _NOMINAL[spec.architecture]
    epochs = spec.epochs + sum(phase.epochs for phase in spec.phases)
    if spec.schedule == "layerwise" and not spec.phases:
        epochs += spec.epochs * spec.layer_count
    batches = -(-info.n_train // spec.batch_size)
    operations = BACKWARD * multiply_adds(spec, info.shape) * info.n_train
    if spec.optimizer == "muon":  # the orthogonalisation in every step; filters are small
        orthogonal = matrices(spec, info.shape)
        if spec.architecture == "dense":  # not the output's, nor the decoder's where they are the encoder's
            orthogonal = orthogonal[: spec.layer_count if spec.tied else -1]
        sides = [sorted(matrix) for matrix in orthogonal]
        operations += batches * sum(2.0 * short**2 * long + 17.0 * short**3 for short, long in sides)
    return start + epochs * (batches * step + operations / pace)


def _distance(a: RunSpec, b: RunSpec) -> float:
    """Dissimilarity of two trainings of one architecture, in the settings that affect the pace."""
    apart = abs(math.log(a.batch_size / b.batch_size)) + abs(math.log(_nominal_seconds(a) / _nominal_seconds(b)))
    return apart + (a.coding != b.coding) + (a.normalization != b.normalization) + (a.downsampling != b.downsampling)
