"""Fashion-MNIST with the split of Géron's book: of the 60,000 training images the last 5,000 are for validation.

Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", 2017, https://arxiv.org/abs/1708.07747 (MIT licence, Zalando SE).
"""

from __future__ import annotations

import os

import numpy as np

from aecore.datasets import files
from aecore.datasets.base import Data, DatasetInfo
from aecore.errors import DatasetError

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"

INFO = DatasetInfo(
    name="fashion-mnist",
    title="Fashion-MNIST, in full",
    description="60,000 grey images of clothes, 28 × 28 pixels: 55,000 to train on, the last 5,000 to validate.",
    shape=(28, 28),
    n_train=55_000,
    n_validation=5_000,
    classes=(
        "T-shirt",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    unit_range=True,
    fingerprint="1f243a60b4b748a4",
)


def read() -> Data:
    """The arrays, from the first copy in `$AECORE_DATA`, Debian's package or Keras's cache."""
    root = files.local_folder()
    for folder in (root / "fashion-mnist", root, files.keras_folder() / "fashion-mnist"):
        if os.path.exists(folder / IMAGES) and os.path.exists(folder / LABELS):  # False, too, in a folder of others
            try:
                images, labels = files.read_idx(folder / IMAGES), files.read_idx(folder / LABELS)
            except files.UNREADABLE as error:
                raise files.unreadable(INFO, folder, error) from None
            labels = labels.astype(np.int64)
            n = INFO.n_train
            return Data(INFO, images[:n], images[n:], labels[:n], labels[n:])
    raise DatasetError(
        "fashion-mnist: no copy on this machine; install Debian's package dataset-fashion-mnist (AECORE_DATA names "
        "another folder), or train on it once with internet access, where Keras downloads it"
    )
