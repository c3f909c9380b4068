"""Anomaly detection by scores: ROC curve, AUROC with a bootstrap interval, and the counts at a threshold.

Scores (n,) are higher for anomalies; `is_anomaly` (n,) is True for the samples that ought to be found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecore.datasets import DatasetInfo, info, names
from aecore.errors import AecoreError

RESAMPLES = 200
COVERAGE = 0.95

SCORES = {  # name in the results: title
    "autoencoder": "Reconstruction error",
    "elbo": "−ELBO",
    "prior": "Prior density",
    "pca": "Error of PCA",
    "knn": "kNN in the codings",
    "forest": "Isolation forest",
}
BASELINES = ("pca", "knn", "forest")


@dataclass(frozen=True)
class Counts:
    """What a threshold finds: `hits` of the anomalies and `false_alarms` among the ordinary samples."""

    hits: int
    anomalies: int
    false_alarms: int
    ordinary: int


def counts(scores: np.ndarray, is_anomaly: np.ndarray, threshold: float) -> Counts:
    """The counts of samples with a score above the threshold."""
    above = np.asarray(scores) > threshold
    return Counts(
        int(np.sum(above & is_anomaly)),
        int(np.sum(is_anomaly)),
        int(np.sum(above & ~is_anomaly)),
        int(np.sum(~is_anomaly)),
    )


def auroc(scores: np.ndarray, is_anomaly: np.ndarray) -> float:
    """Area under the ROC curve: the probability that an anomaly scores higher than an ordinary sample, ties halved.

    NaN if one of the two sets is empty.
    """
    ordinary, anomalies = np.sort(scores[~is_anomaly]), scores[is_anomaly]
    if not len(ordinary) or not len(anomalies):
        return float("nan")
    below = np.searchsorted(ordinary, anomalies, "left")
    equal = np.searchsorted(ordinary, anomalies, "right") - below
    return float(np.mean(below + equal / 2) / len(ordinary))


def auroc_interval(scores: np.ndarray, is_anomaly: np.ndarray, seed: int) -> tuple[float, float]:
    """The 95 % percentile interval of `auroc` over resamples of both sets (Efron and Tibshirani 1993, "An introduction
    to the bootstrap", chapter 13)."""
    random = np.random.default_rng(seed)
    ordinary, anomalies = scores[~is_anomaly], scores[is_anomaly]
    mask = np.repeat([False, True], [len(ordinary), len(anomalies)])
    values = [
        auroc(np.concatenate([random.choice(part, len(part)) for part in (ordinary, anomalies)]), mask)
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def roc_curve(scores: np.ndarray, is_anomaly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False alarm rate and hit rate (k,) at every distinct threshold, from (0, 0) to (1, 1)."""
    order = np.argsort(-scores, kind="stable")
    hits, sorted_scores = np.cumsum(is_anomaly[order]), scores[order]
    last = np.append(np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1)  # of each run of equal scores
    alarms = 1 + last - hits[last]
    rates = (np.append(0, part / max(part[-1], 1)) for part in (alarms, hits[last]))
    false_alarm_rate, hit_rate = rates
    return false_alarm_rate, hit_rate


def fitted(samples: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Samples of another data set in the shape of this one: grey images are enlarged, or reduced to the means of
    blocks of pixels, by a whole factor and padded with zeros; others have to have the shape already.

    Raises
    ------
    AecoreError : the samples do not fit.
    """
    if samples.shape[1:] == shape:
        return samples
    if reason := _misfit(samples.shape[1:], shape):
        raise AecoreError(f"dataset: got samples of shape {samples.shape[1:]}, {reason}")
    block = max(-(-own // side) for side, own in zip(shape, samples.shape[1:], strict=True))
    samples = _centred(samples, tuple(-(-own // block) * block for own in samples.shape[1:]))
    n, height, width = samples.shape[0], samples.shape[1] // block, samples.shape[2] // block
    means = samples.reshape(n, height, block, width, block).mean(axis=(2, 4))
    samples = means.round().astype(np.uint8) if samples.dtype == np.uint8 else means.astype(samples.dtype)
    factor = min(side // own for side, own in zip(shape, samples.shape[1:], strict=True))
    return _centred(samples.repeat(factor, axis=1).repeat(factor, axis=2), shape)


def _centred(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Images padded with zeros on all sides."""
    rest = [side - own for side, own in zip(shape, images.shape[1:], strict=True)]
    return np.pad(images, [(0, 0), *((side // 2, side - side // 2) for side in rest)])


def others(own: DatasetInfo) -> list[str]:
    """The names of the data sets whose samples can be anomalies to this one: of a shape that fits, with other classes,
    and with values in [0, 1] where this one has them. The smallest, which need no download, stand first."""
    return [
        name
        for name in sorted(names(), key=lambda name: info(name).n_train)
        if not _misfit(info(name).shape, own.shape)
        and info(name).classes != own.classes
        and info(name).unit_range == own.unit_range
    ]


def _misfit(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Why samples of a shape cannot be brought into another one; '' if they can."""
    return "" if shape == wanted or len(shape) == len(wanted) == 2 else f"allowed: {wanted}"
