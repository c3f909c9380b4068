"""AUROC of anomaly detection on the embedded Fashion-MNIST: every class left out of the training in turn, and digits.

    python -m tests.bench.anomalies [--presets NAME ...] [--codings N] [--seeds N ...]

For each class a run is trained without it; its validation samples are the anomalies among those of the other classes.
Each row is a class, the mean over the seeds; the last rows are the mean over the classes and scikit-learn's digits
against runs trained on all classes. Scores are those of the page Anomalies (`aecore.worker.anomalies`).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aecore import datasets, presets
from aecore.analysis.anomalies import SCORES
from aecore.specs.anomalies import AnomalySpec
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.files import read_json
from aecore.worker import anomalies, training
from tests.bench.common import print_table

DATASET = "fashion-mnist-12k"


def aurocs(spec: RunSpec, test: AnomalySpec) -> dict[str, float]:
    """{score: AUROC} of a test with a run that is trained for it."""
    with tempfile.TemporaryDirectory() as folder:
        run = runs.run_of(spec, Path(folder))
        training.train(spec, run.folder, lambda: False)
        work = run.derived(test).folder
        anomalies.compute(test, run, work)
        return {name: values[0] for name, values in read_json(work / "metrics.json", {})["auroc"].items()}


def measure(preset: str, codings: int, seeds: Sequence[int]) -> None:
    base = presets.get(preset).spec.replace(dataset=DATASET, coding_size=codings)
    rows: list[tuple[str, list[dict[str, float]]]] = []
    for label, name in enumerate(datasets.info(DATASET).classes):
        specs = [base.replace(seed=seed, leave_out=(label,)) for seed in seeds]
        rows.append((name, [aurocs(spec, AnomalySpec(label=label)) for spec in specs]))
        print(f"{name}: {_mean(rows[-1][1], 'autoencoder'):.3f}", flush=True)
    every = [values for _, of_class in rows for values in of_class]
    digits = AnomalySpec(against="dataset", dataset="digits")
    rows += [("mean", every), ("digits", [aurocs(base.replace(seed=seed), digits) for seed in seeds])]
    names = [name for name in SCORES if name in every[0]]
    print_table(
        f"AUROC, {preset}, {codings} codings, seeds {', '.join(map(str, seeds))}",
        ("anomalies", *(SCORES[name] for name in names)),
        [(name, *(f"{_mean(values, score):.3f}" for score in names)) for name, values in rows],
    )


def _mean(values: list[dict[str, float]], name: str) -> float:
    return float(np.mean([one[name] for one in values]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=["stacked"])
    parser.add_argument("--codings", type=int, default=10)
    parser.add_argument("--seeds", nargs="+", type=int, default=[42, 43, 44])
    options = parser.parse_args()
    for preset in options.presets:
        measure(preset, options.codings, options.seeds)
