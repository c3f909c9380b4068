"""aecore: autoencoders as values one can train, keep, look at and compare.

A `RunSpec` says completely what to train, a run folder holds everything known about the training, and the
rest of the package reads or writes such folders. `Autoencoder` is the same for scikit-learn. Importing the package is
cheap: TensorFlow, UMAP and scikit-learn are imported by `aecore.worker` only, and scikit-learn by `Autoencoder`.
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
