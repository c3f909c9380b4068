"""Validation accuracy of two classifiers on a representation (n, d): k nearest neighbours and logistic regression.

Both are fitted on training samples, kNN on the values as they are, the logistic regression on standardised ones.
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

from aecore.analysis.neighbours import scale
from aecore.specs.probe import ProbeSpec

PART = 500  # samples classified between two checks for a stop
ITERATIONS = 100  # scikit-learn's default; on raw pixels more of them overfit


class NotApplicable(Exception):
    """A number does not exist for this run or data; the message gives the reason."""


@dataclass(frozen=True)
class Labelled:
    """One representation of the training and the validation samples, (n, d) float32, with the labels (n,) of both."""

    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray


def knn_accuracy(spec: ProbeSpec, data: Labelled, check: Callable[[], None]) -> float:
    """Validation accuracy of classification by the `k` nearest of the first `n_stored` training samples.

    Ties take the lower label. `check` is called between parts and may raise. Raises `NotApplicable`."""
    train, labels = data.train[: spec.n_stored], data.train_labels[: spec.n_stored]
    _check(train, labels)
    if len(train) < spec.k:
        raise NotApplicable(f"{spec.k} neighbours need {spec.k} training samples, there are {len(train)}")
    unit = scale(train, data.validation)
    classifier = KNeighborsClassifier(spec.k, algorithm="brute").fit(train if unit == 1 else train / unit, labels)
    correct = 0
    for part in parts(len(data.validation), PART):
        check()
        correct += int(np.sum(classifier.predict(data.validation[part] / unit) == data.validation_labels[part]))
    return correct / len(data.validation)


def logistic_accuracy(spec: ProbeSpec, data: Labelled, check: Callable[[], None]) -> float:
    """Validation accuracy of a logistic regression fitted on the first `n_train` standardised training samples.

    `check` is called before the fit and may raise. Raises `NotApplicable`."""
    train, labels = data.train[: spec.n_train], data.train_labels[: spec.n_train]
    _check(train, labels)
    check()
    unit = scale(train, data.validation)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train / unit, labels)
    return float(model.score(data.validation / unit, data.validation_labels))


def usable(codings: np.ndarray) -> np.ndarray:
    """`codings` (n, d), if they are finite and not all equal. Raises `NotApplicable` otherwise."""
    if not np.isfinite(codings).all():
        raise NotApplicable("the codings are NaN or infinite: the training diverged")
    if len(codings) < 2 or not (codings != codings[0]).any():
        raise NotApplicable("all codings are equal: they tell nothing about a sample")
    return codings


def parts(n: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size` items that cover 0 to n."""
    return (slice(start, start + size) for start in range(0, n, size))


def _check(train: np.ndarray, labels: np.ndarray) -> None:
    usable(train)
    if len(np.unique(labels)) < 2:
        raise NotApplicable("the training samples are all of one class")
