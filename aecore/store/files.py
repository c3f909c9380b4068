"""Files of the cache folder: atomic writes, and reads that tolerate a missing or partial file."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1


def set_aside(folder: Path) -> None:
    """Delete a folder: moved to `.aside-…` beside it first, so that it is gone at once. A missing one is ignored."""
    if not folder.exists():
        return
    aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=folder.parent))
    with contextlib.suppress(FileNotFoundError):
        os.replace(folder, aside / folder.name)
    shutil.rmtree(aside, ignore_errors=True)


def read_json(path: Path, default: Any) -> Any:
    """The file's value; `default` for a missing or invalid file, or a value of another type than `default`'s."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return default
    return value if default is None or isinstance(value, type(default)) else default


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an `.npz` file by name; {} for a missing or invalid file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return {}


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically: a reader sees the old content or the new one, never a part.

    The temporary file beside it is deleted before an `OSError` is raised, so that a full disk does not stay full."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically; NaN and infinity become null, as JSON has neither."""
    write_bytes(path, json.dumps(_finite(value), allow_nan=False).encode())


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an `.npy` file atomically."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], small: bool = False) -> None:
    """Write a compressed `.npz` file atomically; `small` compresses better and far slower, with LZMA, which
    `np.savez_compressed` does not offer and `np.load` reads."""
    buffer = io.BytesIO()
    if small:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as file:
            for name, array in arrays.items():
                with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.save(entry, array, allow_pickle=False)
    else:
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
