"""The data sets: a registry of modules, each with `INFO` (what costs nothing) and `read()` (what reads files).

To add one: a file beside this one with `INFO` and `read`, one line in `_MODULES`, and its fingerprint, which
`tests/test_datasets.py` prints where it is wrong. Nothing in the package assumes images or 28 × 28 pixels.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import numpy as np

from aecore.datasets import digits, fashion_mnist, fashion_mnist_12k, mnist, plane_3d
from aecore.datasets.base import Data, DatasetInfo, as_float, balanced, check, watched
from aecore.errors import DamagedError, DatasetError

__all__ = ["Data", "DatasetInfo", "as_float", "balanced", "check", "info", "load", "names", "watched"]


class _Module(Protocol):
    INFO: DatasetInfo

    def read(self) -> Data: ...


_MODULES: tuple[_Module, ...] = (
    fashion_mnist_12k,
    fashion_mnist,
    mnist,
    digits,
    plane_3d,
)
_BY_NAME = {module.INFO.name: module for module in _MODULES}


def names() -> list[str]:
    """The data sets one can choose, the default first."""
    return list(_BY_NAME)


def info(name: str) -> DatasetInfo:
    """The facts about a data set, without reading a file. Raises `DatasetError` for an unknown name."""
    return _module(name).INFO


@lru_cache(maxsize=3)
def load(name: str) -> Data:
    """The arrays of a data set, read-only, and kept: the last three are shared by all who ask.

    Raises `DatasetError` for an unknown name, where this machine has no copy (then it says how to get one), and
    `DamagedError` for an array that is not what the description says.
    """
    data = _module(name).read()
    expected = data.info.n_train, data.info.n_validation
    for part, n in zip((data.train, data.validation), expected, strict=True):
        if part.shape != (n, *data.info.shape):
            raise DamagedError(f"{name}: got an array of shape {part.shape}, expected {(n, *data.info.shape)}")
        _require_numbers(data.info, part)
    for array in (data.train, data.validation, data.train_labels, data.validation_labels):
        if array is not None:
            array.setflags(write=False)
    return data


def _require_numbers(info: DatasetInfo, samples: np.ndarray) -> None:
    """Raise `DamagedError` for values that no training survives or that `info` does not promise."""
    if samples.dtype == np.uint8:
        return  # finite and in [0, 1] by its type
    finite = np.isfinite(samples)
    if not finite.all():
        rows = np.count_nonzero(~finite.reshape(len(samples), -1).all(axis=1))
        raise DamagedError(
            f"{info.name}: got NaN or infinite values in {rows:,} of {len(samples):,} samples, allowed: finite numbers"
        )
    low, high = samples.min(), samples.max()
    if info.unit_range and not 0 <= low <= high <= 1:
        raise DamagedError(
            f"{info.name}: got values from {low:.4g} to {high:.4g}, allowed: 0 to 1, or bytes from 0 to 255"
        )


def _module(name: str) -> _Module:
    if name not in _BY_NAME:
        raise DatasetError(f"dataset: got {name!r}, allowed: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]
