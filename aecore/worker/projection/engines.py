"""The engines: from codings (n, d) to a map (n, dimensions). Each is deterministic for its spec, in any process and
for any number of cores.

The dear part that all share, the exact nearest neighbours, is computed once for a map and handed to the engine and to
`aecore.worker.projection.quality`. Why these settings: `python -m tests.bench.projection`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from aecore.specs.map import MapSpec

MANY = 1000  # points that are worth a second thread; for fewer, threads that wait for each other cost more
BLOCK = 2500  # points whose neighbours are searched at a time
SHARED_BLOCK = 2048  # of so many or fewer, scikit-learn would divide the others among threads, not the points searched
FEW_AXES = 5  # up to so many, a tree finds neighbours faster than comparing all with all

# t-SNE: so many iterations with the attraction exaggerated, so many without, and what is left out of repulsion.
EXAGGERATION, EARLY, LATE = 12.0, 125, 250
TREE_POINTS = 5000  # up to so many Barnes and Hut's tree, beyond it interpolation on a grid (2-D only)
THETA = 0.8  # of the tree: cells that appear smaller than this are taken as one point
CELL = 2.0  # of the grid: the width of a cell, in units of the map
EVERY = 5  # iterations between two reports

Report = Callable[[float], None]  # called with the share that is done; may raise `Stopped`
Near = tuple[np.ndarray, np.ndarray]  # what `neighbours` returns


class Stopped(Exception):
    """Raised by a report to end an engine in the middle."""


def embed(x: np.ndarray, spec: MapSpec, report: Report, near: Near | None = None) -> np.ndarray:
    """The map of codings `x` (n, d), finite and not all equal: (n, spec.dimensions) float32.

    `near` are the `neighbours` of `x`, at least `needed(spec)` of them; where none are given they are computed.
    Raises `AecoreError` where the spec does not fit the points.
    """
    spec.check(*x.shape)
    # Never the machine's number of cores: the map must not depend on it.
    with threadpool_limits(threads(len(x))):
        if near is None and needed(spec):
            near = neighbours(x, needed(spec))
        drawn = _ENGINES[spec.method](x, spec, report, near)
    return np.ascontiguousarray(drawn, dtype=np.float32)


def needed(spec: MapSpec) -> int:
    """How many neighbours of each point the engine asks for."""
    return {"tsne": int(3 * spec.perplexity), "umap": spec.n_neighbors - 1}.get(spec.method, 0)


def threads(n: int) -> int:
    """Threads for `n` points."""
    return 2 if n > MANY else 1


def axes(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean (d,) of `x` (n, d) and its `k` directions of largest variance, orthonormal rows (k, d)."""
    fitted = PCA(k, random_state=0).fit(x)
    return fitted.mean_, fitted.components_


def principal_components(x: np.ndarray, k: int) -> np.ndarray:
    """Coordinates of `x` (n, d) along its `k` directions of largest variance: (n, k)."""
    mean, components = axes(x, k)
    return (x - mean) @ components.T


def neighbours(x: np.ndarray, k: int, report: Report = lambda share: None) -> Near:
    """The exact `k` nearest others of every row of `x`, nearest first: indices and Euclidean distances, both (n, k)."""
    search = NearestNeighbors(algorithm="kd_tree" if x.shape[1] <= FEW_AXES else "brute").fit(x)
    indices, distances = np.empty((len(x), k), np.int32), np.empty((len(x), k), np.float32)
    for begin in range(0, len(x), BLOCK):
        report(begin / len(x))
        rows = np.arange(begin, min(begin + BLOCK, len(x)))
        # Among equal distances the number of threads must not decide who is found.
        with threadpool_limits(2 if len(rows) > SHARED_BLOCK else 1):
            found, which = search.kneighbors(x[rows], k + 1)
        own = which == rows[:, None]
        own[~own.any(axis=1), -1] = True  # so many equal points that a point is not among its own nearest
        indices[rows], distances[rows] = which[~own].reshape(-1, k), found[~own].reshape(-1, k)
    return indices, distances


def _none(x: np.ndarray, spec: MapSpec, report: Report, near: Near | None) -> np.ndarray:
    """The codings as they are. A missing axis is filled with jitter that means nothing: it only separates points."""
    missing = spec.dimensions - x.shape[1]
    jitter = np.random.default_rng(0).normal(scale=0.05 * x.std(), size=(len(x), missing))
    return np.hstack([x, jitter])


def _pca(x: np.ndarray, spec: MapSpec, report: Report, near: Near | None) -> np.ndarray:
    return principal_components(x, spec.dimensions)


def _tsne(x: np.ndarray, spec: MapSpec, report: Report, near: Near | None) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, van der Maaten 2014; on a grid, Linderman et al. 2019).

    The learning rate is n / exaggeration (Belkina et al. 2019), which needs half the iterations of a fixed one.
    """
    assert near is not None
    # Imported here because a map by another engine need not wait for it.
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities, joint_probabilities_nn

    k, jobs = needed(spec), threads(len(x))
    indices, distances = (np.ascontiguousarray(part[:, :k]) for part in near)
    affinities = joint_probabilities_nn(indices, distances, [spec.perplexity], n_jobs=jobs)
    grid = len(x) > TREE_POINTS and spec.dimensions == 2
    drawn = TSNEEmbedding(
        start(x, spec, 1e-4),
        PrecomputedAffinities(affinities, normalize=False),
        random_state=spec.seed,
        negative_gradient_method="fft" if grid else "bh",
        theta=THETA,
        ints_in_interval=CELL,
        n_jobs=jobs,
        callbacks_every_iters=EVERY,
    )
    for done, iterations, exaggeration, momentum in ((0, EARLY, EXAGGERATION, 0.5), (EARLY, LATE, 1.0, 0.8)):

        def tell(iteration: int, error: float, points: np.ndarray, done: int = done) -> None:
            report((done + iteration) / (EARLY + LATE))

        drawn = drawn.optimize(iterations, exaggeration=exaggeration, momentum=momentum, callbacks=tell, inplace=True)
    return np.asarray(drawn)


def start(x: np.ndarray, spec: MapSpec, scale: float) -> np.ndarray:
    """Where points stand before they move: principal components, the first with standard deviation `scale`.

    A start that shows the whole (Kobak and Berens 2019), plus seeded jitter of a hundredth of it, so that different
    seeds show how stable the map is, and equal codings do not lie on one another.
    """
    known = min(spec.dimensions, *x.shape)
    placed = np.zeros((len(x), spec.dimensions))
    placed[:, :known] = principal_components(x, known)
    placed *= scale / placed[:, 0].std()
    return placed + np.random.default_rng(spec.seed).normal(scale=scale / 100, size=placed.shape)


def _umap(x: np.ndarray, spec: MapSpec, report: Report, near: Near | None) -> np.ndarray:
    assert near is not None
    from aecore.worker.projection import umap_engine

    return umap_engine.draw(x, spec, report, near, start(x, spec, 1.0))


_ENGINES: dict[str, Callable[[np.ndarray, MapSpec, Report, Near | None], np.ndarray]] = {
    "none": _none,
    "pca": _pca,
    "tsne": _tsne,
    "umap": _umap,
}
