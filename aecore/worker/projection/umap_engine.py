"""UMAP (McInnes, Healy and Melville 2018) by umap-learn, with given neighbours and initial positions."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable

import numpy as np

from aecore.specs.map import MapSpec
from aecore.worker.projection.umap_patches import import_umap, progress_of

# Epochs up to MANY points, and above; umap-learn's defaults are 500 and 200. See `python -m tests.bench.projection`.
EPOCHS, MANY, EPOCHS_OF_MANY = 100, 10_000, 200

_lock = threading.Lock()  # two fits at once abort the process (numba's workqueue layer)


def embed(
    x: np.ndarray,
    spec: MapSpec,
    report: Callable[[float], None],
    near: tuple[np.ndarray, np.ndarray],
    initial: np.ndarray,
) -> np.ndarray:
    """The map of codings `x` (n, d): (n, spec.dimensions).

    Parameters
    ----------
    report : called with the share done, every epoch; its exceptions end the work.
    near : the exact neighbours as `engines.neighbours` returns them, at least `spec.n_neighbors` − 1.
    initial : initial positions (n, spec.dimensions).
    """
    k = spec.n_neighbors - 1
    self_indices = np.arange(len(x), dtype=np.int32)[:, None]  # UMAP counts a point as its own first neighbour
    knn = (
        np.hstack([self_indices, near[0][:, :k]]).astype(np.int32),
        np.hstack([np.zeros((len(x), 1)), near[1][:, :k]]).astype(np.float32),
    )
    epochs = EPOCHS if len(x) <= MANY else EPOCHS_OF_MANY
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about one thread with a seed, and no `transform` with given neighbours
        umap = import_umap()
        engine = umap.UMAP(
            n_components=spec.dimensions,
            n_neighbors=spec.n_neighbors,
            min_dist=spec.min_dist,
            n_epochs=epochs,
            init=initial.astype(np.float32),
            random_state=spec.seed,
            n_jobs=1,
            precomputed_knn=knn,
        )
        with progress_of(umap, lambda epoch: report(epoch / epochs)):
            return engine.fit_transform(x)
