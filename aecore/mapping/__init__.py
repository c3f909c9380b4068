"""Worker side: maps of codings (PCA, t-SNE, UMAP) and how far they can be trusted.

Importing the package costs nothing; scikit-learn and UMAP are imported by the first call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aecore.mapping.spec import MapSpec

if TYPE_CHECKING:
    from aecore.runs import Run

__all__ = ["MapSpec", "project", "warm"]


def project(spec: MapSpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Draw the map of a run and fill `folder` with it; see `aecore.mapping.project`'s module for the files.

    Returns without a `DONE` mark when `should_stop()` says so. Raises an `AecoreError` with one line for codings
    that cannot be mapped and for settings that do not fit the number of points.
    """
    from aecore.mapping.projecting import fill

    fill(spec, run, folder, should_stop)


def warm() -> None:
    """Import the engines now and let UMAP compile in the background, so that the first map is quick."""
    import openTSNE  # noqa: F401

    from aecore import inference  # noqa: F401
    from aecore.mapping import projecting  # noqa: F401

    # When everything else is imported: two threads that import parts of one package may get in each other's way.
    threading.Thread(target=_tiny_umap, daemon=True, name="umap-compile").start()


def _tiny_umap() -> None:
    """UMAP imported and compiled, ten seconds the first time: PCA does not wait for it."""
    import numpy as np

    from aecore.mapping import engines, umap_engine

    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    spec = MapSpec("umap", n_neighbors=5)
    # Not `engines.embed`: it would change the number of threads under a map that is drawn meanwhile.
    umap_engine.draw(x, spec, lambda share: None, engines.neighbours(x, 4), x[:, :2])
