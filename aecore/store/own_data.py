"""Writing, listing and removal of uploaded data sets, with all that was computed from them.

`aecore.datasets.own` describes their folders and reads them. Uploaded files wait in `data/.upload-<name>/` until a
worker has read them.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from aecore.datasets import own
from aecore.specs.upload import UploadSpec
from aecore.store.events import log_event
from aecore.store.files import read_json, set_aside, write_arrays, write_json
from aecore.store.lease import is_held
from aecore.store.runs import KEY_PATTERN, ResultFolder
from aecore.uploads.files import UploadedFile, check_upload_size
from aecore.uploads.labels import plain_name
from aecore.uploads.prepare import PreparedData

DAY = 24 * 3600.0
FORMS = {"images": "image", "table": "row", "sequences": "sequence"}  # what a sample is called


def new_name() -> str:
    """A name for a data set that nobody can guess."""
    return own.PREFIX + secrets.token_hex(own.KEY_BYTES)


def receive(name: str, files: Sequence[tuple[str, bytes | Path]], cache: Path) -> tuple[UploadedFile, ...]:
    """Store files, each a name and its content or path, for the worker that will read them.

    They are numbered: the names from outside are no part of a path. Raises `UploadError` for too many bytes.
    """
    check_upload_size([part.stat().st_size if isinstance(part, Path) else len(part) for _, part in files])
    folder = _upload_folder(name, cache).absolute()  # workers may have another working directory
    folder.mkdir(parents=True, exist_ok=True)
    received = []
    for number, (title, part) in enumerate(files):
        path = folder / f"{number:06}"
        if isinstance(part, Path):
            shutil.copyfile(part, path)
        else:
            path.write_bytes(part)
        received.append(UploadedFile(title, path))
    return tuple(received)


def discard_upload(name: str, cache: Path) -> None:
    """Delete the files that `receive` stored."""
    shutil.rmtree(_upload_folder(name, cache), ignore_errors=True)


def write(data: PreparedData, name: str, title: str, spec: UploadSpec, folder: Path, source: str = "") -> None:
    """Write the files of a data set into its folder, `DONE` last. `source`: the digest of what it was made from."""
    arrays = {"train": data.train, "validation": data.validation}
    if data.train_labels is not None and data.validation_labels is not None:
        arrays |= {"train_labels": data.train_labels, "validation_labels": data.validation_labels}
    for part, array in arrays.items():
        _write_large(folder / f"{part}.npy", array)
    if data.scaling:
        write_arrays(folder / "scaling.npz", {"offset": data.scaling.offset, "factor": data.scaling.factor})
    n_train, n_validation = len(data.train), len(data.validation)
    noun = FORMS[data.form]
    write_json(
        folder / "facts.json",
        {
            "format": own.FORMAT,
            "name": name,
            "title": plain_name(spec.name or title, 60),
            "description": f"Own {noun}s: {n_train:,} to train on, {n_validation:,} to validate.",
            "form": data.form,
            "shape": list(data.train.shape[1:]),
            "n_train": n_train,
            "n_validation": n_validation,
            "classes": list(data.classes),
            "columns": list(data.columns),
            "unit_range": data.unit_range,
            "fingerprint": data.fingerprint,
            "facts": list(data.facts),
            "spec": spec.to_dict(),
            "source": source,
            "added": time.time(),
        },
    )
    ResultFolder(folder).mark("DONE")


def names(cache: Path) -> list[str]:
    """The names of all finished data sets in a cache folder, the last added first: for its owner, not for pages."""
    folders = [path for path in (cache / "data").glob(f"{own.PREFIX}*") if own.is_own(path.name)]
    done = [path for path in folders if (path / "DONE").exists()]
    return [path.name for path in sorted(done, key=lambda path: -(path / "DONE").stat().st_mtime)]


def results_of(name: str, cache: Path) -> list[Path]:
    """The folders of all runs and pretraining experiments on a data set, in any state."""
    results = []
    for room, part in (("runs", "spec"), ("pretraining", "autoencoder")):
        for folder in (cache / room).glob("[0-9a-f]*"):
            described = read_json(folder / "spec.json", {}).get(part)
            if KEY_PATTERN.fullmatch(folder.name) and isinstance(described, dict) and described.get("dataset") == name:
                results.append(folder)
    return results


def remove(name: str, cache: Path) -> int:
    """Delete a data set, its files and all runs and experiments on it; returns their number.

    Running trainings are asked to stop, and fail where they write next. Raises `DatasetError` for an invalid name.
    """
    folder = own.folder(name, cache)
    results = results_of(name, cache)
    for result in results:
        with contextlib.suppress(OSError):
            ResultFolder(result).ask_to_stop()
        set_aside(result)
    set_aside(folder)
    discard_upload(name, cache)
    log_event("data removed", runs=len(results))  # without the name, which is a secret
    return len(results)


def sweep(cache: Path, days: float, keep: Collection[str] = ()) -> list[str]:
    """Delete the data sets that were not used for so many days, and what uploads left behind that were never finished.

    `keep` : names of data sets that are never deleted; 0 days: none is. Returns the names of the deleted ones.
    """
    if not days:
        return []
    deleted = []
    for folder in list((cache / "data").glob("*")) + list((cache / "data").glob(".*")):
        name = folder.name.removeprefix(".upload-")
        finished = (folder / "DONE").exists()
        limit = days * DAY if finished else min(days, 1.0) * DAY
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime <= limit or name in keep:
                continue
            if own.is_own(folder.name) and not is_held(folder):
                remove(name, cache)
                deleted.append(name)
            elif folder.name.startswith((".upload-", ".aside-")):
                shutil.rmtree(folder, ignore_errors=True)
    return deleted


def _upload_folder(name: str, cache: Path) -> Path:
    return own.folder(name, cache).with_name(f".upload-{name}")


def _write_large(path: Path, array: np.ndarray) -> None:
    """Write an `.npy` file in parts, atomically, without a copy in memory."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
            file.write(header.getvalue())
            for start in range(0, len(array), 4096):
                file.write(np.ascontiguousarray(array[start : start + 4096]).data)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
