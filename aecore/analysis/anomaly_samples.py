"""The samples of a test of anomaly detection: validation samples of a run, and anomalies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecore import datasets
from aecore.analysis.anomalies import fitted, others
from aecore.datasets import Data, DatasetInfo, as_float
from aecore.errors import SpecError
from aecore.specs.anomalies import AnomalySpec
from aecore.specs.fields import unknown


@dataclass(frozen=True)
class Samples:
    """Samples of a test.

    `x` (n, *shape): bytes for images, floats for others and with noise. `is_anomaly` (n,). `numbers` (n,): of ordinary
    samples in `data`, of anomalies in `source`, which is `data` unless the anomalies are from another data set.
    """

    x: np.ndarray
    is_anomaly: np.ndarray
    numbers: np.ndarray
    data: Data
    source: Data

    def caption(self, position: int) -> str:
        """The class and number of a sample, 'Bag, no. 12'."""
        of = self.source if self.is_anomaly[position] else self.data
        return of.captions_of(self.numbers[[position]])[0]


def check(spec: AnomalySpec, info: DatasetInfo) -> None:
    """Raise `SpecError` for a test that does not fit a data set; reads no file."""
    if spec.against == "class" and spec.label >= len(info.classes):
        allowed = f"0 to {len(info.classes) - 1}" if info.classes else "none, since it has no classes"
        raise SpecError(f"label: got class {spec.label} of {info.name}, allowed: {allowed}")
    if spec.against == "dataset" and spec.dataset not in others(info):
        raise SpecError(unknown("dataset", spec.dataset, others(info) or ["none, since no other has this shape"]))


def samples(spec: AnomalySpec, data: Data) -> Samples:
    """The samples of a test on a data set.

    Raises
    ------
    AecoreError : the test does not fit the data set, or the other data set has no copy on this machine.
    """
    check(spec, data.info)
    x, numbers, source = data.validation, np.arange(len(data.validation)), data
    if spec.against == "class":
        return Samples(x, _labels(data) == spec.label, numbers, data, data)
    if spec.against == "dataset":
        source = datasets.load(spec.dataset)
        anomalies = fitted(source.validation, data.info.shape)
        both = (x, anomalies) if x.dtype == anomalies.dtype else (as_float(x), as_float(anomalies))
    else:
        noise = np.random.default_rng(spec.seed).normal(0, spec.noise_rate, x.shape).astype(np.float32)
        noisy = as_float(x) + noise
        both = as_float(x), np.clip(noisy, 0, 1) if data.info.unit_range else noisy
    count = len(both[1])
    is_anomaly = np.repeat([False, True], [len(x), count])
    return Samples(np.concatenate(both), is_anomaly, np.concatenate([numbers, np.arange(count)]), data, source)


def _labels(data: Data) -> np.ndarray:
    if data.validation_labels is None:
        raise SpecError(f"label: got a class of {data.info.name}, allowed: none, since it has no labels")
    return data.validation_labels
