"""From a run folder to a probe folder, `runs/<run>/probe/<key>/`:

spec.json      format version, key, the run's key, the probe's spec
status.json    state, message (the stage), fraction
metrics.json   the numbers of `aecore.analysis.probe_numbers` by name, with their `pca_…` and `pixels_…` companions;
               null where a number does not exist, and `reasons`: {name: why}; n_train, n_stored, n_validation,
               coding_size, seconds
DONE           written last
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from aecore import datasets
from aecore.analysis import hashing, inference, metrics
from aecore.analysis.probe_numbers import NUMBERS
from aecore.datasets import Data, as_float
from aecore.specs.probe import ProbeSpec
from aecore.store.files import write_json
from aecore.store.runs import ResultFolder, Run, describe
from aecore.worker.probe import baselines
from aecore.worker.probe.classifiers import Labelled, NotApplicable, knn_accuracy, logistic_accuracy, parts, usable

STATUS_SECONDS = 0.3
ENCODED_AT_ONCE = 2000
DIGITS = 6  # significant ones that are kept
COPIED = (  # what the training measured already
    "val_mse",
    "val_bce",
    "rounded_accuracy",
    "pca_mse",
    "active_dimensions",
    "silent_share",
    "mean_activation",
    "dead_units",
)
COMPARED = ("knn_accuracy", "logistic_accuracy", "trustworthiness", "bit_balance", "bucket_precision", "distinct_codes")
HASHES = ("bit_balance", "bucket_precision", "distinct_codes")
NO_LABELS = "the data has no labels"


class _Stopped(Exception):
    pass


def compute(spec: ProbeSpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Measure a run and write the result into `folder`; see the module's docstring for the files.

    Returns without a `DONE` mark when `should_stop()` says so. What cannot be measured is null, with the reason.
    Raises an `AecoreError` with one line where the data or the run's files are missing.
    """
    started, told = time.time(), 0.0
    work = ResultFolder(folder)

    def tell(stage: str, fraction: float) -> None:
        nonlocal told
        if should_stop():
            raise _Stopped
        if time.monotonic() - told >= STATUS_SECONDS:
            told = time.monotonic()
            work.write_status(state="running", message=stage, fraction=round(fraction, 3), started=started)

    folder.mkdir(parents=True, exist_ok=True)
    describe(spec, run.key, folder)
    try:
        found = measure(spec, run, datasets.load(run.spec.dataset), tell)
    except _Stopped:
        return
    write_json(folder / "metrics.json", {**found, "seconds": round(time.time() - started, 3)})
    work.write_status(state="finished", message="", fraction=1.0, started=started)
    work.mark("DONE")


def measure(spec: ProbeSpec, run: Run, data: Data, tell: Callable[[str, float], None]) -> dict[str, Any]:
    """Everything in `metrics.json` but the seconds. `tell(stage, fraction)` may raise to end it."""
    # One thread: whoever trains meanwhile needs the others, and the numbers must not depend on how many there are.
    with threadpool_limits(1):
        return _Measurement(spec, run, data, tell).all()


class _Measurement:
    def __init__(self, spec: ProbeSpec, run: Run, data: Data, tell: Callable[[str, float], None]) -> None:
        self.spec, self.run, self.data, self.tell = spec, run, data, tell
        self.cache = run.folder.parent.parent
        self.codings = np.asarray(run.array("codings"), np.float32).reshape(len(data.validation), -1)
        self.found: dict[str, Any] = {}
        self.reasons: dict[str, str] = {}

    def all(self) -> dict[str, Any]:
        self.tell("reading the codings", 0.0)
        self._copy()
        self._try(("gain_over_pca",), self._gain)
        self._classes()
        self._try(("trustworthiness",), self._trustworthiness)
        self._try(("kl", "kl_per_dimension", "elbo"), self._variational)
        self._try(HASHES, self._hashing)
        self._baselines()
        for name in (number.name for number in NUMBERS):
            value = self.found.setdefault(name, None)
            if value is None or not np.isfinite(value).all():
                self.found[name] = None
                self.reasons.setdefault(name, "it came out as no finite number")
        return {
            **{name: _rounded(value) for name, value in self.found.items()},
            "reasons": self.reasons,
            "n_train": min(self.spec.n_train, len(self.data.train)),
            "n_stored": min(self.spec.n_stored, len(self.data.train)),
            "n_validation": len(self.data.validation),
            "coding_size": self.codings.shape[1],
        }

    def _try(self, names: tuple[str, ...], find: Callable[[], dict[str, Any]]) -> None:
        """Add what `find` gives, or the reason why there is none of `names`."""
        try:
            self.found.update(find())
        except NotApplicable as why:
            self.reasons.update(dict.fromkeys(names, str(why)))

    def _copy(self) -> None:
        known = self.run.metrics
        self.found.update({name: known.get(name) for name in COPIED})
        if not self.data.info.unit_range:
            self.reasons.update(dict.fromkeys(("val_bce", "rounded_accuracy"), "the data is not within 0 and 1"))

    def _gain(self) -> dict[str, Any]:
        mse, floor = self.found["val_mse"], self.found["pca_mse"]
        if mse is None or not floor:
            raise NotApplicable("with so many components PCA makes no error")
        return {"gain_over_pca": 100 * (1 - mse / floor)}

    def _classes(self) -> None:
        names = ("knn_accuracy", "logistic_accuracy")
        train_labels, validation_labels = self.data.train_labels, self.data.validation_labels
        if train_labels is None or validation_labels is None:
            self.reasons.update(dict.fromkeys(names, NO_LABELS))
            return
        n = min(max(self.spec.n_train, self.spec.n_stored), len(self.data.train))
        codings = self._encoded(self.data.train[:n])
        labelled = Labelled(codings, train_labels[:n], self.codings, validation_labels)
        for name, find, done in (
            ("knn_accuracy", knn_accuracy, 0.4),
            ("logistic_accuracy", logistic_accuracy, 0.5),
        ):
            self._try(
                (name,),
                lambda name=name, find=find, done=done: {  # type: ignore[misc]
                    name: find(self.spec, labelled, lambda: self.tell("looking for the classes in the codings", done))
                },
            )

    def _encoded(self, samples: np.ndarray) -> np.ndarray:
        encoded = np.empty((len(samples), self.codings.shape[1]), np.float32)
        for part in parts(len(samples), ENCODED_AT_ONCE):
            self.tell("encoding training samples", 0.4 * part.start / len(samples))
            encoded[part] = inference.encode(self.run, samples[part])
        return encoded

    def _trustworthiness(self) -> dict[str, Any]:
        self.tell("comparing neighbours", 0.6)
        return {"trustworthiness": baselines.trustworthiness(self.data, self.codings)}

    def _variational(self) -> dict[str, Any]:
        if not self.run.spec.variational:
            raise NotApplicable("only variational codings have a distribution")
        divergences = self.run.metrics.get("kl_per_dimension") or []
        if not divergences or None in divergences:
            raise NotApplicable("the divergence is not finite: the training diverged")
        kl = float(np.sum(divergences))
        found: dict[str, Any] = {"kl": kl, "kl_per_dimension": divergences}
        self._try(("elbo",), lambda: {"elbo": -self._drawn_cross_entropy() - kl})
        return found

    def _drawn_cross_entropy(self) -> float:
        """Nats a sample: the mean over the validation samples, each decoded from one draw of its codings."""
        if not self.data.info.unit_range or self.run.spec.output_activation != "sigmoid":
            raise NotApplicable("the cross-entropy needs data and reconstructions within 0 and 1")
        random, total = np.random.default_rng(self.spec.seed), 0.0
        for part in parts(len(self.codings), ENCODED_AT_ONCE):
            self.tell("drawing codings", 0.7)
            x, mean = self.data.validation[part], self.codings[part]
            deviation = np.exp(0.5 * inference.log_variance(self.run, x))
            y = inference.decode(self.run, mean + deviation * random.standard_normal(mean.shape, np.float32))
            total += metrics.bce(as_float(x), y) * len(x)
        return total / len(self.codings) * self.data.info.features

    def _hashing(self) -> dict[str, Any]:
        if not self.run.spec.hashes:
            raise NotApplicable("only noise before the codings makes a hash of them")
        if self.data.validation_labels is None:
            self.reasons["bucket_precision"] = NO_LABELS
        return baselines.hashing(self.data, hashing.bits(usable(self.codings), hashing.threshold(self.run.spec)))

    def _baselines(self) -> None:
        """The same numbers of PCA codings and of raw pixels, as far as this run has them."""
        size = self.codings.shape[1]
        pca = baselines.pca(self.spec, self.data, size, self.cache, lambda stage: self.tell(stage, 0.8))
        pixels = baselines.pixels(self.spec, self.data, self.cache, lambda stage: self.tell(stage, 0.9))
        for prefix, baseline in (("pca", pca), ("pixels", pixels)):
            self.found.update(
                {
                    f"{prefix}_{name}": baseline[name]
                    for name in COMPARED
                    if name in baseline and self.found.get(name) is not None
                }
            )


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{DIGITS}g}")
    return value
