"""The run folder: the one place through which a training, its progress and its results travel.

`cache/runs/<key>/` holds, once complete (`DONE`):

    spec.json           format version, key, spec, data set's name and fingerprint
    environment.json    versions, machine
    status.json         state, epoch, batch, losses, ETA (while it trains: rewritten at least once a second)
    history.json        {"steps": [{step, epoch, loss, mse}],
                        "epochs": [{epoch, loss, val_loss, val_mse, val_bce, penalty, phase}]}
    metrics.json        numbers about the finished run, `layers` among them
    codings.npy         (n_validation, coding_size) float32, float16 above 64 dimensions
    codings_train.npy   (n, coding_size) float16: the first n training samples' codings
    reconstructions.npz validation reconstructions, `x`: uint8 for data in [0, 1], else float16
    activations.npz     statistics of codings and hidden layers: `layers` has their names, then a few arrays a layer
    snapshots.npz       `step`, `epoch`, `loss`, `val_loss` (s,), and of the samples in the order of `datasets.watched`
                        `codings` (s, 1000, k), `reconstructions` (s, 16, ...)
    model.keras, encoder.onnx, decoder.onnx
    map/<key>/, stability/<key>/, probe/<key>/   what was computed from the run
                        (`aecore.worker.projection`, `aecore.worker.probe`), each with its own status.json and DONE
    DONE | STOPPED      written last: a manifest {file name: bytes}

While it trains, snapshots stand one by one in `snapshots/00000.npz` … and `STOP` asks the worker to end. Nothing is
ever readable as complete before it is: every file is written beside its place and moved there.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import time
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from aecore import datasets
from aecore.errors import AecoreError, RunError
from aecore.specs.base import Derived
from aecore.specs.run import KEY_LENGTH, RunSpec
from aecore.store.files import (
    FORMAT,
    cache_folder,
    read_json,
    read_npz,
    set_aside,
    write_arrays,
    write_bytes,
    write_json,
)

STALE_SECONDS = 15.0  # a status this old with state "running" belongs to a dead worker
MARKS = {"DONE": "finished", "STOPPED": "stopped"}
KEY_PATTERN = re.compile(rf"[0-9a-f]{{{KEY_LENGTH}}}")


def run_key(spec: RunSpec) -> str:
    """The key of a spec on its data set. Raises an `AecoreError` for a spec the data set cannot serve."""
    info = datasets.info(spec.dataset)
    datasets.check(spec, info)
    return spec.key(info.fingerprint)


def valid_key(key: str) -> str:
    """`key` if it has the form of one (nothing that could leave the cache folder), else `RunError`."""
    if not KEY_PATTERN.fullmatch(key):
        raise RunError(f"run: got {key[:40]!r}, allowed: {KEY_LENGTH} digits 0-9 a-f")
    return key


class ResultFolder:
    """A folder that a job fills: a run, or something computed from one. All reading is tolerant of a writer."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.key = self.folder.name

    @property
    def state(self) -> str:
        """'missing', 'waiting', 'running', 'finished', 'stopped', 'failed' or 'damaged'; the last one also where the
        disk cannot say. Raises nothing."""
        try:
            mark, there = self._mark(), self.folder.exists()
        except OSError:
            return "damaged"
        if mark:
            return MARKS[mark[0]] if self._intact(*mark) else "damaged"
        state = str(self.status().get("state", "missing")) if there else "missing"
        return "running" if state in ("finished", "stopped") else state  # its mark is not there yet, or never came

    @property
    def readable(self) -> bool:
        """True when arrays and metrics are there: finished, or stopped by someone."""
        return self.state in MARKS.values()

    def status(self) -> dict[str, Any]:
        """The last complete status.json, {} where there is none (a torn or alien file counts as none)."""
        return read_json(self.folder / "status.json", {})

    def write_status(self, **values: Any) -> None:
        write_json(self.folder / "status.json", {**values, "updated": time.time()})

    def ask_to_stop(self) -> None:
        (self.folder / "STOP").touch()

    def stop_asked(self) -> bool:
        return (self.folder / "STOP").exists()

    def mark(self, name: str) -> None:
        """Write `DONE` or `STOPPED`, last of all: a manifest of every file and its size."""
        files = {
            path.name: path.stat().st_size
            for path in sorted(self.folder.iterdir())
            if path.is_file() and path.name not in ("STOP", "status.json", *MARKS) and path.suffix != ".tmp"
        }
        write_json(self.folder / name, files)

    def _mark(self) -> tuple[str, int] | None:
        """The mark that is there, and when it was written."""
        for mark in MARKS:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return mark, os.stat(os.path.join(self.folder, mark)).st_mtime_ns
        return None

    def _intact(self, mark: str, written: int) -> bool:
        folder = str(self.folder)
        try:  # every page asks several times, so without a `Path` a file
            manifest = _manifest(os.path.join(folder, mark), written)
            return bool(manifest) and all(os.stat(os.path.join(folder, n)).st_size == s for n, s in manifest)
        except (OSError, ValueError, AttributeError):
            return False

    def array(self, name: str) -> np.ndarray:
        """`<name>.npy`, memory-mapped."""
        with self._reading(name):
            return np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """All arrays of `<name>.npz`."""
        with self._reading(name), np.load(self.folder / f"{name}.npz", allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise RunError(f"run {self.key}: {name} cannot be read ({error}); train it again") from None

    def clear(self) -> None:
        """Set the folder aside and start an empty one: what a request finds damaged, stopped or failed."""
        set_aside(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)


class Run(ResultFolder):
    """A run folder, see the module's docstring for its"""

    @property
    def spec(self) -> RunSpec:
        path = os.path.join(self.folder, "spec.json")
        try:
            return _described(self.key, path, os.stat(path).st_mtime_ns)
        except OSError:
            raise RunError(f"run {self.key}: unknown, or its description is damaged") from None

    @property
    def described(self) -> bool:
        """False where `spec` raises: one of another format, or of a newer version of ours."""
        try:
            return bool(self.spec)
        except AecoreError:
            return False

    def derived(self, spec: Derived) -> ResultFolder:
        """The folder of what `spec` computes from this run (a map, a probe, …), in whatever state."""
        return ResultFolder(self.folder / spec.kind / spec.key(self.key))

    @property
    def metrics(self) -> dict[str, Any]:
        return read_json(self.folder / "metrics.json", {})

    @property
    def history(self) -> dict[str, list[dict[str, Any]]]:
        return read_json(self.folder / "history.json", {"steps": [], "epochs": []})

    def begin(self, spec: RunSpec) -> None:
        """Make the folder and write down what is to be trained."""
        self.folder.mkdir(parents=True, exist_ok=True)
        info = datasets.info(spec.dataset)
        write_json(
            self.folder / "spec.json",
            {"format": FORMAT, "key": self.key, "spec": spec.to_dict(), "fingerprint": info.fingerprint},
        )

    def reconstructions(self) -> np.ndarray:
        """Validation reconstructions (n, *shape): uint8 for data in [0, 1], else float16."""
        return self.arrays("reconstructions")["x"]

    def snapshots(self) -> dict[str, np.ndarray]:
        """All snapshots so far, stacked along the first axis; {} before the first one. Works while it trains."""
        if (self.folder / "snapshots.npz").exists():
            return self.arrays("snapshots")
        rows = [read_npz(path) for path in sorted((self.folder / "snapshots").glob("*.npz"))]
        rows = [row for row in rows if row]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]} if rows else {}

    def latest_snapshot(self) -> dict[str, np.ndarray]:
        """The newest snapshot of a run that trains, {} before the first one."""
        paths = sorted((self.folder / "snapshots").glob("*.npz"))
        return read_npz(paths[-1]) if paths else {}

    def shrink(self) -> None:
        """Write a finished run as small as can be without losing anything one could see, which takes some seconds:
        for the runs that are committed. Losses keep six digits."""
        for name in ("reconstructions", "snapshots"):
            write_arrays(self.folder / f"{name}.npz", self.arrays(name), small=True)
        rounded = json.loads(json.dumps(self.history), parse_float=lambda digits: float(f"{float(digits):.6g}"))
        write_json(self.folder / "history.json", rounded)
        write_bytes(self.folder / "model.keras", _recompressed(self.folder / "model.keras"))
        self.mark("DONE")

    def touch(self) -> None:
        """Note that somebody looked at the run; what was not looked at for longest is evicted first."""
        with contextlib.suppress(OSError):
            os.utime(self.folder)


def describe(spec: Derived, run_key: str, folder: Path) -> None:
    """Write the `spec.json` of what `spec` computes from a run: what the folder holds or is going to hold."""
    values = {"format": FORMAT, "key": spec.key(run_key), "run": run_key, spec.kind: spec.to_dict()}
    write_json(folder / "spec.json", values)


def open_run(key: str, cache: Path | None = None) -> Run:
    """The run of that key, in whatever state. Raises `RunError` for a key that is no key."""
    return Run((cache or cache_folder()) / "runs" / valid_key(key))


@lru_cache(maxsize=2000)
def _described(key: str, path: str, written: int) -> RunSpec:
    """What a spec.json says; asked for by every page of every visitor, read once for every time it was written."""
    try:
        values = json.loads(Path(path).read_bytes())
    except ValueError:
        values = None
    if not isinstance(values, dict) or not isinstance(values.get("spec"), dict):
        raise RunError(f"run {key}: unknown, or its description is damaged")
    if values.get("format") != FORMAT:
        raise RunError(f"run {key}: format {values.get('format')!r}, allowed: {FORMAT}")
    return RunSpec.from_dict(values["spec"])


@lru_cache(maxsize=2000)
def _manifest(path: str, written: int) -> tuple[tuple[str, Any], ...]:
    """What a mark says, read once for every time it was written. Raises what reading and parsing do."""
    return tuple(json.loads(Path(path).read_text()).items())


def run_of(spec: RunSpec, cache: Path | None = None) -> Run:
    """The run of that spec, in whatever state ('missing' where nobody asked for it yet)."""
    return open_run(run_key(spec), cache)


def _recompressed(path: Path) -> bytes:
    """The zip file `path` with the same members, dates left out, compressed as far as every reader understands."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
