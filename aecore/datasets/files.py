"""Paths and readers of local data files, without Keras; `aecore.worker.training.download` downloads them."""

from __future__ import annotations

import gzip
import math
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from aecore import settings
from aecore.datasets.base import Data, DatasetInfo
from aecore.errors import DamagedError

EMBEDDED = Path(__file__).parent / "embedded"
ARRAYS = "train", "validation", "train_labels", "validation_labels"
IDX_UBYTE = 8  # the IDX format's code for unsigned bytes
UNREADABLE = (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile)


def local_folder() -> Path:
    """`$AECORE_DATA`, by default the folder of Debian's data packages."""
    return Path(settings.get("AECORE_DATA"))


def keras_folder() -> Path:
    """Keras's download folder: in `$KERAS_HOME`, `~/.keras` or, without a writable home, /tmp/.keras."""
    home = os.path.expanduser("~")  # unchanged for a user without a home
    default = Path(home if os.access(home, os.W_OK) else "/tmp", ".keras")
    return (settings.folder("KERAS_HOME", os.environ.get("KERAS_HOME", "")) or default) / "datasets"


def read_idx(path: Path) -> np.ndarray:
    """The array of unsigned bytes in a gzipped IDX file.

    The format (http://yann.lecun.com/exdb/mnist): two zero bytes, the element type, the number of dimensions, each
    dimension as a big-endian 32-bit number, then the elements in C order. Raises ValueError for anything else.
    """
    content = gzip.decompress(path.read_bytes())
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != IDX_UBYTE:
        raise ValueError("no IDX file of unsigned bytes")
    start = 4 + 4 * content[3]
    shape = tuple(np.frombuffer(content[4:start], ">i4").tolist())
    if len(content) != start + math.prod(shape):
        raise ValueError(f"{len(content) - start} bytes of elements for the shape {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def embedded(info: DatasetInfo) -> Data:
    """The arrays of `embedded/<name>.npz` in the package, a file written by `aecore.worker.embed`."""
    path = EMBEDDED / f"{info.name}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            return Data(info, **{name: file[name] for name in ARRAYS})
    except UNREADABLE as error:
        raise unreadable(info, path, error) from None


def unreadable(info: DatasetInfo, path: Path, error: Exception) -> DamagedError:
    """The error for a file that cannot be read."""
    return DamagedError(f"{info.name}: {path} is damaged ({error}); delete it or install it again")
