"""MNIST as Keras ships it, with the split of Hubens' articles: the 10,000 test images are for validation.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, http://yann.lecun.com/exdb/mnist.
"""

from __future__ import annotations

import os

import numpy as np

from aecore.datasets import files
from aecore.datasets.base import Data, DatasetInfo
from aecore.errors import DatasetError

# Published with `keras.datasets.mnist`, which refuses any other file.
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"

INFO = DatasetInfo(
    name="mnist",
    title="MNIST digits",
    description="70,000 handwritten digits, 28 × 28 pixels: 60,000 to train on, the 10,000 test images to validate.",
    shape=(28, 28),
    n_train=60_000,
    n_validation=10_000,
    classes=tuple("0123456789"),
    unit_range=True,
    fingerprint=SHA256[:16],
)


def read() -> Data:
    """The arrays, from `mnist.npz` in `$AECORE_DATA` or in Keras's cache."""
    for path in (files.local_folder() / "mnist.npz", files.keras_folder() / "mnist.npz"):
        if os.path.exists(path):  # False, too, in a folder that cannot be read
            try:
                with np.load(path, allow_pickle=False) as file:
                    labels = (file[name].astype(np.int64) for name in ("y_train", "y_test"))
                    return Data(INFO, file["x_train"], file["x_test"], *labels)
            except files.UNREADABLE as error:
                raise files.unreadable(INFO, path, error) from None
    raise DatasetError(
        "mnist: no copy on this machine; put Keras's mnist.npz into a folder that AECORE_DATA names, "
        "or train on it once with internet access, where Keras downloads it"
    )
