"""One map computed with several seeds, aligned with each other: `runs/<run>/stability/<key>/`:

spec.json      format version, key, the run's key, the spec
status.json    state, message (the stage), fraction
index.npy      (n,) numbers of the samples, ascending
points.npy     (seeds, n, dimensions) float32: the maps, each aligned with the first (`aecore.analysis.procrustes`)
spread.npy     (n,) float32: root mean square distance of a point from its mean position over the seeds, as a share of
               the map's size (root mean square distance of all points from the map's centre)
metrics.json   distances (seeds × seeds, standardised Procrustes), mean_distance, mean_spread, seeds, n, seconds
DONE           written last
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from aecore.analysis.procrustes import procrustes
from aecore.specs.stability import StabilitySpec
from aecore.store.files import write_array, write_json
from aecore.store.progress import ProgressWriter, Stopped
from aecore.store.runs import ResultFolder, Run, describe
from aecore.worker.projection import engines, project


def compute(spec: StabilitySpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Compute the maps and write the folder; returns without a `DONE` mark once `should_stop()` is true.

    Raises an `AecoreError` with one line for codings that cannot be mapped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    describe(spec, run.key, folder)
    progress = ProgressWriter(ResultFolder(folder), should_stop)
    maps: list[np.ndarray] = []
    try:
        source = project.map_input(spec.drawing, run, progress.stage("reading the codings", 0.0, 0.0))
        index, x = source.index, source.x
        near = engines.neighbours(x, engines.needed(spec.drawing), progress.stage("finding neighbours", 0.0, 0.0))
        for i, seeded in enumerate(spec.maps):
            report = progress.stage(f"seed {i + 1} of {spec.seeds}", i / spec.seeds, (i + 1) / spec.seeds)
            points = engines.embed(x, seeded, report, near)
            maps.append(procrustes(maps[0], points)[0] if maps else np.asarray(points, np.float64))
        progress.update("comparing the maps", 1.0)
        distances = np.array([[procrustes(a, b)[1] for b in maps] for a in maps])
    except Stopped:
        return
    aligned = np.stack(maps)
    spread = relative_spread(aligned)
    pairs = distances[np.triu_indices(spec.seeds, 1)]
    write_array(folder / "index.npy", index)
    write_array(folder / "points.npy", aligned.astype(np.float32))
    write_array(folder / "spread.npy", spread.astype(np.float32))
    metrics = {
        "distances": distances.round(6).tolist(),
        "mean_distance": float(pairs.mean()),
        "mean_spread": float(spread.mean()),
        "seeds": [seeded.seed for seeded in spec.maps],
        "n": len(index),
        "seconds": progress.seconds,
    }
    write_json(folder / "metrics.json", metrics)
    progress.finish()


def relative_spread(points: np.ndarray) -> np.ndarray:
    """Root mean square distance of each point of aligned maps (seeds, n, k) from its mean position: (n,).

    In units of the first map's size, the root mean square distance of its points from their centre.
    """
    spread = np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0))
    size = np.sqrt(((points[0] - points[0].mean(axis=0)) ** 2).sum(axis=1).mean())
    return spread / size if size > 0 else np.zeros(points.shape[1])
