"""Small uploaded data sets, written without a worker."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aecore.datasets import own
from aecore.specs.upload import UploadSpec
from aecore.store import own_data
from aecore.uploads.prepare import prepare
from aecore.uploads.samples import Samples


def table(cache: Path, n: int = 60, columns: int = 5, seed: int = 0) -> str:
    """The name of a table with two classes."""
    x = np.random.default_rng(seed).normal(size=(n, columns))
    return stored(cache, Samples("table", x, np.arange(n) % 2, ("a", "b"), tuple("abcdefghij")[:columns]))


def colours(cache: Path, n: int = 60, side: int = 12) -> str:
    """The name of a set of colour images."""
    x = np.random.default_rng(0).integers(0, 256, (n, side, side + 4, 3), np.uint8)
    return stored(cache, Samples("images", x, np.arange(n) % 3, ("x", "y", "z")))


def sequences(cache: Path, n: int = 60, steps: int = 9) -> str:
    """The name of a set of sequences of two features."""
    x = np.random.default_rng(0).normal(size=(n, steps, 2)).cumsum(axis=1)
    return stored(cache, Samples("sequences", x, np.arange(n) % 2, ("up", "down")))


def stored(cache: Path, samples: Samples, **spec: object) -> str:
    name, options = own_data.new_name(), UploadSpec().replace(**spec)
    folder = own.folder(name, cache)
    folder.mkdir(parents=True)
    own_data.write(prepare(samples, options), name, "made <here>.csv", options, folder)
    return name
