"""aecore: trains, stores, compares and exports autoencoders.

A `RunSpec` is the complete description of a training, and a run folder holds its results; the rest of the package reads
and writes such folders. `Autoencoder` is a scikit-learn transformer with the same settings, and
`AutoencoderOutlierDetector` finds outliers with one. Importing the package is fast: only `aecore.worker` imports
TensorFlow, UMAP and scikit-learn, and the two estimators import scikit-learn.
"""

from typing import TYPE_CHECKING, Any

from aecore.errors import AecoreError
from aecore.specs.run import Phase, RunSpec

if TYPE_CHECKING:
    from aecore.estimator import Autoencoder, AutoencoderOutlierDetector

_ESTIMATORS = ("Autoencoder", "AutoencoderOutlierDetector")
__all__ = ["AecoreError", "Autoencoder", "AutoencoderOutlierDetector", "Phase", "RunSpec"]


def __getattr__(name: str) -> Any:
    if name in _ESTIMATORS:
        from aecore import estimator

        return getattr(estimator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
