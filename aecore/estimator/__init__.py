"""The scikit-learn estimators: `Autoencoder`, and `AutoencoderOutlierDetector` around it.

This is the only package outside `aecore.worker` that imports scikit-learn; it is imported at the first access to one of
them as an attribute of `aecore`.
"""

from aecore.estimator.autoencoder import Autoencoder
from aecore.estimator.outlier_detector import AutoencoderOutlierDetector

__all__ = ["Autoencoder", "AutoencoderOutlierDetector"]
