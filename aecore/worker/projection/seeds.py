"""The same map with several seeds, laid on each other: `runs/<run>/stability/<key>/`:

spec.json      format version, key, the run's key, the spec
status.json    state, message (the stage), fraction
index.npy      (n,) numbers of the samples, ascending
points.npy     (seeds, n, dimensions) float32: the maps, each laid on the first (`aecore.analysis.procrustes`)
spread.npy     (n,) float32: how far a point strays from its mean place over the seeds (root of the mean square), as a
               share of the map's size (the same of all points about the map's middle)
metrics.json   distances (seeds × seeds, standardised Procrustes), mean_distance, mean_spread, seeds, n, seconds
DONE           written last
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aecore.analysis.procrustes import procrustes
from aecore.specs.stability import StabilitySpec
from aecore.store.files import write_array, write_json
from aecore.store.runs import ResultFolder, Run, describe
from aecore.worker.projection import engines, project

STATUS_SECONDS = 0.3


def compute(spec: StabilitySpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Draw the maps and write the folder; without a `DONE` mark when `should_stop()` says so.

    Raises an `AecoreError` with one line for codings that cannot be mapped.
    """
    started, told = time.time(), 0.0
    work = ResultFolder(folder)

    def tell(message: str, fraction: float) -> None:
        nonlocal told
        if should_stop():
            raise engines.Stopped
        if time.monotonic() - told >= STATUS_SECONDS:
            told = time.monotonic()
            work.write_status(state="running", message=message, fraction=round(fraction, 3), started=started)

    folder.mkdir(parents=True, exist_ok=True)
    describe(spec, run.key, folder)
    maps: list[np.ndarray] = []
    try:
        tell("reading the codings", 0.0)
        mapped = project.what_is_mapped(spec.map, run, lambda share: tell("reading the codings", 0.0))
        index, x = mapped.index, mapped.x
        near = engines.neighbours(x, engines.needed(spec.map), lambda share: tell("finding neighbours", 0.0))
        for i, one in enumerate(spec.maps):

            def report(share: float, i: int = i) -> None:
                tell(f"seed {i + 1} of {spec.seeds}", (i + share) / spec.seeds)

            report(0.0)
            drawn = engines.embed(x, one, report, near)
            maps.append(procrustes(maps[0], drawn)[0] if maps else np.asarray(drawn, np.float64))
        tell("comparing the maps", 1.0)
        distances = np.array([[procrustes(a, b)[1] for b in maps] for a in maps])
    except engines.Stopped:
        return
    points = np.stack(maps)
    spread = spread_of(points)
    pairs = distances[np.triu_indices(spec.seeds, 1)]
    write_array(folder / "index.npy", index)
    write_array(folder / "points.npy", points.astype(np.float32))
    write_array(folder / "spread.npy", spread.astype(np.float32))
    metrics = {
        "distances": distances.round(6).tolist(),
        "mean_distance": float(pairs.mean()),
        "mean_spread": float(spread.mean()),
        "seeds": [one.seed for one in spec.maps],
        "n": len(index),
        "seconds": round(time.time() - started, 3),
    }
    write_json(folder / "metrics.json", metrics)
    work.write_status(state="finished", message="", fraction=1.0, started=started)
    work.mark("DONE")


def spread_of(points: np.ndarray) -> np.ndarray:
    """How far each point of aligned maps (seeds, n, k) strays, as a share of the first map's size: (n,)."""
    strayed = np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0))
    size = np.sqrt(((points[0] - points[0].mean(axis=0)) ** 2).sum(axis=1).mean())
    return strayed / size if size > 0 else np.zeros(points.shape[1])
