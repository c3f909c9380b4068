"""Folders of pretraining experiments: `cache/pretraining/<key>/`.

spec.json      format version, key, the autoencoder's run and spec, the experiment's spec
status.json    state, message, fraction, eta (seconds left)
results.json   rows [labels, seed, arm, accuracy], presented (samples the classifiers were trained on so far) and
               seconds (their training time); rewritten after every training
DONE | STOPPED written last
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

from aecore import datasets
from aecore.errors import RunError, SpecError
from aecore.settings import cache_folder
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.files import FORMAT, read_json, write_json
from aecore.store.runs import ResultFolder


class Row(NamedTuple):
    """The result of one training: `accuracy` is the share of validation samples that are classified correctly."""

    labels: int
    seed: int
    arm: str
    accuracy: float


class Experiment(ResultFolder):
    """The folder of an experiment; the module's docstring lists its files."""

    @property
    def spec(self) -> PretrainSpec:
        """The experiment's spec. Raises `RunError` for a missing or damaged spec.json."""
        values = read_json(self.folder / "spec.json", {})
        if values.get("format") != FORMAT or not {"autoencoder", "pretraining"} <= values.keys():
            raise RunError(f"pretraining {self.key}: unknown, or its description is damaged")
        return PretrainSpec.from_settings(RunSpec.from_dict(values["autoencoder"]), values["pretraining"])

    @property
    def rows(self) -> list[Row]:
        """The results so far, in the order of the trainings."""
        return [Row(*row) for row in read_json(self.folder / "results.json", {}).get("rows", [])]

    @property
    def seconds_per_sample(self) -> float | None:
        """Training seconds per presented sample; None before the first training has ended."""
        results = read_json(self.folder / "results.json", {})
        return results["seconds"] / results["presented"] if results.get("presented") else None


def experiment_of(spec: PretrainSpec, cache: Path | None = None) -> Experiment:
    """The experiment of that spec, in any state, 'missing' included."""
    return open_experiment(key_of(spec), cache)


def open_experiment(key: str, cache: Path | None = None) -> Experiment:
    """The experiment of that key, in any state, 'missing' included."""
    return Experiment((cache or cache_folder()) / "pretraining" / key)


def experiments(autoencoder: RunSpec, cache: Path | None = None) -> list[Experiment]:
    """All experiments with that autoencoder's encoder, in any state, the newest last."""
    run, folder = runs.run_key(autoencoder), (cache or cache_folder()) / "pretraining"
    candidates = [Experiment(path) for path in folder.glob("[0-9a-f]*")]
    matching = [
        experiment for experiment in candidates if read_json(experiment.folder / "spec.json", {}).get("run") == run
    ]
    return sorted(matching, key=lambda experiment: (experiment.status().get("started") or 0, experiment.key))


def rows_like(spec: PretrainSpec, cache: Path | None = None) -> list[Row]:
    """The results of all experiments that differ from `spec` only in their labels and number of seeds, sorted.

    A training depends only on its own number of labels and seed, so these results are comparable.
    """
    rows: dict[tuple[int, int, str], Row] = {}
    for experiment in experiments(spec.autoencoder, cache):
        try:
            comparable = dataclasses.replace(experiment.spec, labels=spec.labels, seeds=spec.seeds) == spec
        except (RunError, SpecError):
            continue
        for row in experiment.rows if comparable else []:
            rows[row[:3]] = row
    return [rows[training] for training in sorted(rows)]


def expected_seconds(spec: PretrainSpec, cache: Path | None = None) -> float | None:
    """Expected training seconds of the classifiers: from the newest experiment with this encoder, else from the
    autoencoder's training (its decoder costs about as much as the smaller batches); None without either."""
    paces = [pace for experiment in experiments(spec.autoencoder, cache) if (pace := experiment.seconds_per_sample)]
    if not paces:
        run, n = runs.run_of(spec.autoencoder, cache), datasets.info(spec.autoencoder.dataset).n_train
        metrics = run.metrics
        if metrics.get("seconds") and metrics.get("epochs"):
            paces = [metrics["seconds"] / (metrics["epochs"] * n)]
    return paces[-1] * spec.presented() if paces else None


def key_of(spec: PretrainSpec) -> str:
    """The experiment's key. Raises an `AecoreError` for an autoencoder that does not fit its data set."""
    return spec.key(runs.run_key(spec.autoencoder))


def describe(spec: PretrainSpec, folder: Path) -> None:
    """Write the `spec.json` of an experiment's folder."""
    write_json(
        folder / "spec.json",
        {
            "format": FORMAT,
            "key": key_of(spec),
            "run": runs.run_key(spec.autoencoder),
            "autoencoder": json.loads(spec.autoencoder.canonical_json()),
            "pretraining": spec.to_dict(),
        },
    )
