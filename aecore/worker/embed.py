"""Script that builds the data sets embedded in the package: `python -m aecore.worker.embed`.

Needs the full Fashion-MNIST on this machine, and scikit-learn. The files are committed; `tests/datasets` compares them
with a new build.
"""

from __future__ import annotations

import hashlib
import sys

import numpy as np

from aecore.datasets import digits, fashion_mnist, fashion_mnist_12k, files
from aecore.datasets.base import Data
from aecore.errors import DatasetError
from aecore.specs.base import KEY_LENGTH
from aecore.store.files import write_arrays

SEED = 2017


def fashion_mnist_sample() -> Data:
    """A balanced, shuffled sample of Fashion-MNIST, with the same split into training and validation."""
    full, info = fashion_mnist.read(), fashion_mnist_12k.INFO
    random = np.random.RandomState(SEED)
    if full.train_labels is None or full.validation_labels is None:
        raise DatasetError("fashion-mnist: the copy on this machine has no labels; delete it and download it again")
    train = _balanced(full.train_labels, info.n_train, random)
    validation = _balanced(full.validation_labels, info.n_validation, random)
    return Data(
        info,
        full.train[train],
        full.validation[validation],
        full.train_labels[train],
        full.validation_labels[validation],
    )


def digits_split() -> Data:
    """scikit-learn's digits, with their 17 grey levels scaled to 0 to 255, shuffled and split."""
    from sklearn.datasets import load_digits

    info = digits.INFO
    source = load_digits()
    images = np.round(source.images * (255 / 16)).astype(np.uint8)
    order = np.random.RandomState(SEED).permutation(len(images))
    images, labels = images[order], source.target[order].astype(np.int64)
    n = info.n_train
    return Data(info, images[:n], images[n:], labels[:n], labels[n:])


def arrays(data: Data) -> dict[str, np.ndarray]:
    """The arrays of a data set by name, in the order of `Data`'s fields."""
    return {name: array for name in files.ARRAYS if (array := getattr(data, name)) is not None}


def fingerprint(data: Data) -> str:
    """The first `KEY_LENGTH` hexadecimal digits of the SHA-256 of the arrays' bytes."""
    content = hashlib.sha256()
    for array in arrays(data).values():
        content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()[:KEY_LENGTH]


def main() -> None:
    """Write both files, and print their sizes and fingerprints to stderr."""
    for data in (fashion_mnist_sample(), digits_split()):
        path = files.EMBEDDED / f"{data.info.name}.npz"
        write_arrays(path, arrays(data))
        print(f"{path.name}: {path.stat().st_size:,} bytes, fingerprint {fingerprint(data)}", file=sys.stderr)


def _balanced(labels: np.ndarray, n: int, random: np.random.RandomState) -> np.ndarray:
    """Indices of n samples, balanced over the classes of `labels`, shuffled."""
    classes = np.unique(labels)
    per_class = [random.permutation(np.flatnonzero(labels == label))[: n // len(classes)] for label in classes]
    return random.permutation(np.concatenate(per_class))


if __name__ == "__main__":
    main()
