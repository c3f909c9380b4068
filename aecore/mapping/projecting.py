"""From a run folder to a map folder, `runs/<run>/map/<key>/`:

spec.json      format version, key, the run's key, the map's spec
status.json    state, message (the stage), fraction
index.npy      (n,) which validation samples are mapped, ascending
points.npy     (n, dimensions) float32: where they lie
metrics.json   trustworthiness, continuity, knn_map, knn_codings (null without labels), n, codings, seconds
DONE           written last
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aecore import datasets
from aecore.errors import AecoreError, DatasetError
from aecore.mapping import engines, quality
from aecore.mapping.spec import MapSpec
from aecore.runs import Run, Work, write_array, write_json

STATUS_SECONDS = 0.3
ENGINE_SHARE = 0.7  # of the work, roughly; the rest judges the map
STAGES = {"none": "taking the codings as they are", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def fill(spec: MapSpec, run: Run, folder: Path, should_stop: Callable[[], bool]) -> None:
    """Draw the map and write its folder; see `aecore.mapping.project`."""
    started, told = time.time(), 0.0
    work = Work(folder)

    def tell(stage: str, fraction: float, always: bool = True) -> None:
        nonlocal told
        if should_stop():
            raise engines.Stopped
        if always or time.monotonic() - told >= STATUS_SECONDS:
            told = time.monotonic()
            work.write_status(state="running", message=stage, fraction=round(fraction, 3), started=started)

    folder.mkdir(parents=True, exist_ok=True)
    spec.describe(folder, run.key)
    try:
        tell("reading the codings", 0.0)
        codings = run.array("codings")
        labels = _validation_labels(run)
        index = fair_sample(len(codings), spec.n, labels)
        x = mappable(_values(run, spec.layer, codings, index))
        spec.check(len(x))
        tell(STAGES[spec.method], 0.05)
        narrow = engines.principal_components(x, engines.WIDE) if min(x.shape) > engines.WIDE else x
        points = engines.embed(
            x if spec.method == "none" else narrow,
            spec,
            lambda share: tell(STAGES[spec.method], 0.05 + ENGINE_SHARE * share, always=False),
        )
        tell("judging the map", 0.05 + ENGINE_SHARE)
        trust = quality.trustworthiness(x, points)
        tell("judging the map", 0.9)
        metrics = {
            "trustworthiness": trust,
            "continuity": quality.continuity(x, points),
            "knn_map": quality.knn_accuracy(points, labels[index]) if labels is not None else None,
            "knn_codings": quality.knn_accuracy(x, labels[index]) if labels is not None else None,
            "n": len(index),
            "codings": x.shape[1],
            "seconds": round(time.time() - started, 3),
        }
        tell("writing", 0.99)
    except engines.Stopped:
        return
    write_array(folder / "index.npy", index)
    write_array(folder / "points.npy", points)
    write_json(folder / "metrics.json", metrics)
    work.write_status(state="finished", message="", fraction=1.0, started=started)
    work.mark("DONE")


def fair_sample(total: int, n: int, labels: np.ndarray | None) -> np.ndarray:
    """`n` of `total` samples, ascending, as many of each class as there are: the same ones for every method and seed.

    Smaller samples are parts of larger ones.
    """
    order = np.random.default_rng(0).permutation(total)
    if total > n and labels is not None:
        order = datasets.balanced(order, labels)
    return np.sort(order[:n])


def mappable(x: np.ndarray) -> np.ndarray:
    """`x` as float32 if there is anything to map, else `AecoreError`."""
    x = np.asarray(x, np.float32)
    if not np.isfinite(x).all():
        raise AecoreError("codings: got NaN or infinite values (the training diverged), allowed: finite ones")
    if len(x) and not np.ptp(x, axis=0).any():
        raise AecoreError("all codings are equal: there is nothing to map")
    return x


def _values(run: Run, layer: str, codings: np.ndarray, index: np.ndarray) -> np.ndarray:
    """What is mapped, (n, d): codings, or a layer's activations, flattened."""
    if layer == "codings":
        return codings[index].reshape(len(index), -1)
    from aecore import inference  # ONNX Runtime, only where it is needed

    x = datasets.as_float(datasets.load(run.spec.dataset).validation[index])
    return inference.layer_activations(run, x, layer).reshape(len(index), -1)


def _validation_labels(run: Run) -> np.ndarray | None:
    """None where the data has no labels or no copy is here: the map is then drawn all the same."""
    try:
        return datasets.load(run.spec.dataset).validation_labels
    except DatasetError:
        return None
