"""Data sets that visitors uploaded: folders `data/own-<key>/` of the cache, written by `aecore.store.own_data`.

The key is random and long, so that nobody can guess a name, and no list has it. A folder holds, once complete:

    facts.json           `DatasetInfo`, and what the reading changed
    train.npy, validation.npy, train_labels.npy, validation_labels.npy
    scaling.npz          offset and factor of scaled columns
    DONE                 written last: a manifest {file name: bytes}
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from aecore import settings
from aecore.datasets.base import Data, DatasetInfo
from aecore.errors import DatasetError
from aecore.specs.fields import shown

PREFIX = "own-"
KEY_BYTES = 16
FORMAT = 1
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{{2 * KEY_BYTES}}}")
_ARRAYS = "train", "validation", "train_labels", "validation_labels"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)


def is_own(name: str) -> bool:
    """True for the name of an uploaded data set, which need not exist."""
    return _NAME.fullmatch(name) is not None


def folder(name: str, cache: Path | None = None) -> Path:
    """The folder of an uploaded data set, which need not exist. Raises `DatasetError` for another name."""
    if not is_own(name):
        raise DatasetError(f"data: got {shown(name)}, allowed: {PREFIX} and {2 * KEY_BYTES} digits 0-9 a-f")
    return (cache or settings.cache_folder()) / "data" / name


def facts(name: str, cache: Path | None = None) -> dict[str, Any]:
    """The content of facts.json. Raises `DatasetError` for a data set that is missing, unfinished or damaged."""
    path = folder(name, cache)
    try:
        done = os.stat(path / "DONE").st_mtime_ns
        return _facts(str(path), done)
    except _UNREADABLE:
        raise DatasetError(f"{name}: no such data on this server; it may have been deleted, add it again") from None


def info(name: str, cache: Path | None = None) -> DatasetInfo:
    """The facts of an uploaded data set. Raises `DatasetError` as `facts` does."""
    values = facts(name, cache)
    return DatasetInfo(
        name=name,
        title=values["title"],
        description=values["description"],
        shape=tuple(values["shape"]),
        n_train=values["n_train"],
        n_validation=values["n_validation"],
        classes=tuple(values["classes"]),
        unit_range=values["unit_range"],
        fingerprint=values["fingerprint"],
        columns=tuple(values["columns"]),
        sequences=values["form"] == "sequences",
    )


def load(name: str) -> Data:
    """The arrays of an uploaded data set, memory-mapped. Raises `DatasetError` as `facts` does, and for arrays that
    cannot be read."""
    path, described = folder(name), info(name)
    with contextlib.suppress(OSError):
        os.utime(path)  # data that are not used for days go
    try:
        with open(path / "DONE", encoding="utf-8") as file:
            sizes = json.load(file)
        if any(os.stat(path / one).st_size != size for one, size in sizes.items()):
            raise ValueError
        arrays = {
            one: np.load(path / f"{one}.npy", mmap_mode="r", allow_pickle=False)
            for one in _ARRAYS
            if f"{one}.npy" in sizes
        }
        return Data(described, **arrays)
    except _UNREADABLE:
        raise DatasetError(f"{name}: its arrays cannot be read; add the data again") from None


@lru_cache(maxsize=100)
def _facts(path: str, done: int) -> dict[str, Any]:
    """The facts of a folder, cached by the time of its mark. Raises what reading and parsing raise."""
    with open(Path(path) / "facts.json", encoding="utf-8") as file:
        values = json.load(file)
    if values["format"] != FORMAT:
        raise ValueError(values["format"])
    return dict(values)
