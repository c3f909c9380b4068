"""The map of a run, computed and written to `runs/<run>/map/<key>/`:

spec.json       format version, key, the run's key, the map's spec
status.json     state, message (the stage), fraction
index.npy       (n,) int32: the numbers of the mapped samples (see `aecore.datasets.Data`), ascending
points.npy      (n, dimensions) float32: the map
neighbours.npz  codings, map: (n, 10) uint16, the nearest neighbours of each point among the codings and on the map,
                nearest first, as row numbers of `points` (n − 1 columns for n ≤ 10); trust, continuity: (n,) float32
                in [0, 1], see `aecore.worker.projection.quality`
basis.npz       PCA only: mean (d,), components (dimensions, d); points = (codings − mean) @ components.T
metrics.json    trustworthiness, continuity, knn_map, knn_codings (null without labels), n, codings, seconds
DONE            written last
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aecore import datasets
from aecore.analysis.neighbours import LARGE, SMALL
from aecore.errors import AecoreError, DatasetError
from aecore.specs.map import MapSpec
from aecore.store.files import write_array, write_arrays, write_json
from aecore.store.progress import ProgressWriter, Report, Stopped
from aecore.store.runs import ResultFolder, Run, describe
from aecore.worker.projection import engines, quality

CHUNK = 2000  # samples encoded between two reports
MAX_NUMBERS = 250_000_000  # in the input of a map: a gigabyte
STAGES = {"none": "taking the codings as they are", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class MapInput:
    """The input of a map: sample numbers `index` (n,), ascending, `x` (n, d) float32 and `labels` (n,) or None."""

    index: np.ndarray
    x: np.ndarray
    labels: np.ndarray | None


def compute(spec: MapSpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Compute the map of a run and write it into `folder`; the module's docstring lists the files.

    Returns without a `DONE` mark once `should_stop()` is true. Raises an `AecoreError` with one line for codings
    that cannot be mapped and for settings that do not fit the number of points.
    """
    folder.mkdir(parents=True, exist_ok=True)
    describe(spec, run.key, folder)
    progress = ProgressWriter(ResultFolder(folder), should_stop)
    try:
        source = map_input(spec, run, progress.stage("reading the codings", 0.0, 0.05))
        index, x, labels = source.index, source.x, source.labels
        searched, embedded = shares(spec.method, len(x))
        k = min(max(quality.NEIGHBOURS + 1, quality.STORED, engines.needed(spec)), len(x) - 1)
        near = engines.neighbours(x, k, progress.stage("finding neighbours", 0.05, searched))
        points = engines.embed(x, spec, progress.stage(STAGES[spec.method], searched, embedded), near)
        report = progress.stage("judging the map", embedded, 1.0)
        trust = quality.measure_trust(x, points, near[0], report)
        metrics = {
            "trustworthiness": trust.trustworthiness,
            "continuity": trust.continuity_mean,
            "knn_map": quality.vote_accuracy(trust.near_map, labels, points) if labels is not None else None,
            "knn_codings": quality.vote_accuracy(near[0], labels, x) if labels is not None else None,
            "n": len(x),
            "codings": x.shape[1],
            "seconds": progress.seconds,
        }
        report(1.0)
    except Stopped:
        return
    write_array(folder / "index.npy", index.astype(np.int32))
    write_array(folder / "points.npy", points)
    neighbours = {  # a map has at most 60,000 points
        "codings": near[0][:, : quality.STORED].astype(np.uint16),
        "map": trust.near_map.astype(np.uint16),
    }
    write_arrays(folder / "neighbours.npz", neighbours | {"trust": trust.trust, "continuity": trust.continuity})
    if spec.method == "pca":
        mean, components = engines.axes(x, spec.dimensions)
        write_arrays(folder / "basis.npz", {"mean": mean, "components": components})
    write_json(folder / "metrics.json", metrics)
    progress.finish()


def shares(method: str, n: int) -> tuple[float, float]:
    """The fraction of a map's computing time, 0 to 1, after the neighbour search and after the embedding of `n` points.

    From rough seconds on two cores; search and trust compare all pairs, or each point with `quality.REFERENCES`.
    """
    search, trust = 3e-9 * n * n, 6e-8 * n * min(n, quality.REFERENCES)
    engine = {"tsne": 1e-3 * n if n <= engines.TREE_POINTS else 5 + 4e-4 * n, "umap": 0.5 + 2.5e-4 * n}
    embedding = engine.get(method, 0.01)
    second = 0.95 / (search + embedding + trust)  # the first 5 % are reading the codings
    return 0.05 + second * search, 0.05 + second * (search + embedding)


def map_input(spec: MapSpec, run: Run, report: Report = lambda share: None) -> MapInput:
    """The samples of this map with their codings, or with a layer's activations, flattened.

    `report` is called with the share of the samples that is encoded. Raises `AecoreError` if the values cannot be
    mapped, or the spec does not fit their shape.
    """
    codings = run.array("codings")
    data = _data_if_available(run)
    numbers = np.arange(len(codings))
    if spec.split == "all":
        data = datasets.load(run.spec.dataset)
        numbers = np.concatenate([numbers, data.info.n_validation + np.arange(data.info.n_train)])
    labels = data.labels_of(numbers) if data is not None else None
    chosen = fair_sample(len(numbers), spec.n, labels)
    index = numbers[chosen]
    if spec.layer == "codings":
        validation = index[index < len(codings)]
        x = codings[validation].reshape(len(validation), int(np.prod(codings.shape[1:])))
        if len(validation) < len(index):  # a run stores the codings of its validation samples only
            x = np.concatenate([x, _encoded(run, spec.layer, index[len(validation) :], report)])
    else:
        x = _encoded(run, spec.layer, index, report)
    x = mappable(x)
    spec.check(*x.shape)
    return MapInput(index, x, None if labels is None else labels[chosen])


def fair_sample(total: int, n: int, labels: np.ndarray | None) -> np.ndarray:
    """Numbers of `n` of `total` samples, ascending, balanced over the classes of `labels` (total,).

    They depend on neither method nor seed, and a smaller sample is a subset of a larger one.
    """
    order = np.random.default_rng(0).permutation(total)
    if total > n and labels is not None:
        order = datasets.balanced(order, labels)
    return np.sort(order[:n])


def mappable(x: np.ndarray) -> np.ndarray:
    """`x` (n, d) as float32. Raises `AecoreError` if values are not finite or their squares are too large for float32,
    and if all rows are equal or differ by less than such squares can tell."""
    x = np.asarray(x, np.float32)
    if not np.isfinite(x).all():
        raise AecoreError(
            "the codings contain NaN or infinite values (training diverged); "
            "train the run again with a smaller learning rate"
        )
    largest = float(np.abs(x).max(initial=0))
    if largest > LARGE:
        raise AecoreError(
            f"the codings are as large as {largest:.0e}, too large to be compared (training diverged); "
            "train the run again with a smaller learning rate"
        )
    spread = float(np.ptp(x, axis=0).max(initial=0)) if len(x) else 1.0
    if spread < SMALL:
        less = f"or differ by less than {SMALL:g}" if spread else ""
        raise AecoreError(" ".join(filter(None, ("all codings are equal", less))) + ": there is nothing to map")
    return x


def _encoded(run: Run, layer: str, numbers: np.ndarray, report: Report) -> np.ndarray:
    """The codings of these samples, or the activations of a layer, flattened: (n, d) float32."""
    from aecore.analysis import inference  # imports ONNX Runtime

    data = datasets.load(run.spec.dataset)
    x = np.empty((0, 0), np.float32)
    for begin in range(0, len(numbers), CHUNK):
        report(begin / len(numbers))
        samples = datasets.as_float(data.numbered(numbers[begin : begin + CHUNK]))
        if layer == "codings":
            part = inference.encode(run, samples)
        else:
            part = inference.layer_activations(run, samples, layer)
        part = part.reshape(len(part), -1)
        if begin == 0:
            most = MAX_NUMBERS // part.shape[1]
            if len(numbers) > most:
                raise AecoreError(f"n: got {len(numbers):,}, allowed: up to {most:,} for {part.shape[1]:,} values each")
            x = np.empty((len(numbers), part.shape[1]), np.float32)
        x[begin : begin + len(part)] = part
    return x


def _data_if_available(run: Run) -> datasets.Data | None:
    """The run's data set; None without a copy on this machine: a map of stored codings only lacks its labels then."""
    try:
        return datasets.load(run.spec.dataset)
    except DatasetError:
        return None
