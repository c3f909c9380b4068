"""Patches of umap-learn 0.5 and numba. Each is guarded: with a version that lacks a name, UMAP is slower, not wrong.

`importing_without_pynndescent`  stand-ins for pynndescent while `umap` is imported. Its functions compile on import,
                                 and the exact neighbours handed to UMAP make them unnecessary. Functions that numba
                                 compiles during the import are cached on disk as well.
`cache_compiled_functions`       disk cache (`NUMBA_CACHE_DIR`) for the functions that numba compiles on their first
                                 call, so that only the first process of a machine compiles them.
`progress_of`                    umap-learn has no progress callback; its `tqdm` bar is replaced for the time of a fit.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

PYNNDESCENT = ("pynndescent", "pynndescent.distances", "pynndescent.sparse")

logger = logging.getLogger("aecore.worker.projection")


def import_umap() -> Any:
    """The package `umap`, patched to start quickly."""
    with contextlib.suppress(ImportError), importing_without_pynndescent():
        import umap
    import umap.layouts
    import umap.umap_

    cache_compiled_functions(umap)
    return umap


@contextlib.contextmanager
def importing_without_pynndescent() -> Iterator[None]:
    """Replace pynndescent by stand-ins for an `import umap`; numba caches what it compiles meanwhile.

    pynndescent can be imported afterwards, but this process's UMAP needs precomputed neighbours. Does nothing if either
    package is imported already.
    """
    import numba

    if "umap" in sys.modules or "pynndescent" in sys.modules:
        yield
        return
    modules = {name: types.ModuleType(name) for name in PYNNDESCENT}
    vars(modules["pynndescent"])["NNDescent"] = type("NNDescent", (), {})
    vars(modules["pynndescent.distances"])["named_distances"] = {}
    vars(modules["pynndescent.sparse"])["sparse_named_distances"] = {}
    njit = numba.njit

    def cached_njit(*arguments: Any, **options: Any) -> Any:
        has_signature = bool(arguments) and isinstance(arguments[0], str)  # then it compiles at once, not when called
        return njit(*arguments, **({"cache": True} if has_signature else {}) | options)

    sys.modules.update(modules)
    numba.njit = cached_njit
    try:
        yield
    finally:
        numba.njit = njit
        for name in PYNNDESCENT:
            sys.modules.pop(name, None)


def cache_compiled_functions(umap: Any) -> None:
    """Let numba cache UMAP's slowest functions on disk; a missing name or folder is logged."""
    for module, name in (
        (umap.umap_, "smooth_knn_dist"),
        (umap.umap_, "compute_membership_strengths"),
        (umap.layouts, "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        try:
            getattr(module, name).enable_caching()
        except Exception as error:
            logger.warning("umap: %s is compiled anew in each process (%s)", name, error)


@contextlib.contextmanager
def progress_of(umap: Any, report: Callable[[int], None]) -> Iterator[None]:
    """Call `report` with the number of every epoch of a fit inside the block; its exceptions end the fit."""

    def bar(epochs: Iterable[int], **_: Any) -> Iterator[int]:
        for epoch in epochs:
            report(epoch)
            yield epoch

    original = getattr(umap.layouts, "tqdm", None)
    if original is None:
        logger.warning("umap: its progress bar is missing; maps neither report nor stop")
        yield
        return
    umap.layouts.tqdm = bar
    try:
        yield
    finally:
        umap.layouts.tqdm = original
