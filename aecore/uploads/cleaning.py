"""Numbers of a table: values that are missing, infinite or too large."""

from __future__ import annotations

import numpy as np

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.text import counted
from aecore.uploads.samples import LARGEST, check_size


def as_numbers(array: np.ndarray, name: str) -> np.ndarray:
    """An array of real numbers in this machine's byte order and C order, float32 or float64; uint8 and bool as uint8.

    Raises `UploadError` for objects, texts, dates, records and complex numbers.
    """
    kinds = {
        "c": "complex numbers",
        "O": "Python objects",
        "U": "texts",
        "S": "texts",
        "M": "dates",
        "m": "durations",
        "V": "records",
    }
    if array.dtype.kind not in "buif":
        raise UploadError(f"{name}: got {kinds.get(array.dtype.kind, str(array.dtype))}, allowed: real numbers")
    if array.dtype.kind == "b" or array.dtype == np.uint8:
        return np.ascontiguousarray(array, np.uint8)
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, np.float32 if array.dtype.itemsize <= 4 else np.float64)
    return np.ascontiguousarray(array, np.float32 if array.dtype.itemsize <= 2 else np.float64)


def without_missing(x: np.ndarray, spec: UploadSpec, name: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(rows, indices of the rows that are kept, facts) of a table (n, columns) of floats.

    Missing are NaN, ±inf and values beyond `LARGEST`; they are filled with their column's median, or their rows are
    left out. Raises `UploadError` if nothing is left.
    """
    check_size(len(x), x.shape[1:], name)
    everything = np.arange(len(x))
    if x.dtype.kind != "f" or not x.size:
        return x, everything, []
    with np.errstate(invalid="ignore"):
        usable = np.abs(x) <= LARGEST  # False for NaN
    if usable.all():
        return x, everything, []
    facts = []
    if infinite := int(np.isinf(x).sum()):
        facts.append(f"{counted(infinite, 'infinite value')} counted as missing.")
    if huge := int((~usable & np.isfinite(x)).sum()):
        facts.append(f"{counted(huge, 'value')} beyond ±{LARGEST:.0e} counted as missing.")
    missing = int((~usable).sum())
    if spec.missing == "drop":
        kept = np.flatnonzero(usable.reshape(len(x), -1).all(axis=1))
        if not len(kept):
            raise UploadError(f"{name}: got missing values in every row, allowed: missing=median, or other columns")
        facts.append(f"{counted(len(x) - len(kept), 'row')} with missing values left out.")
        return x[kept], kept, facts
    filled = np.where(usable, x, np.nan)
    columns = np.flatnonzero(~usable.all(axis=0))
    empty = [int(i) for i in columns if not usable[:, i].any()]
    if empty:
        raise UploadError(f"{name}: got {counted(len(empty), 'column')} without any value, allowed: real numbers")
    medians = [np.median(x[usable[:, i], i]) for i in columns]
    for i, median in zip(columns, medians, strict=True):
        filled[~usable[:, i], i] = median
    facts.append(f"{counted(missing, 'missing value')} filled with the median of the column.")
    return filled, everything, facts


def finite_rows(x: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    """(indices of the samples without NaN, infinite and huge values, facts). Raises `UploadError` if none is left."""
    if x.dtype.kind != "f":
        return np.arange(len(x)), []
    kept = []
    for start in range(0, len(x), 4096):
        part = x[start : start + 4096]
        with np.errstate(invalid="ignore"):
            usable = (np.abs(part) <= LARGEST).reshape(len(part), -1).all(axis=1)
        kept.append(start + np.flatnonzero(usable))
    rows = np.concatenate(kept) if kept else np.arange(0)
    if len(x) and not len(rows):
        raise UploadError(f"{name}: got NaN or infinite values in every sample, allowed: finite numbers")
    left_out = len(x) - len(rows)
    return rows, [f"{counted(left_out, 'sample')} with NaN or infinite values left out."] if left_out else []
