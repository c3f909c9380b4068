"""The digits of scikit-learn, 8 × 8 pixels: for trainings of a second and for tests.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49 (CC BY 4.0); the test half, as `sklearn.datasets.load_digits` has it.
"""

from __future__ import annotations

from aecore.datasets import files
from aecore.datasets.base import Data, DatasetInfo

INFO = DatasetInfo(
    name="digits",
    title="Small digits",
    description="1,797 handwritten digits, 8 × 8 pixels: 1,437 to train on, 360 to validate.",
    shape=(8, 8),
    n_train=1_437,
    n_validation=360,
    classes=tuple("0123456789"),
    unit_range=True,
    fingerprint="ce1a524a78eaf416",
)


def read() -> Data:
    """The arrays, from the file embedded in the package."""
    return files.embedded(INFO)
