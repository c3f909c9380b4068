"""aecore: autoencoders as values one can train, keep, look at and compare.

A `RunSpec` says completely what to train, a run folder holds everything known about the training, and the
rest of the package reads or writes such folders. `Autoencoder` is the same for scikit-learn. Importing the package is
cheap: TensorFlow is imported by `aecore.learning` only, UMAP by `aecore.mapping` only, and scikit-learn not before
somebody asks for `Autoencoder`.
"""

from typing import TYPE_CHECKING, Any

from aecore import variants  # noqa: F401  registers their penalties, which a spec may name
from aecore.errors import AecoreError
from aecore.spec import Phase, RunSpec

if TYPE_CHECKING:
    from aecore.estimator import Autoencoder

__all__ = ["AecoreError", "Autoencoder", "Phase", "RunSpec"]


def __getattr__(name: str) -> Any:
    if name == "Autoencoder":
        from aecore.estimator import Autoencoder

        return Autoencoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
