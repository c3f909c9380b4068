"""The projection engines against scikit-learn's and umap-learn's own, and maps of 60,000 points.

`python -m tests.bench.projection [tsne] [umap] [many]`, all three without arguments: some ten minutes. Codings are
Fashion-MNIST's first 30 principal components. Peers take turns within one run; medians of three rounds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from aecore import datasets
from aecore.jobs.worker_process import worker_environment
from aecore.specs.map import MapSpec
from tests.bench.common import print_table

ROUNDS = 3
POINTS = 5000
SIZE = 30
TIMES = ("map", "its CPU", "process", "its CPU")


def main(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        codings = Path(folder) / "codings.npy"
        os.environ.update(worker_environment(Path(folder)))  # before scikit-learn starts its threads
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # this process is a map worker
        x, labels = principal_codings()
        np.save(codings, x[:POINTS])
        for name, bench in (
            ("tsne", lambda: tsne(x[:POINTS], labels[:POINTS])),
            ("umap", lambda: umap(codings, x[:POINTS], labels[:POINTS])),
            ("many", lambda: many(x, labels)),
        ):
            if not parts or name in parts:
                bench()


def principal_codings() -> tuple[np.ndarray, np.ndarray]:
    """Codings (60000, 30) of Fashion-MNIST, validation samples first, and their labels."""
    from aecore.worker.projection import engines

    data = datasets.load("fashion-mnist")
    samples = np.concatenate([data.validation, data.train])
    x = datasets.as_float(samples).reshape(len(samples), -1)
    labels = data.labels_of(np.arange(len(x)))
    assert labels is not None
    return engines.principal_components(x, SIZE).astype(np.float32), labels


def tsne(x: np.ndarray, labels: np.ndarray) -> None:
    from sklearn.manifold import TSNE

    from aecore.worker.projection import engines

    peers: dict[str, Callable[[int], np.ndarray]] = {
        "scikit-learn's default": lambda seed: TSNE(random_state=seed).fit_transform(x),
        "ours, neighbours included": lambda seed: engines.embed(x, MapSpec("tsne", seed=seed), quiet),
    }
    engines.embed(x[:100], MapSpec("tsne"), quiet)
    found: dict[str, list[list[float]]] = {name: [] for name in peers}
    for seed in range(ROUNDS):
        for name, draw in peers.items():
            cpu, wall = cpu_seconds(), time.perf_counter()
            drawn = draw(seed)
            spent = [cpu_seconds() - cpu, time.perf_counter() - wall]
            found[name].append([*spent, *worth(x, drawn, labels)])
    print_table(
        f"t-SNE of {POINTS:,} codings of {SIZE} numbers",
        ["", "CPU s", "wall s", "trustworthiness", "kNN in the map", "CPU"],
        rows(found, "scikit-learn's default", 0),
    )


def umap(codings: Path, x: np.ndarray, labels: np.ndarray) -> None:
    """Whole processes: from their start, imports included, to the map."""
    for title, empty in (("warm compile cache", False), ("empty compile cache", True)):
        found: dict[str, list[list[float]]] = {"umap-learn": [], "ours": []}
        with tempfile.TemporaryDirectory() as kept:
            for turn in range(ROUNDS + (not empty)):  # where the cache is to be warm, the first one warms it
                for name in found:
                    with tempfile.TemporaryDirectory() as fresh:
                        drawn = Path(fresh) / "drawn.npy"
                        told = apart(name, codings, drawn, Path(fresh if empty else kept) / name)
                        points = np.load(drawn)
                    if turn or empty:
                        found[name].append([*told, *worth(x, points, labels)])
        print_table(
            f"UMAP of {POINTS:,} codings in a fresh process, {title}",
            ["", "map s", "CPU s", "process s", "CPU s", "trustworthiness", "kNN in the map", *TIMES],
            rows(found, "umap-learn", 0, 1, 2, 3),
        )


def apart(name: str, codings: Path, drawn: Path, cache: Path) -> list[float]:
    """Seconds from the codings to the map, by the clock and of CPU, and those from the process's start to the map."""
    variables = os.environ | {"NUMBA_CACHE_DIR": str(cache), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "tests.bench.umap_alone", name, str(codings), str(drawn)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def many(x: np.ndarray, labels: np.ndarray) -> None:
    from aecore.worker.projection import engines, quality

    table = []
    for method in ("pca", "tsne", "umap"):
        spec = MapSpec(method, n=len(x))
        cpu, times = cpu_seconds(), [time.perf_counter()]
        near = engines.neighbours(x, max(quality.NEIGHBOURS + 1, engines.needed(spec)))
        times.append(time.perf_counter())
        drawn = engines.embed(x, spec, quiet, near)
        times.append(time.perf_counter())
        judged = quality.measure_trust(x, drawn, near[0])
        times.append(time.perf_counter())
        values = [*np.diff(times), times[-1] - times[0], cpu_seconds() - cpu, judged.trustworthiness]
        table.append(
            [method, *(f"{value:.3g}" for value in values), f"{quality.vote_accuracy(judged.near_map, labels):.3f}"]
        )
    print_table(
        f"{len(x):,} codings of {SIZE} numbers, once",
        ["", "neighbours s", "engine s", "judging s", "all s", "CPU s", "trustworthiness", "kNN in the map"],
        table,
    )


def worth(x: np.ndarray, drawn: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Trustworthiness, and the accuracy of a vote of five neighbours in the map."""
    from aecore.worker.projection import engines, quality

    near = engines.neighbours(drawn, quality.VOTERS)[0]
    return quality.trustworthiness(x, drawn), quality.vote_accuracy(near, labels)


def rows(found: dict[str, list[list[float]]], peer: str, *times: int) -> list[list[str]]:
    """Medians of times, means of the two qualities (which seeds move), and how many times faster than the peer."""
    table = []
    for name, rounds in found.items():
        columns = list(zip(*rounds, strict=True))
        cells = [f"{median(column):.2f}" for column in columns[:-2]]
        cells += [f"{np.mean(column):.4f}" for column in columns[-2:]]
        for time_ in times:
            theirs = median([row[time_] for row in found[peer]])
            cells.append(f"{theirs / median(columns[time_]):.1f} ×")
        table.append([name, *cells])
    return table


def quiet(share: float) -> None:
    """Nobody listens."""


def cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system


if __name__ == "__main__":
    main(sys.argv[1:])
