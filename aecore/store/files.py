"""The cache folder and its files: atomic writing, and reading that tolerates a writer."""

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

from aecore import settings

FORMAT = 1


def cache_folder() -> Path:
    """`$AECORE_CACHE`, else `cache/` beside the package."""
    return Path(settings.get("AECORE_CACHE") or Path(__file__).resolve().parents[2] / "cache")


def set_aside(folder: Path) -> None:
    """Move a folder out of the way (beside it, `.aside-…`) and delete it there; never raises for a missing one."""
    if not folder.exists():
        return
    aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=folder.parent))
    with contextlib.suppress(FileNotFoundError):
        os.replace(folder, aside / folder.name)
    shutil.rmtree(aside, ignore_errors=True)


def read_json(path: Path, default: Any) -> Any:
    """The file's value; `default` where there is none, it is torn, or of another type than `default` (if not None)."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return default
    return value if default is None or isinstance(value, type(default)) else default


def read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return {}


def write_bytes(path: Path, data: bytes) -> None:
    """Write beside `path`, then move there: a reader sees the old file or the new one, never a part. `OSError` where
    that cannot be done; then nothing is left beside either, which on a full disk would take the room that is needed."""
    beside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        beside.write_bytes(data)
        os.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Atomic; NaN and infinity become null, so that every reader can parse what is written."""
    write_bytes(path, json.dumps(_finite(value), allow_nan=False).encode())


def write_array(path: Path, array: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], small: bool = False) -> None:
    """Atomic compressed `.npz`; `small` (LZMA) takes ten times as long and saves a sixth."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA if small else zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
