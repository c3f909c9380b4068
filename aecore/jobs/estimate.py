"""How long a training will take, before it is asked for: its work, and how fast this machine did work like it."""

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

BACKWARD = 3.0  # a training step costs about three times a forward pass
# Two cores of a server of 2024: seconds to build and trace a network, seconds a step, multiply-adds a second. Only
# their proportions matter once a training of the kind has ended here: from then on the machine's own pace counts.
_PACE = {
    "dense": (2.0, 0.0006, 12e9),
    "convolutional": (3.5, 0.0015, 18e9),
    "recurrent": (6.0, 0.0120, 20e9),
}
RECENT = 100  # runs that are looked at for the machine's pace
NEAREST = 7  # of those, the ones most like what is asked


def multiply_adds(spec: RunSpec, shape: tuple[int, ...]) -> float:
    """Of one sample, of this shape, through encoder and decoder; activations and normalisation left out."""
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
    """Inputs and outputs of every dense layer, and of the gates of every LSTM layer, of encoder and decoder."""
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
    """Seconds that training `spec` will take here: by the work in it, times how much slower or faster than expected
    the most similar trainings were that ended on this machine.

    Raises
    ------
    AecoreError : for a spec that its data set cannot serve.
    """
    alike = []
    for path, written in listing.finished(cache)[:RECENT]:
        other, ratio = _took(path, written)
        if other and ratio and other.architecture == spec.architecture:
            alike.append((_unlike(spec, other), ratio))
    nearest = [ratio for _, ratio in sorted(alike)[:NEAREST]]
    return _usual(spec) * (statistics.median(nearest) if nearest else 1.0)


def epochs_within(spec: RunSpec, seconds: float, cache: Path) -> int:
    """The most epochs, fewer than `spec` has, that `expected_seconds` finds to be over by then; 0: not even one."""
    fits, too_many = 0, spec.epochs
    while too_many - fits > 1:
        half = (fits + too_many) // 2
        if expected_seconds(spec.replace(epochs=half), cache) <= seconds:
            fits = half
        else:
            too_many = half
    return fits


@lru_cache(maxsize=1000)
def _took(folder: str, written: int) -> tuple[RunSpec | None, float]:
    """What was trained in a finished run, and its seconds in shares of what is usual; (None, 0) where it says nothing,
    or cannot be read."""
    run = runs.Run(Path(folder))
    try:
        return (run.spec, run.metrics["seconds"] / _usual(run.spec)) if run.state == "finished" else (None, 0.0)
    except (AecoreError, KeyError, TypeError):
        return None, 0.0


@lru_cache(maxsize=2000)
def _usual(spec: RunSpec) -> float:
    info = datasets.info(spec.dataset)
    start, step, pace = _PACE[spec.architecture]
    epochs = spec.epochs + sum(phase.epochs for phase in spec.phases)
    if spec.schedule == "layerwise" and not spec.phases:
        epochs += spec.epochs * spec.layer_count
    batches = -(-info.n_train // spec.batch_size)
    work = BACKWARD * multiply_adds(spec, info.shape) * info.n_train
    if spec.optimizer == "muon":  # what `aecore.worker.training.muon` multiplies a step; filters are small
        sides = [sorted(matrix) for matrix in matrices(spec, info.shape)]
        work += batches * sum(2.0 * short**2 * long + 17.0 * short**3 for short, long in sides)
    return start + epochs * (batches * step + work / pace)


def _unlike(a: RunSpec, b: RunSpec) -> float:
    """How far apart two trainings of one architecture are, by what decides about the pace."""
    apart = abs(math.log(a.batch_size / b.batch_size)) + abs(math.log(_usual(a) / _usual(b)))
    return apart + (a.coding != b.coding) + (a.normalization != b.normalization) + (a.downsampling != b.downsampling)
