"""What a representation (n, d) tells about the classes: neighbours and a linear probe, fitted on training samples.

Neighbours look at the numbers as they are, the linear probe at standardised ones; both score validation samples.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aecore.specs.probe import ProbeSpec

PART = 500  # samples between two looks at whether to stop
# scikit-learn's default. On raw pixels more steps fit the training samples better and the others worse.
ITERATIONS = 100
LARGE = 1e15  # squares of larger numbers leave float32


class NotApplicable(Exception):
    """A number that does not exist here; the message says why."""


@dataclass(frozen=True)
class Labelled:
    """One representation of the training and the validation samples, (n, d) float32, with the labels (n,) of both."""

    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray


def knn_accuracy(spec: ProbeSpec, data: Labelled, tell: Callable[[], None]) -> float:
    """Share of validation samples whose class the `k` nearest of `n_stored` training samples vote for; ties: the lower
    label. Raises `NotApplicable`."""
    train, labels = data.train[: spec.n_stored], data.train_labels[: spec.n_stored]
    _require(train, labels)
    if len(train) < spec.k:
        raise NotApplicable(f"{spec.k} neighbours need {spec.k} training samples, there are {len(train)}")
    scale = _scale(train)
    votes = KNeighborsClassifier(spec.k, algorithm="brute").fit(train if scale == 1 else train / scale, labels)
    right = 0
    for part in parts(len(data.validation), PART):
        tell()
        right += int(np.sum(votes.predict(data.validation[part] / scale) == data.validation_labels[part]))
    return right / len(data.validation)


def logistic_accuracy(spec: ProbeSpec, data: Labelled, tell: Callable[[], None]) -> float:
    """Share of validation samples whose class a logistic regression finds that was fitted on `n_train` standardised
    training samples. Raises `NotApplicable`."""
    train, labels = data.train[: spec.n_train], data.train_labels[: spec.n_train]
    _require(train, labels)
    tell()
    scale = _scale(train)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train / scale, labels)
    return float(model.score(data.validation / scale, data.validation_labels))


def usable(codings: np.ndarray) -> np.ndarray:
    """`codings`, if they are numbers that differ from sample to sample. Raises `NotApplicable`."""
    if not np.isfinite(codings).all():
        raise NotApplicable("the codings are NaN or infinite: the training diverged")
    if len(codings) < 2 or not np.ptp(codings, axis=0).any():
        raise NotApplicable("all codings are equal: they tell nothing about a sample")
    return codings


def parts(n: int, size: int) -> Iterator[slice]:
    """0 to n in slices of `size`."""
    return (slice(start, start + size) for start in range(0, n, size))


def _require(train: np.ndarray, labels: np.ndarray) -> None:
    usable(train)
    if len(np.unique(labels)) < 2:
        raise NotApplicable("the training samples are all of one class")


def _scale(x: np.ndarray) -> np.float32:
    """1, or what very large numbers are divided by."""
    largest = np.abs(x).max(initial=0)
    return np.float32(largest if largest > LARGE else 1)
