"""The probe of a run, computed and written to `runs/<run>/probe/<key>/`:

spec.json      format version, key, the run's key, the probe's spec
status.json    state, message (the stage), fraction
metrics.json   the numbers of `aecore.analysis.probe_numbers` by name, with their `pca_…` and `pixels_…` companions;
               null for a number that does not exist, and `reasons`: {name: reason}; n_train, n_stored, n_validation,
               coding_size, seconds
DONE           written last
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
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
from aecore.store.progress import ProgressWriter, Stopped
from aecore.store.runs import ResultFolder, Run, describe
from aecore.worker.probe import baselines
from aecore.worker.probe.classifiers import Labelled, NotApplicable, knn_accuracy, logistic_accuracy, parts, usable

ENCODED_AT_ONCE = 2000
DIGITS = 6  # significant digits in metrics.json
COPIED = (  # measured by the training
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

Update = Callable[[str, float], None]  # called with the stage and the fraction done; may raise to end the work


def compute(spec: ProbeSpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Measure a run and write the numbers into `folder`; the module's docstring lists the files.

    Returns without a `DONE` mark once `should_stop()` is true. A number that cannot be measured is null, with the
    reason. Raises an `AecoreError` with one line if the data or the run's files are missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    describe(spec, run.key, folder)
    progress = ProgressWriter(ResultFolder(folder), should_stop)
    try:
        numbers = measure(spec, run, datasets.load(run.spec.dataset), progress.update)
    except Stopped:
        return
    write_json(folder / "metrics.json", {**numbers, "seconds": progress.seconds})
    progress.finish()


def measure(spec: ProbeSpec, run: Run, data: Data, update: Update) -> dict[str, Any]:
    """The numbers of `metrics.json`, without the seconds. `update(stage, fraction)` may raise to end the probe."""
    # One thread: the others belong to the training worker, and the numbers must not depend on the number of cores.
    with threadpool_limits(1):
        return _Measurement(spec, run, data, update).all()


class _Measurement:
    """The numbers of one run, gathered in `values`; `reasons` says why the others do not exist."""

    def __init__(self, spec: ProbeSpec, run: Run, data: Data, update: Update) -> None:
        self.spec, self.run, self.data, self.update = spec, run, data, update
        self.cache = run.folder.parent.parent
        self.codings = np.asarray(run.array("codings"), np.float32).reshape(len(data.validation), -1)
        self.values: dict[str, Any] = {}
        self.reasons: dict[str, str] = {}

    def all(self) -> dict[str, Any]:
        self.update("reading the codings", 0.0)
        self._copy()
        self._try(("gain_over_pca",), self._gain)
        self._classes()
        self._try(("trustworthiness",), self._trustworthiness)
        self._try(("kl", "kl_per_dimension", "elbo"), self._variational)
        self._try(HASHES, self._hashing)
        self._baselines()
        for name in (number.name for number in NUMBERS):
            value = self.values.setdefault(name, None)
            if value is None or not np.isfinite(value).all():
                self.values[name] = None
                self.reasons.setdefault(name, "it came out as no finite number")
        return {
            **{name: _rounded(value) for name, value in self.values.items()},
            "reasons": self.reasons,
            "n_train": min(self.spec.n_train, len(self.data.train)),
            "n_stored": min(self.spec.n_stored, len(self.data.train)),
            "n_validation": len(self.data.validation),
            "coding_size": self.codings.shape[1],
        }

    def _try(self, names: tuple[str, ...], compute: Callable[[], dict[str, Any]]) -> None:
        """Add the values that `compute` returns, or the reason why there are none of `names`."""
        try:
            self.values.update(compute())
        except NotApplicable as reason:
            self.reasons.update(dict.fromkeys(names, str(reason)))

    def _copy(self) -> None:
        trained = self.run.metrics
        self.values.update({name: trained.get(name) for name in COPIED})
        if not self.data.info.unit_range:
            self.reasons.update(dict.fromkeys(("val_bce", "rounded_accuracy"), "the data is not within 0 and 1"))

    def _gain(self) -> dict[str, Any]:
        mse, pca_mse = self.values["val_mse"], self.values["pca_mse"]
        if mse is None or not pca_mse:
            raise NotApplicable("with so many components PCA makes no error")
        return {"gain_over_pca": 100 * (1 - mse / pca_mse)}

    def _classes(self) -> None:
        train_labels, validation_labels = self.data.train_labels, self.data.validation_labels
        if train_labels is None or validation_labels is None:
            self.reasons.update(dict.fromkeys(("knn_accuracy", "logistic_accuracy"), NO_LABELS))
            return
        n = min(max(self.spec.n_train, self.spec.n_stored), len(self.data.train))
        codings = self._encoded(self.data.train[:n])
        labelled = Labelled(codings, train_labels[:n], self.codings, validation_labels)
        stage = "looking for the classes in the codings"
        for name, accuracy, done in (
            ("knn_accuracy", knn_accuracy, 0.4),
            ("logistic_accuracy", logistic_accuracy, 0.5),
        ):
            try:
                self.values[name] = accuracy(self.spec, labelled, partial(self.update, stage, done))
            except NotApplicable as reason:
                self.reasons[name] = str(reason)

    def _encoded(self, samples: np.ndarray) -> np.ndarray:
        encoded = np.empty((len(samples), self.codings.shape[1]), np.float32)
        for part in parts(len(samples), ENCODED_AT_ONCE):
            self.update("encoding training samples", 0.4 * part.start / len(samples))
            encoded[part] = inference.encode(self.run, samples[part])
        return encoded

    def _trustworthiness(self) -> dict[str, Any]:
        self.update("comparing neighbours", 0.6)
        return {"trustworthiness": baselines.trustworthiness(self.data, self.codings)}

    def _variational(self) -> dict[str, Any]:
        if not self.run.spec.variational:
            raise NotApplicable("only variational codings have a distribution")
        divergences = self.run.metrics.get("kl_per_dimension") or []
        if not divergences or None in divergences:
            raise NotApplicable("the divergence is not finite: the training diverged")
        kl = float(np.sum(divergences))
        self._try(("elbo",), lambda: {"elbo": -self._sampled_cross_entropy() - kl})
        return {"kl": kl, "kl_per_dimension": divergences}

    def _sampled_cross_entropy(self) -> float:
        """Mean cross-entropy in nats per validation sample, each decoded from one draw of its codings."""
        if not self.data.info.unit_range or self.run.spec.output_activation != "sigmoid":
            raise NotApplicable("the cross-entropy needs data and reconstructions within 0 and 1")
        random, total = np.random.default_rng(self.spec.seed), 0.0
        for part in parts(len(self.codings), ENCODED_AT_ONCE):
            self.update("drawing codings", 0.7)
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
        """Add the numbers of PCA codings and of raw pixels that this run has itself."""
        size = self.codings.shape[1]
        pca = baselines.pca(self.spec, self.data, size, self.cache, lambda stage: self.update(stage, 0.8))
        pixels = baselines.pixels(self.spec, self.data, self.cache, lambda stage: self.update(stage, 0.9))
        for prefix, baseline in (("pca", pca), ("pixels", pixels)):
            self.values.update(
                {
                    f"{prefix}_{name}": baseline[name]
                    for name in COMPARED
                    if name in baseline and self.values.get(name) is not None
                }
            )


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{DIGITS}g}")
    return value
