"""Pretraining experiments on disk: `cache/pretraining/<key>/`.

spec.json      format version, key, the autoencoder's run and spec, the experiment's spec
status.json    state, message, fraction, eta (seconds left)
results.json   rows [labels, seed, arm, accuracy], written anew after every training; presented (how many samples
               the classifiers were trained on so far) and the seconds that took
DONE | STOPPED written last
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

from aecore import datasets
from aecore.errors import RunError, SpecError
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.files import FORMAT, cache_folder, read_json, write_json
from aecore.store.runs import ResultFolder


class Row(NamedTuple):
    """What one training came to: the share of the validation samples that the classifier puts into their class."""

    labels: int
    seed: int
    arm: str
    accuracy: float


class Experiment(ResultFolder):
    """A pretraining folder, see the module's docstring for its files."""

    @property
    def spec(self) -> PretrainSpec:
        values = read_json(self.folder / "spec.json", {})
        if values.get("format") != FORMAT or not {"autoencoder", "pretraining"} <= values.keys():
            raise RunError(f"pretraining {self.key}: unknown, or its description is damaged")
        return PretrainSpec.from_settings(RunSpec.from_dict(values["autoencoder"]), values["pretraining"])

    @property
    def rows(self) -> list[Row]:
        """The trainings done so far, in the order in which they were done."""
        return [Row(*row) for row in read_json(self.folder / "results.json", {}).get("rows", [])]

    @property
    def seconds_per_sample(self) -> float | None:
        """What training on one sample took; None before the first training ended."""
        found = read_json(self.folder / "results.json", {})
        return found["seconds"] / found["presented"] if found.get("presented") else None


def experiment_of(spec: PretrainSpec, cache: Path | None = None) -> Experiment:
    """The folder of that experiment, in whatever state ('missing' where nobody asked for it yet)."""
    return Experiment((cache or cache_folder()) / "pretraining" / key_of(spec))


def experiments(autoencoder: RunSpec, cache: Path | None = None) -> list[Experiment]:
    """Every experiment with that autoencoder's encoder, whatever its state, the last one last."""
    run, folder = runs.run_key(autoencoder), (cache or cache_folder()) / "pretraining"
    found = [Experiment(path) for path in folder.glob("[0-9a-f]*")]
    alike = [each for each in found if read_json(each.folder / "spec.json", {}).get("run") == run]
    return sorted(alike, key=lambda each: (each.status().get("started") or 0, each.key))


def rows_like(spec: PretrainSpec, cache: Path | None = None) -> list[Row]:
    """The trainings of every experiment that differs from `spec` in nothing but its labels and its number of seeds.

    A training depends on its own number of labels and its own seed alone, so these belong in one picture.
    """
    found: dict[tuple[int, int, str], Row] = {}
    for each in experiments(spec.autoencoder, cache):
        try:
            alike = dataclasses.replace(each.spec, labels=spec.labels, seeds=spec.seeds) == spec
        except (RunError, SpecError):
            continue
        for row in each.rows if alike else []:
            found[row[:3]] = row
    return [found[place] for place in sorted(found)]


def expected_seconds(spec: PretrainSpec, cache: Path | None = None) -> float | None:
    """Seconds the classifiers will take: from the last experiment with this encoder, else from its autoencoder's
    training (the decoder it does without weighs about as much as the smaller batches); None where nothing is known."""
    known = [seconds for each in experiments(spec.autoencoder, cache) if (seconds := each.seconds_per_sample)]
    if not known:
        run, n = runs.run_of(spec.autoencoder, cache), datasets.info(spec.autoencoder.dataset).n_train
        found = run.metrics
        known = [found["seconds"] / (found["epochs"] * n)] if found.get("seconds") and found.get("epochs") else []
    return known[-1] * spec.presented() if known else None


def key_of(spec: PretrainSpec) -> str:
    """The experiment's key. Raises an `AecoreError` for an autoencoder that its data set cannot serve."""
    return spec.key(runs.run_key(spec.autoencoder))


def describe(spec: PretrainSpec, folder: Path) -> None:
    """Write `spec.json`: what the folder holds or is going to hold."""
    write_json(
        folder / "spec.json",
        {
            "format": FORMAT,
            "key": key_of(spec),
            "run": runs.run_key(spec.autoencoder),
            "autoencoder": json.loads(spec.autoencoder.canonical_json()),
            "pretraining": spec.settings,
        },
    )
