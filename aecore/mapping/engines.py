"""The engines: from codings (n, d) to a map (n, dimensions). Each is deterministic for its spec, in any process.

Why these settings: scikit-learn's t-SNE reaches its quality after 500 iterations; UMAP reaches its own after 200
epochs, and with exact neighbours handed in it needs neither pynndescent nor the half minute that compiling it takes.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from aecore.errors import AecoreError
from aecore.mapping.spec import MapSpec

WIDE = 50  # more codings than this are first reduced to so many principal components
TSNE_ITERATIONS = 500
UMAP_EPOCHS = 200
MANY = 1000  # points that are worth a second thread; for fewer, threads that wait for each other cost more

logger = logging.getLogger("aecore.mapping")
_umap_lock = threading.Lock()  # two fits at once abort the process (numba's workqueue layer)

Report = Callable[[float], None]  # called with the share that is done; may raise `Stopped`


class Stopped(Exception):
    """Raised by a report to end an engine in the middle."""


def embed(x: np.ndarray, spec: MapSpec, report: Report) -> np.ndarray:
    """The map of codings `x` (n, d), finite and not all equal: (n, spec.dimensions) float32."""
    spec.check(len(x))
    # Never the machine's number of cores: the map must not depend on it. (t-SNE's `n_jobs` misses its gradient.)
    with threadpool_limits(2 if len(x) > MANY else 1):
        drawn = _ENGINES[spec.method](x, spec, report)
    return np.ascontiguousarray(drawn, dtype=np.float32)


def principal_components(x: np.ndarray, k: int) -> np.ndarray:
    """Coordinates of `x` (n, d) along its `k` directions of largest variance: (n, k)."""
    return PCA(k, random_state=0).fit_transform(x)


def neighbours(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The exact `k` nearest others of every row of `x`: indices and Euclidean distances, both (n, k)."""
    distances, indices = NearestNeighbors(n_neighbors=k).fit(x).kneighbors()
    return indices, distances


def _none(x: np.ndarray, spec: MapSpec, report: Report) -> np.ndarray:
    """The codings as they are. A missing axis is filled with jitter that means nothing: it only separates points."""
    missing = spec.dimensions - x.shape[1]
    if missing < 0:
        raise AecoreError(f"method: got 'none' for {x.shape[1]} codings, allowed: pca, tsne, umap")
    jitter = np.random.default_rng(0).normal(scale=0.05 * x.std(), size=(len(x), missing))
    return np.hstack([x, jitter])


def _pca(x: np.ndarray, spec: MapSpec, report: Report) -> np.ndarray:
    if x.shape[1] < spec.dimensions:
        raise AecoreError(f"method: got 'pca' for {x.shape[1]} coding, allowed: none, tsne, umap")
    return principal_components(x, spec.dimensions)


def _tsne(x: np.ndarray, spec: MapSpec, report: Report) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, van der Maaten 2014) from a PCA start.

    Scaled to a standard deviation of 1e-4 as in Kobak and Berens (2019), plus seeded jitter of a hundredth of that,
    so that different seeds show how stable the map is.
    """
    known = min(spec.dimensions, *x.shape)
    start = np.zeros((len(x), spec.dimensions))
    start[:, :known] = principal_components(x, known)
    start *= 1e-4 / start[:, 0].std()
    start += np.random.default_rng(spec.seed).normal(scale=1e-6, size=start.shape)
    engine = TSNE(
        spec.dimensions,
        perplexity=spec.perplexity,
        init=start.astype(np.float32),
        learning_rate="auto",
        max_iter=TSNE_ITERATIONS,
        random_state=spec.seed,
    )
    return engine.fit_transform(x)


def _umap(x: np.ndarray, spec: MapSpec, report: Report) -> np.ndarray:
    """UMAP (McInnes, Healy and Melville 2018) on exact neighbours."""
    with _umap_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that a seed means one thread and that `transform` is not there
        umap = _import_umap()
        indices, distances = neighbours(x, spec.n_neighbors - 1)
        itself = np.arange(len(x))[:, None]  # in UMAP's convention a point is its own first neighbour
        known = (
            np.hstack([itself, indices]).astype(np.int32),
            np.hstack([np.zeros((len(x), 1)), distances]).astype(np.float32),
        )
        engine = umap.UMAP(
            n_components=spec.dimensions,
            n_neighbors=spec.n_neighbors,
            min_dist=spec.min_dist,
            n_epochs=UMAP_EPOCHS,
            random_state=spec.seed,
            n_jobs=1,
            precomputed_knn=known,
        )
        with _progress_of(umap, report):
            return engine.fit_transform(x)


def compile_umap() -> None:
    """Let a thread import UMAP and compile it on a tiny fit, half a minute the first time: PCA does not wait for it.

    Call it when everything else is imported: two threads that import parts of one package may get in each other's way.
    """
    threading.Thread(target=_tiny_fit, daemon=True, name="umap-compile").start()


def _tiny_fit() -> None:
    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    _umap(x, MapSpec("umap", n_neighbors=5), lambda share: None)


def _import_umap() -> Any:
    """`umap`, its slowest functions kept compiled between processes: without this every one compiles for 40 s."""
    import umap
    import umap.layouts
    import umap.umap_

    for module, name in (
        (umap.umap_, "smooth_knn_dist"),
        (umap.umap_, "compute_membership_strengths"),
        (umap.layouts, "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        try:
            getattr(module, name).enable_caching()
        except Exception as error:  # private names, and no folder to keep them in: slower, not wrong
            logger.warning("umap: %s is compiled anew in each process (%s)", name, error)
    return umap


@contextlib.contextmanager
def _progress_of(umap: Any, report: Report) -> Iterator[None]:
    """Let UMAP's progress bar report, and stop, instead of drawing."""

    def bar(epochs: Iterable[int], **_: Any) -> Iterator[int]:
        for epoch in epochs:
            report(epoch / UMAP_EPOCHS)
            yield epoch

    before = umap.layouts.tqdm
    umap.layouts.tqdm = bar
    try:
        yield
    finally:
        umap.layouts.tqdm = before


_ENGINES: dict[str, Callable[[np.ndarray, MapSpec, Report], np.ndarray]] = {
    "none": _none,
    "pca": _pca,
    "tsne": _tsne,
    "umap": _umap,
}
