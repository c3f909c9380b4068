"""Maps of codings (PCA, t-SNE, UMAP) and measures of their quality.

`project.compute` is the worker's entry; scikit-learn and UMAP are imported by this package's modules, not by the
package itself.
"""

from __future__ import annotations

import threading

from aecore.specs.map import MapSpec


def warm() -> None:
    """Import the engines now and let UMAP compile in the background, so that the first map is quick."""
    import openTSNE  # noqa: F401

    from aecore.analysis import inference  # noqa: F401
    from aecore.worker.projection import project  # noqa: F401

    # When everything else is imported: two threads that import parts of one package may get in each other's way.
    threading.Thread(target=_tiny_umap, daemon=True, name="umap-compile").start()


def _tiny_umap() -> None:
    """UMAP imported and compiled, ten seconds the first time: PCA does not wait for it."""
    import numpy as np

    from aecore.worker.projection import engines, umap_engine

    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    spec = MapSpec("umap", n_neighbors=5)
    # Not `engines.embed`: it would change the number of threads under a map that is drawn meanwhile.
    umap_engine.draw(x, spec, lambda share: None, engines.neighbours(x, 4), x[:, :2])
