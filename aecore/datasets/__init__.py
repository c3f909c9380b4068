"""Registry of the data sets: modules with `INFO` (facts, without reading a file) and `read()` (the arrays).

To add one: a file beside this one with `INFO` and `read`, one line in `_MODULES`, and its fingerprint, which a failing
`tests/datasets/test_datasets.py` prints. The package assumes neither images nor 28 × 28 pixels. Data sets that visitors
uploaded, whose names begin with `own-`, are known as well, but on no list (`aecore.datasets.own`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from aecore.datasets import digits, fashion_mnist, fashion_mnist_12k, mnist, own, plane_3d, ranges
from aecore.datasets.base import Data, DatasetInfo, as_float, balanced, check, fitting, watched, without_classes
from aecore.errors import DamagedError, DatasetError
from aecore.specs.fields import unknown

__all__ = [
    "Data",
    "DatasetInfo",
    "as_float",
    "balanced",
    "check",
    "fitting",
    "info",
    "load",
    "names",
    "watched",
    "without_classes",
]


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
    """The names of all data sets but the uploaded ones, the default first."""
    return list(_BY_NAME)


def info(name: str) -> DatasetInfo:
    """The facts of a data set, without reading a file. Raises `DatasetError` for an unknown name."""
    return own.info(name) if own.is_own(name) else _module(name).INFO


def load(name: str) -> Data:
    """The arrays of a data set, read-only; the last three are cached, uploaded ones are memory-mapped.

    Values that a rounding moved out of [0, 1] are clipped where the data set's `INFO` has `unit_range`.
    Raises `DatasetError` for an unknown name and for a data set without a copy on this machine (the message says how to
    get one), and `DamagedError` for arrays that differ from the data set's `INFO`.
    """
    return own.load(name) if own.is_own(name) else registered(name)


@lru_cache(maxsize=3)
def registered(name: str) -> Data:
    """`load` of a data set of the registry."""
    data = _module(name).read()
    expected = data.info.n_train, data.info.n_validation
    for part, n in zip((data.train, data.validation), expected, strict=True):
        if part.shape != (n, *data.info.shape):
            raise DamagedError(f"{name}: got an array of shape {part.shape}, expected {(n, *data.info.shape)}")
        _require_numbers(data.info, part)
    if data.info.unit_range:
        data = replace(data, train=_in_unit_range(data.train), validation=_in_unit_range(data.validation))
    for array in (data.train, data.validation, data.train_labels, data.validation_labels):
        if array is not None:
            array.setflags(write=False)
    return data


def _require_numbers(info: DatasetInfo, samples: np.ndarray) -> None:
    """Raise `DamagedError` for NaN and infinite values, and for values outside [0, 1] where `info.unit_range`."""
    if samples.dtype == np.uint8:
        return  # always finite, and scaled to [0, 1]
    finite = np.isfinite(samples)
    if not finite.all():
        rows = np.count_nonzero(~finite.reshape(len(samples), -1).all(axis=1))
        raise DamagedError(
            f"{info.name}: got NaN or infinite values in {rows:,} of {len(samples):,} samples, allowed: finite numbers"
        )
    if info.unit_range and not ranges.around(ranges.UNIT, samples).contains(samples):
        raise DamagedError(f"{info.name}: got values {ranges.words(samples)}, allowed: 0 to 1, or bytes from 0 to 255")


def _in_unit_range(samples: np.ndarray) -> np.ndarray:
    return samples if samples.dtype == np.uint8 else ranges.around(ranges.UNIT, samples).clipped(samples)


def _module(name: str) -> _Module:
    if name not in _BY_NAME:
        raise DatasetError(unknown("dataset", name, _BY_NAME))
    return _BY_NAME[name]
