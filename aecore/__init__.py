"""aecore: autoencoders as values one can train, keep, look at and compare.

A `RunSpec` says completely what to train, a run folder holds everything known about the training, and the
rest of the package reads or writes such folders. Importing the package is cheap: TensorFlow is imported by
`aecore.learning` only, UMAP by `aecore.mapping` only.
"""

from aecore.errors import AecoreError
from aecore.spec import Phase, RunSpec

__all__ = ["AecoreError", "Phase", "RunSpec"]
