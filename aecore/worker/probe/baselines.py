"""What every run of a data set is set beside: raw pixels, and PCA codings of the same size.

Computed once for a data set (and a size) and kept in `cache/baselines/<key>.json`, which all runs share. Two processes
may compute one at the same time: they find the same numbers, and each writes the whole file in one step.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aecore.analysis import metrics
from aecore.datasets import Data, as_float
from aecore.specs.probe import ProbeSpec
from aecore.specs.run import digest
from aecore.store.files import FORMAT, read_json, write_json
from aecore.worker.probe.classifiers import Labelled, NotApplicable, knn_accuracy, logistic_accuracy, parts, usable
from aecore.worker.projection import quality

JUDGED = 5000  # validation samples that trustworthiness looks at, the first ones
PART = 5000

Numbers = dict[str, Any]
Tell = Callable[[str], None]  # called with what is being done; may raise to end it


def pixels(spec: ProbeSpec, data: Data, cache: Path, tell: Tell) -> Numbers:
    """How well classes are found in the samples themselves: `knn_accuracy` and `logistic_accuracy`."""

    def compute() -> Numbers:
        train, validation = flat(data.train), flat(data.validation)
        return classes(spec, data, train, validation, lambda: tell("raw pixels"))

    return _kept(spec, data, "pixels", cache, compute)


def pca(spec: ProbeSpec, data: Data, size: int, cache: Path, tell: Tell) -> Numbers:
    """The same of `size` principal components, with `trustworthiness` and what their signs are worth as a hash.

    Where the data has fewer components, all of them.
    """
    most = min(data.info.features, len(data.train) - 1)

    def compute() -> Numbers:
        def told() -> None:
            tell("PCA of the same size")

        told()
        center, axes = metrics.principal_axes(data.train)
        train, validation = (_projected(x, center, axes[:, :size]) for x in (data.train, data.validation))
        found = classes(spec, data, train, validation, told)
        found["trustworthiness"] = _or_none(lambda: trustworthiness(data, validation))
        return found | _or_none(lambda: hashing(data, usable(validation) > 0), {})

    return _kept(spec, data, f"pca {min(size, most)}", cache, compute)


def classes(
    spec: ProbeSpec, data: Data, train: np.ndarray, validation: np.ndarray, tell: Callable[[], None]
) -> Numbers:
    """`knn_accuracy` and `logistic_accuracy` of a representation; None where there is no such number."""
    if data.train_labels is None or data.validation_labels is None:
        return {}
    labelled = Labelled(train, data.train_labels[: len(train)], validation, data.validation_labels)
    return {
        "knn_accuracy": _or_none(lambda: knn_accuracy(spec, labelled, tell)),
        "logistic_accuracy": _or_none(lambda: logistic_accuracy(spec, labelled, tell)),
    }


def trustworthiness(data: Data, codings: np.ndarray) -> float:
    """Are neighbours among the codings (n, d) neighbours among the pixels? See `aecore.worker.projection.quality`."""
    x = flat(data.validation[:JUDGED])
    if len(x) < 3:
        raise NotApplicable(f"needs at least 3 validation samples, there are {len(x)}")
    if not np.ptp(x, axis=0).any():
        raise NotApplicable("all samples are equal")
    return quality.trustworthiness(x, usable(codings[:JUDGED]))


def hashing(data: Data, bits: np.ndarray) -> Numbers:
    """What codes of bits (n, d) of the validation samples are worth as a hash."""
    found: Numbers = {"bit_balance": metrics.bit_balance(bits), "distinct_codes": metrics.distinct_codes(bits)}
    if data.validation_labels is not None:
        found["bucket_precision"] = metrics.bucket_precision(bits, data.validation_labels)
    return found


def flat(samples: np.ndarray) -> np.ndarray:
    """Samples (n, *shape) as float32 (n, features)."""
    return as_float(samples).reshape(len(samples), -1)


def _projected(samples: np.ndarray, center: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(n, *shape) to (n, components), in parts, so that no large copy is made."""
    return np.concatenate([(flat(samples[part]) - center) @ axes for part in parts(len(samples), PART)])


def _kept(spec: ProbeSpec, data: Data, kind: str, cache: Path, compute: Callable[[], Numbers]) -> Numbers:
    key = digest("baseline", kind, spec.canonical_json(), data.info.fingerprint)
    path = cache / "baselines" / f"{key}.json"
    kept = read_json(path, {})
    if kept.get("format") != FORMAT:
        kept = {"format": FORMAT, "key": key, "dataset": data.info.name, "kind": kind, "numbers": compute()}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, kept)
    return kept["numbers"]


def _or_none(find: Callable[[], Any], nothing: Any = None) -> Any:
    try:
        return find()
    except NotApplicable:
        return nothing
