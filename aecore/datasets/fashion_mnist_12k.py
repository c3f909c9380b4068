"""The default data set: 12,000 Fashion-MNIST images embedded in the package.

Per class 1,000 of the 55,000 training images of Géron's book and 200 of its 5,000 validation images, so that a model
trained here can be evaluated on the full set's validation images. Sampled by `aecore.worker.embed`.
"""

from __future__ import annotations

from aecore.datasets import fashion_mnist, files
from aecore.datasets.base import Data, DatasetInfo

INFO = DatasetInfo(
    name="fashion-mnist-12k",
    title="Fashion-MNIST, 12,000 images",
    description="Grey images of clothes, 28 × 28 pixels: 10,000 to train on, 2,000 to validate, as many of each class.",
    shape=(28, 28),
    n_train=10_000,
    n_validation=2_000,
    classes=fashion_mnist.INFO.classes,
    unit_range=True,
    fingerprint="39e408f97f29af61",
)


def read() -> Data:
    """The arrays, from the file embedded in the package."""
    return files.embedded(INFO)
