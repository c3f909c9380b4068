"""Map engines: embeddings of codings (n, d) in 2 or 3 dimensions by PCA, t-SNE or UMAP.

Each is deterministic for its spec, in any process and for any number of cores. The exact nearest neighbours, the most
expensive step, are computed once for a map and shared with `aecore.worker.projection.quality`. The settings are
compared by `python -m tests.bench.projection`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from aecore.analysis.neighbours import scale
from aecore.specs.map import MapSpec
from aecore.store.progress import Report, Stopped

MANY = 1000  # points from which two threads are faster than one
BLOCK = 2500  # points whose neighbours are searched at a time
SHARED_BLOCK = 2048  # up to so many queries, scikit-learn splits the searched points, not the queries, among threads
TREE_DIMENSIONS = 5  # up to so many, a k-d tree is faster than comparing all pairs

# t-SNE: iterations with exaggerated attraction, iterations without, and the approximation of the repulsion.
EXAGGERATION, EARLY, LATE = 12.0, 125, 250
TREE_POINTS = 5000  # up to so many a Barnes-Hut tree, beyond it interpolation on a grid (2-D only)
THETA = 0.8  # of the tree: cells of a smaller angle are treated as one point
CELL = 2.0  # of the grid: the width of a cell, in units of the map
EVERY = 5  # iterations between two reports

Near = tuple[np.ndarray, np.ndarray]  # indices and distances, both (n, k), as `neighbours` returns them


def embed(x: np.ndarray, spec: MapSpec, report: Report, near: Near | None = None) -> np.ndarray:
    """The map of codings `x` (n, d), finite and not all equal: (n, spec.dimensions) float32.

    `near` are the `neighbours` of `x`, at least `needed(spec)` of them; computed if not given. `report` is called with
    the share done and may raise `Stopped`. Raises `AecoreError` if the spec does not fit the points.
    """
    spec.check(*x.shape)
    # A fixed number of threads, whatever the machine's cores: the map must not depend on them.
    with threadpool_limits(threads(len(x))):
        if near is None:
            near = neighbours(x, needed(spec))
        points = _ENGINES[spec.method](x, spec, report, near)
    return np.ascontiguousarray(points, dtype=np.float32)


def needed(spec: MapSpec) -> int:
    """The number of neighbours of each point that the engine uses."""
    return {"tsne": int(3 * spec.perplexity), "umap": spec.n_neighbors - 1}.get(spec.method, 0)


def threads(n: int) -> int:
    """The number of threads for `n` points."""
    return 2 if n > MANY else 1


def axes(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean (d,) of `x` (n, d) and its first `k` principal axes, orthonormal rows (k, d).

    By scikit-learn, whose solver adapts to the shape: a layer's activations can be thousands wide.
    """
    pca = PCA(k, random_state=0).fit(x)
    return pca.mean_, pca.components_


def principal_components(x: np.ndarray, k: int) -> np.ndarray:
    """The first `k` principal components of `x` (n, d): (n, k)."""
    mean, components = axes(x, k)
    return (x - mean) @ components.T


def neighbours(x: np.ndarray, k: int, report: Report = lambda share: None) -> Near:
    """The exact `k` nearest other rows of every row of `x`, nearest first: indices and Euclidean distances, (n, k)."""
    indices, distances = np.empty((len(x), k), np.int32), np.empty((len(x), k), np.float32)
    if not k:
        return indices, distances
    unit = scale(x)
    x = x if unit == 1 else x / unit
    search = NearestNeighbors(algorithm="kd_tree" if x.shape[1] <= TREE_DIMENSIONS else "brute").fit(x)
    for begin in range(0, len(x), BLOCK):
        report(begin / len(x))
        rows = np.arange(begin, min(begin + BLOCK, len(x)))
        # With ties, the number of threads must not decide which neighbour is returned.
        with threadpool_limits(2 if len(rows) > SHARED_BLOCK else 1):
            block_distances, block_indices = search.kneighbors(x[rows], k + 1)
        is_self = block_indices == rows[:, None]
        is_self[~is_self.any(axis=1), -1] = True  # more than k duplicates: the row itself may not be among them
        indices[rows] = block_indices[~is_self].reshape(-1, k)
        with np.errstate(over="ignore"):  # of the largest numbers of float32
            distances[rows] = block_distances[~is_self].reshape(-1, k) * unit
    return indices, distances


def initial_positions(x: np.ndarray, spec: MapSpec, scale: float) -> np.ndarray:
    """Initial positions (n, spec.dimensions): principal components, the first with standard deviation `scale`.

    They keep the global structure (Kobak and Berens 2019). Seeded jitter of a hundredth of `scale` separates equal
    codings and lets different seeds show how stable a map is.
    """
    available = min(spec.dimensions, *x.shape)
    positions = np.zeros((len(x), spec.dimensions))
    positions[:, :available] = principal_components(x, available)
    positions *= scale / positions[:, 0].std()
    return positions + np.random.default_rng(spec.seed).normal(scale=scale / 100, size=positions.shape)


def _none(x: np.ndarray, spec: MapSpec, report: Report, near: Near) -> np.ndarray:
    """The codings themselves; a missing axis is filled with jitter, which only separates the points."""
    missing = spec.dimensions - x.shape[1]
    jitter = np.random.default_rng(0).normal(scale=0.05 * x.std(), size=(len(x), missing))
    return np.hstack([x, jitter])


def _pca(x: np.ndarray, spec: MapSpec, report: Report, near: Near) -> np.ndarray:
    return principal_components(x, spec.dimensions)


def _tsne(x: np.ndarray, spec: MapSpec, report: Report, near: Near) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, van der Maaten 2014; on a grid, Linderman et al. 2019).

    The learning rate is n / exaggeration (Belkina et al. 2019), which needs half the iterations of a fixed one.
    """
    from openTSNE import OptimizationInterrupt, TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities, joint_probabilities_nn

    k, jobs = needed(spec), threads(len(x))
    indices, distances = (np.ascontiguousarray(part[:, :k]) for part in near)
    affinities = joint_probabilities_nn(indices, distances, [spec.perplexity], n_jobs=jobs)
    grid = len(x) > TREE_POINTS and spec.dimensions == 2
    embedding = TSNEEmbedding(
        initial_positions(x, spec, 1e-4),
        PrecomputedAffinities(affinities, normalize=False),
        random_state=spec.seed,
        negative_gradient_method="fft" if grid else "bh",
        theta=THETA,
        ints_in_interval=CELL,
        n_jobs=jobs,
        callbacks_every_iters=EVERY,
    )
    for begin, iterations, exaggeration, momentum in ((0, EARLY, EXAGGERATION, 0.5), (EARLY, LATE, 1.0, 0.8)):
        try:
            embedding = embedding.optimize(
                iterations,
                exaggeration=exaggeration,
                momentum=momentum,
                callbacks=_TsneCallback(report, begin),
                inplace=True,
                propagate_exception=True,
            )
        except OptimizationInterrupt:
            raise Stopped from None
    return np.asarray(embedding)


class _TsneCallback:
    """A callback of openTSNE: reports the share of all iterations; returns True to stop, as openTSNE expects."""

    def __init__(self, report: Report, begin: int) -> None:
        self.report, self.begin = report, begin

    def __call__(self, iteration: int, error: float, embedding: np.ndarray) -> bool:
        try:
            self.report((self.begin + iteration) / (EARLY + LATE))
        except Stopped:
            return True
        return False


def _umap(x: np.ndarray, spec: MapSpec, report: Report, near: Near) -> np.ndarray:
    from aecore.worker.projection import umap_engine

    return umap_engine.embed(x, spec, report, near, initial_positions(x, spec, 1.0))


_ENGINES: dict[str, Callable[[np.ndarray, MapSpec, Report, Near], np.ndarray]] = {
    "none": _none,
    "pca": _pca,
    "tsne": _tsne,
    "umap": _umap,
}
