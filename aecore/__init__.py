"""aecore: trains, stores, compares and exports autoencoders.

A `RunSpec` is the complete description of a training, and a run folder holds its results; the rest of the package reads
and writes such folders. `Autoencoder` is a scikit-learn transformer with the same settings. Importing the package is
fast: only `aecore.worker` imports TensorFlow, UMAP and scikit-learn, and `Autoencoder` imports scikit-learn.
"""

from typing import TYPE_CHECKING, Any

from aecore.errors import AecoreError
from aecore.specs.run import Phase, RunSpec

if TYPE_CHECKING:
    from aecore.estimator import Autoencoder

__all__ = ["AecoreError", "Autoencoder", "Phase", "RunSpec"]


def __getattr__(name: str) -> Any:
    if name == "Autoencoder":
        from aecore.estimator import Autoencoder

        return Autoencoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
