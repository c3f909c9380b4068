"""Baselines of a data set's probes: raw pixels, and PCA codings of the same size.

Computed once for a data set (and size) and stored in `cache/baselines/<key>.json`, shared by all runs. Two processes
may compute the same baseline at once: the numbers are equal and the file is written atomically.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aecore.analysis import metrics
from aecore.datasets import Data, as_float
from aecore.specs.base import digest
from aecore.specs.probe import ProbeSpec
from aecore.store.files import FORMAT, read_json, write_json
from aecore.worker.probe.classifiers import Labelled, NotApplicable, knn_accuracy, logistic_accuracy, parts, usable
from aecore.worker.projection import quality

TRUST_SAMPLES = 5000  # the first validation samples, of which trustworthiness is computed
PART = 5000  # samples projected at a time

Numbers = dict[str, Any]
Update = Callable[[str], None]  # called with the stage; may raise to end the work


def pixels(spec: ProbeSpec, data: Data, cache: Path, update: Update) -> Numbers:
    """`knn_accuracy` and `logistic_accuracy` of the samples themselves."""

    def compute() -> Numbers:
        train, validation = flat(data.train), flat(data.validation)
        return classes(spec, data, train, validation, lambda: update("raw pixels"))

    return _cached(spec, data, "pixels", cache, compute)


def pca(spec: ProbeSpec, data: Data, size: int, cache: Path, update: Update) -> Numbers:
    """Accuracies, `trustworthiness` and hash numbers (of the signs) of `size` principal components, at most all."""
    most = min(data.info.features, len(data.train) - 1)

    def compute() -> Numbers:
        check = partial(update, "PCA of the same size")
        check()
        center, axes = metrics.principal_axes(data.train)
        train, validation = (_projected(x, center, axes[:, :size]) for x in (data.train, data.validation))
        numbers = classes(spec, data, train, validation, check)
        numbers["trustworthiness"] = _or_none(lambda: trustworthiness(data, validation))
        return numbers | _or_none(lambda: hashing(data, usable(validation) > 0), {})

    return _cached(spec, data, f"pca {min(size, most)}", cache, compute)


def classes(
    spec: ProbeSpec, data: Data, train: np.ndarray, validation: np.ndarray, check: Callable[[], None]
) -> Numbers:
    """`knn_accuracy` and `logistic_accuracy` of a representation (n, d); None for one that does not exist, {} without
    labels."""
    if data.train_labels is None or data.validation_labels is None:
        return {}
    labelled = Labelled(train, data.train_labels[: len(train)], validation, data.validation_labels)
    return {
        "knn_accuracy": _or_none(lambda: knn_accuracy(spec, labelled, check)),
        "logistic_accuracy": _or_none(lambda: logistic_accuracy(spec, labelled, check)),
    }


def trustworthiness(data: Data, codings: np.ndarray) -> float:
    """Trustworthiness of codings (n, d) as a map of the pixels, see `aecore.worker.projection.quality`."""
    x = flat(data.validation[:TRUST_SAMPLES])
    if len(x) < 3:
        raise NotApplicable(f"needs at least 3 validation samples, there are {len(x)}")
    if not np.ptp(x, axis=0).any():
        raise NotApplicable("all samples are equal")
    return quality.trustworthiness(x, usable(codings[:TRUST_SAMPLES]))


def hashing(data: Data, bits: np.ndarray) -> Numbers:
    """The numbers of binary codes (n, d) of the validation samples as a hash."""
    numbers: Numbers = {"bit_balance": metrics.bit_balance(bits), "distinct_codes": metrics.distinct_codes(bits)}
    if data.validation_labels is not None:
        numbers["bucket_precision"] = metrics.bucket_precision(bits, data.validation_labels)
    return numbers


def flat(samples: np.ndarray) -> np.ndarray:
    """Samples (n, *shape) as float32 (n, features)."""
    return as_float(samples).reshape(len(samples), -1)


def _projected(samples: np.ndarray, center: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Samples (n, *shape) projected on `axes`: (n, components); in parts, to avoid a large float copy."""
    return np.concatenate([(flat(samples[part]) - center) @ axes for part in parts(len(samples), PART)])


def _cached(spec: ProbeSpec, data: Data, kind: str, cache: Path, compute: Callable[[], Numbers]) -> Numbers:
    key = digest("baseline", kind, spec.canonical_json(), data.info.fingerprint)
    path = cache / "baselines" / f"{key}.json"
    baseline = read_json(path, {})
    if baseline.get("format") != FORMAT:
        baseline = {"format": FORMAT, "key": key, "dataset": data.info.name, "kind": kind, "numbers": compute()}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, baseline)
    return baseline["numbers"]


def _or_none(compute: Callable[[], Any], default: Any = None) -> Any:
    """The result of `compute`, or `default` if it is not applicable."""
    try:
        return compute()
    except NotApplicable:
        return default
