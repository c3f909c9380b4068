"""From a run folder to a map folder, `runs/<run>/map/<key>/`:

spec.json       format version, key, the run's key, the map's spec
status.json     state, message (the stage), fraction
index.npy       (n,) the numbers of the samples that are mapped (see `aecore.datasets.Data`), ascending
points.npy      (n, dimensions) float32: where they lie
neighbours.npz  codings, map: (n, 10) uint16, each point's nearest others in what was mapped and in the map, nearest
                first, as positions in the map (n − 1 columns where there are no ten others); trust, continuity:
                (n,) float32, how far each point can be trusted, 1 = perfect
basis.npz       PCA only: mean (d,), components (dimensions, d); points = (codings − mean) @ components.T
metrics.json    trustworthiness, continuity, knn_map, knn_codings (null without labels), n, codings, seconds
DONE            written last
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aecore import datasets
from aecore.errors import AecoreError, DatasetError
from aecore.specs.map import MapSpec
from aecore.store.files import write_array, write_arrays, write_json
from aecore.store.runs import ResultFolder, Run, describe
from aecore.worker.projection import engines, quality
from aecore.worker.projection.engines import Report

STATUS_SECONDS = 0.3
CHUNK = 2000  # samples that are encoded between two reports
MAX_NUMBERS = 250_000_000  # in what is mapped: a gigabyte
STAGES = {"none": "taking the codings as they are", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class Mapped:
    """What is mapped: sample numbers `index` (n,), ascending, `x` (n, d) float32 and `labels` (n,) or None."""

    index: np.ndarray
    x: np.ndarray
    labels: np.ndarray | None


def compute(spec: MapSpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Compute the map of a run and write it into `folder`; see the module's docstring for the files.

    Returns without a `DONE` mark when `should_stop()` says so. Raises an `AecoreError` with one line for codings
    that cannot be mapped and for settings that do not fit the number of points.
    """
    started = time.time()
    work = ResultFolder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    describe(spec, run.key, folder)

    def write(stage: str, fraction: float) -> None:
        if should_stop():
            raise engines.Stopped
        if time.monotonic() - clock.told >= STATUS_SECONDS or stage != clock.stage:
            clock.told, clock.stage = time.monotonic(), stage
            work.write_status(state="running", message=stage, fraction=round(fraction, 3), started=started)

    clock = _Clock(write)
    try:
        mapped = what_is_mapped(spec, run, clock.part("reading the codings", 0.0, 0.05))
        index, x, labels = mapped.index, mapped.x, mapped.labels
        searched, drew = shares(spec.method, len(x))
        k = min(max(quality.NEIGHBOURS, quality.KEPT, engines.needed(spec)), len(x) - 1)
        near = engines.neighbours(x, k, clock.part("finding neighbours", 0.05, searched))
        points = engines.embed(x, spec, clock.part(STAGES[spec.method], searched, drew), near)
        told = clock.part("judging the map", drew, 1.0)
        judged = quality.judge(x, points, near[0], told)
        metrics = {
            "trustworthiness": judged.trustworthiness,
            "continuity": judged.continuity_mean,
            "knn_map": quality.voted(judged.near_map, labels) if labels is not None else None,
            "knn_codings": quality.voted(near[0], labels) if labels is not None else None,
            "n": len(x),
            "codings": x.shape[1],
            "seconds": round(time.time() - started, 3),
        }
        told(1.0)
    except engines.Stopped:
        return
    write_array(folder / "index.npy", index.astype(np.int32))
    write_array(folder / "points.npy", points)
    neighbours = {  # a map has at most 60,000 points
        "codings": near[0][:, : quality.KEPT].astype(np.uint16),
        "map": judged.near_map.astype(np.uint16),
    }
    write_arrays(folder / "neighbours.npz", neighbours | {"trust": judged.trust, "continuity": judged.continuity})
    if spec.method == "pca":
        mean, components = engines.axes(x, spec.dimensions)
        write_arrays(folder / "basis.npz", {"mean": mean, "components": components})
    write_json(folder / "metrics.json", metrics)
    work.write_status(state="finished", message="", fraction=1.0, started=started)
    work.mark("DONE")


class _Clock:
    """Shares of a stage, told as shares of the whole."""

    def __init__(self, write: Callable[[str, float], None]) -> None:
        self.write = write
        self.told, self.stage = 0.0, ""

    def part(self, stage: str, begin: float, end: float) -> Report:
        """What a stage reports to, which is the whole from `begin` to `end`."""
        self.write(stage, begin)
        return lambda share: self.write(stage, begin + (end - begin) * share)


def shares(method: str, n: int) -> tuple[float, float]:
    """How much is done, in time, when the neighbours of `n` points are found and when they are drawn.

    Seconds as measured on two cores, roughly: searching and judging compare all with all, or with 5,000 of them.
    """
    search, judge = 3e-9 * n * n, 6e-8 * n * min(n, quality.REFERENCES)
    engine = {"tsne": 1e-3 * n if n <= engines.TREE_POINTS else 5 + 4e-4 * n, "umap": 0.5 + 2.5e-4 * n}
    drawing = engine.get(method, 0.01)
    second = 0.95 / (search + drawing + judge)  # what is left when the codings are read
    return 0.05 + second * search, 0.05 + second * (search + drawing)


def what_is_mapped(spec: MapSpec, run: Run, report: Report = lambda share: None) -> Mapped:
    """The samples of this map and their codings, or a layer's activations, flattened.

    `report` hears the share of samples that had to be encoded. Raises `AecoreError` where there is nothing to map, or
    the spec does not fit it.
    """
    codings = run.array("codings")
    data = _data(run, needed=spec.split == "all" or spec.layer != "codings")
    numbers = np.arange(len(codings))
    if data is not None and spec.split == "all":
        numbers = np.concatenate([numbers, data.info.n_validation + np.arange(data.info.n_train)])
    labels = data.labels_of(numbers) if data is not None else None
    chosen = fair_sample(len(numbers), spec.n, labels)
    index = numbers[chosen]
    if spec.layer == "codings":
        known = index[index < len(codings)]
        x = codings[known].reshape(len(known), int(np.prod(codings.shape[1:])))
        if data is not None and len(known) < len(index):  # those of training samples are not kept
            x = np.concatenate([x, _encoded(run, data, spec.layer, index[len(known) :], report)])
    else:
        assert data is not None
        x = _encoded(run, data, spec.layer, index, report)
    x = mappable(x)
    spec.check(*x.shape)
    return Mapped(index, x, None if labels is None else labels[chosen])


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


def _encoded(run: Run, data: datasets.Data, layer: str, numbers: np.ndarray, report: Report) -> np.ndarray:
    """(n, d) float32: the codings of these samples, or the activations of a layer, flattened."""
    from aecore.analysis import inference  # ONNX Runtime, only where it is needed

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


def _data(run: Run, needed: bool) -> datasets.Data | None:
    """None where no copy is here: the map is then drawn all the same, unless its samples are `needed`."""
    try:
        return datasets.load(run.spec.dataset)
    except DatasetError:
        if needed:
            raise
        return None
