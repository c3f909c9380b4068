"""UMAP (McInnes, Healy and Melville 2018) by umap-learn, quick in a process that has just started.

By itself it compiles for half a minute in every process. Here the neighbours and the start are handed in, so that
pynndescent is neither needed nor imported, and the functions that are left stay compiled between processes.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from aecore.specs.map import MapSpec

# Rounds for up to so many points, and for more, where umap-learn itself takes 500 and 200. As good at 5,000 points; at
# 60,000 its own spectral start finds .007 more classes, for 15 s in which nobody can stop it.
EPOCHS, MANY, EPOCHS_OF_MANY = 100, 10_000, 200

logger = logging.getLogger("aecore.worker.projection")
_lock = threading.Lock()  # two fits at once abort the process (numba's workqueue layer)


def draw(
    x: np.ndarray,
    spec: MapSpec,
    report: Callable[[float], None],
    near: tuple[np.ndarray, np.ndarray],
    start: np.ndarray,
) -> np.ndarray:
    """The map (n, spec.dimensions) of codings `x` (n, d).

    `near` are the exact neighbours as `engines.neighbours` returns them, at least `spec.n_neighbors` − 1; `start` is
    where points stand before they move (n, spec.dimensions). `report` is called with the share that is done, every
    epoch; what it raises ends the work.
    """
    k = spec.n_neighbors - 1
    itself = np.arange(len(x), dtype=np.int32)[:, None]  # in UMAP's convention a point is its own first neighbour
    known = (
        np.hstack([itself, near[0][:, :k]]).astype(np.int32),
        np.hstack([np.zeros((len(x), 1)), near[1][:, :k]]).astype(np.float32),
    )
    epochs = EPOCHS if len(x) <= MANY else EPOCHS_OF_MANY
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that a seed means one thread and that `transform` is not there
        umap = _imported()
        engine = umap.UMAP(
            n_components=spec.dimensions,
            n_neighbors=spec.n_neighbors,
            min_dist=spec.min_dist,
            n_epochs=epochs,
            init=start.astype(np.float32),
            random_state=spec.seed,
            n_jobs=1,
            precomputed_knn=known,
        )
        with _progress_of(umap, lambda epoch: report(epoch / epochs)):
            return engine.fit_transform(x)


def _imported() -> Any:
    """`umap`, its slowest functions kept compiled between processes: without this every one compiles for 40 s."""
    with contextlib.suppress(ImportError), _quick_import():  # a version that asks for more gets the true one
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
def _quick_import() -> Iterator[None]:
    """Let `import umap` find stand-ins for what searches neighbours, which takes ten seconds to compile and is not used
    here, and keep what it compiles while it is imported.

    pynndescent can be imported afterwards; only this process's UMAP then has to be handed its neighbours.
    """
    import numba

    names = [f"pynndescent{part}" for part in ("", ".distances", ".sparse")]
    if "umap" in sys.modules or names[0] in sys.modules:
        yield
        return
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    sys.modules[names[0]].NNDescent = type("NNDescent", (), {})  # type: ignore[attr-defined]
    sys.modules[names[1]].named_distances = {}  # type: ignore[attr-defined]
    sys.modules[names[2]].sparse_named_distances = {}  # type: ignore[attr-defined]
    njit = numba.njit

    def kept(*arguments: Any, **options: Any) -> Any:
        at_once = bool(arguments) and isinstance(arguments[0], str)  # a signature: compiled without waiting for a call
        return njit(*arguments, **({"cache": True} if at_once else {}) | options)

    numba.njit = kept
    try:
        yield
    finally:
        numba.njit = njit
        for name in names:
            sys.modules.pop(name, None)


@contextlib.contextmanager
def _progress_of(umap: Any, tell: Callable[[int], None]) -> Iterator[None]:
    """Let UMAP's progress bar report, and stop, instead of drawing."""

    def bar(epochs: Iterable[int], **_: Any) -> Iterator[int]:
        for epoch in epochs:
            tell(epoch)
            yield epoch

    before = umap.layouts.tqdm
    umap.layouts.tqdm = bar
    try:
        yield
    finally:
        umap.layouts.tqdm = before
