"""Maps of codings (PCA, t-SNE, UMAP) and measures of their quality.

`project.compute` fills a map's folder, `seeds.compute` a stability folder. The modules import scikit-learn and UMAP;
the package itself does not.
"""

from __future__ import annotations

import threading

from aecore.specs.map import MapSpec


def warm() -> None:
    """Import the engines, and compile UMAP in a background thread, before the first map is requested."""
    import openTSNE  # noqa: F401

    from aecore.analysis import inference  # noqa: F401
    from aecore.worker.projection import project  # noqa: F401

    # After all imports: two threads that import parts of one package can deadlock.
    threading.Thread(target=_compile_umap, daemon=True, name="umap-compile").start()


def _compile_umap() -> None:
    """Import and compile UMAP by computing a small map."""
    import numpy as np

    from aecore.worker.projection import engines, umap_engine

    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    spec = MapSpec("umap", n_neighbors=5)
    # Not `engines.embed`, which would change the number of threads of a map that is computed meanwhile.
    umap_engine.embed(x, spec, lambda share: None, engines.neighbours(x, 4), x[:, :2])
