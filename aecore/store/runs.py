"""Run folders: the files of a training, its progress and its results.

`cache/runs/<key>/` holds, once complete (`DONE`):

    spec.json           format version, key, spec, data set's name and fingerprint
    environment.json    versions, machine
    status.json         state, epoch, batch, losses, ETA (while it trains: rewritten at least once a second)
    history.json        {"steps": [{step, epoch, loss, mse}],
                        "epochs": [{epoch, loss, val_loss, val_mse, val_bce, penalty, phase}]}
    metrics.json        numbers about the finished run, `layers` among them
    codings.npy         (n_validation, coding_size) float32, float16 above 64 dimensions
    codings_train.npy   (n, coding_size) float16: the first n training samples' codings
    reconstructions.npz validation reconstructions, `x`: uint8 for images, else float16
    activations.npz     statistics of codings and hidden layers: `layers` has their names, then several arrays per layer
    snapshots.npz       `step`, `epoch`, `loss`, `val_loss` (s,), and of the samples in the order of `datasets.watched`
                        `codings` (s, 1000, k), `reconstructions` (s, 16, ...)
    model.keras, encoder.onnx, decoder.onnx
    map/<key>/, stability/<key>/, probe/<key>/   results computed from the run (`aecore.worker.projection`,
                        `aecore.worker.probe`), each with its own status.json and DONE
    DONE | STOPPED      written last: a manifest {file name: bytes}

During training, snapshots are single files `snapshots/00000.npz` …, and a file `STOP` asks the worker to end. Every
file is written atomically.
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
from aecore.datasets import own
from aecore.errors import AecoreError, RunError
from aecore.settings import cache_folder
from aecore.specs.base import KEY_LENGTH, Derived
from aecore.specs.run import RunSpec
from aecore.store.files import (
    FORMAT,
    read_json,
    read_npz,
    set_aside,
    write_arrays,
    write_bytes,
    write_json,
)

STALE_SECONDS = 15.0  # a "running" status that is older belongs to a dead worker
MARKS = {"DONE": "finished", "STOPPED": "stopped"}
KEY_PATTERN = re.compile(rf"[0-9a-f]{{{KEY_LENGTH}}}")


def run_key(spec: RunSpec) -> str:
    """The key of a spec on its data set. Raises an `AecoreError` for a spec the data set cannot serve."""
    info = datasets.info(spec.dataset)
    datasets.check(spec, info)
    return spec.key(info.fingerprint)


def valid_key(key: str) -> str:
    """`key`, if it has the form of a run's key and so cannot leave the cache folder. Raises `RunError` otherwise."""
    if not KEY_PATTERN.fullmatch(key):
        raise RunError(f"run: got {key[:40]!r}, allowed: {KEY_LENGTH} digits 0-9 a-f")
    return key


class ResultFolder:
    """A folder into which a job writes its result: a run, a map, a probe, an experiment.

    It may be read while a worker writes. `key` is the folder's name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.key = self.folder.name

    @property
    def state(self) -> str:
        """'missing', 'waiting', 'running', 'finished', 'stopped', 'failed' or 'damaged' (also for a disk that cannot be
        read). Never raises."""
        try:
            mark, exists = self.read_mark(), self.folder.exists()
        except OSError:
            return "damaged"
        if mark:
            return MARKS[mark[0]] if self._intact(*mark) else "damaged"
        state = str(self.status().get("state", "missing")) if exists else "missing"
        return "running" if state in ("finished", "stopped") else state  # without its mark the job has not ended

    @property
    def readable(self) -> bool:
        """True for a finished or stopped result, whose files are complete."""
        return self.state in MARKS.values()

    def status(self) -> dict[str, Any]:
        """The content of status.json, {} for a missing or invalid file."""
        return read_json(self.folder / "status.json", {})

    def write_status(self, **values: Any) -> None:
        """Write status.json, with the time as `updated`."""
        write_json(self.folder / "status.json", {**values, "updated": time.time()})

    def ask_to_stop(self) -> None:
        """Create `STOP`, which the worker checks."""
        (self.folder / "STOP").touch()

    def stop_asked(self) -> bool:
        """True once `ask_to_stop` was called."""
        return (self.folder / "STOP").exists()

    def mark(self, name: str) -> None:
        """Write `DONE` or `STOPPED`, after all other files: a manifest of their sizes."""
        files = {
            path.name: path.stat().st_size
            for path in sorted(self.folder.iterdir())
            if path.is_file() and path.name not in ("STOP", "status.json", *MARKS) and path.suffix != ".tmp"
        }
        write_json(self.folder / name, files)

    def read_mark(self) -> tuple[str, int] | None:
        """The name of the mark and its modification time in nanoseconds; None without one. Raises `OSError`."""
        for mark in MARKS:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return mark, os.stat(os.path.join(self.folder, mark)).st_mtime_ns
        return None

    def _intact(self, mark: str, written: int) -> bool:
        folder = str(self.folder)
        try:  # plain strings: a `Path` per file would slow down every page
            manifest = _manifest(os.path.join(folder, mark), written)
            return bool(manifest) and all(os.stat(os.path.join(folder, n)).st_size == s for n, s in manifest)
        except (OSError, ValueError, AttributeError):
            return False

    def array(self, name: str) -> np.ndarray:
        """The array of `<name>.npy`, memory-mapped. Raises `RunError` if it cannot be read."""
        with self._reading(name):
            return np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """All arrays of `<name>.npz` by name. Raises `RunError` if they cannot be read."""
        with self._reading(name), np.load(self.folder / f"{name}.npz", allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise RunError(f"run {self.key}: {name} cannot be read ({error}); train it again") from None

    def clear(self) -> None:
        """Replace the folder by an empty one."""
        set_aside(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)


class Run(ResultFolder):
    """A run folder; the module's docstring lists its files."""

    @property
    def spec(self) -> RunSpec:
        """The run's spec. Raises `RunError` for a missing or damaged spec.json, or one of another format."""
        path = os.path.join(self.folder, "spec.json")
        try:
            return _described(self.key, path, os.stat(path).st_mtime_ns)
        except OSError:
            raise RunError(f"run {self.key}: unknown, or its description is damaged") from None

    @property
    def described(self) -> bool:
        """False if `spec` raises: damaged, or written by another version of this package."""
        try:
            return bool(self.spec)
        except AecoreError:
            return False

    def derived(self, spec: Derived) -> ResultFolder:
        """The result folder of a map, probe or other spec computed from this run, in any state, 'missing' included."""
        return ResultFolder(self.folder / spec.kind / spec.key(self.key))

    @property
    def metrics(self) -> dict[str, Any]:
        """The numbers of metrics.json, {} for a missing or invalid file."""
        return read_json(self.folder / "metrics.json", {})

    @property
    def history(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of history.json, under 'steps' and 'epochs'; empty lists for a missing or invalid file."""
        return read_json(self.folder / "history.json", {"steps": [], "epochs": []})

    def begin(self, spec: RunSpec) -> None:
        """Create the folder and write spec.json."""
        self.folder.mkdir(parents=True, exist_ok=True)
        info = datasets.info(spec.dataset)
        write_json(
            self.folder / "spec.json",
            {"format": FORMAT, "key": self.key, "spec": spec.to_dict(), "fingerprint": info.fingerprint},
        )

    def reconstructions(self) -> np.ndarray:
        """Validation reconstructions (n, *shape): uint8 for images, else float16."""
        return self.arrays("reconstructions")["x"]

    def snapshots(self) -> dict[str, np.ndarray]:
        """All snapshots so far by array name, stacked along the first axis; {} before the first one."""
        if (self.folder / "snapshots.npz").exists():
            return self.arrays("snapshots")
        rows = [read_npz(path) for path in sorted((self.folder / "snapshots").glob("*.npz"))]
        rows = [row for row in rows if row]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]} if rows else {}

    def untrained_error(self) -> float | None:
        """Validation MSE of the watched samples before a running training's first step; None before it is known."""
        first = read_npz(self.folder / "snapshots" / "00000.npz")
        error = float(first.get("val_loss", np.nan))
        return error if np.isfinite(error) else None

    def latest_snapshot(self) -> dict[str, np.ndarray]:
        """The newest snapshot of a running training by array name; {} before the first one."""
        paths = sorted((self.folder / "snapshots").glob("*.npz"))
        return read_npz(paths[-1]) if paths else {}

    def shrink(self) -> None:
        """Recompress a finished run that will be committed to git, which takes some seconds. Losses keep six digits."""
        for name in ("reconstructions", "snapshots"):
            write_arrays(self.folder / f"{name}.npz", self.arrays(name), small=True)
        rounded = json.loads(json.dumps(self.history), parse_float=lambda digits: float(f"{float(digits):.6g}"))
        write_json(self.folder / "history.json", rounded)
        write_bytes(self.folder / "model.keras", _recompressed(self.folder / "model.keras"))
        self.mark("DONE")

    def touch(self) -> None:
        """Mark the run and the uploaded data behind it as used now; what was not used for longest goes first."""
        with contextlib.suppress(OSError, AecoreError):
            os.utime(self.folder)
            if own.is_own(self.spec.dataset):
                os.utime(own.folder(self.spec.dataset, self.folder.parents[1]))


def describe(spec: Derived, run_key: str, folder: Path) -> None:
    """Write the `spec.json` of a result computed from a run."""
    values = {"format": FORMAT, "key": spec.key(run_key), "run": run_key, spec.kind: spec.to_dict()}
    write_json(folder / "spec.json", values)


def open_run(key: str, cache: Path | None = None) -> Run:
    """The run of that key, in any state, 'missing' included. Raises `RunError` for an invalid key."""
    return Run((cache or cache_folder()) / "runs" / valid_key(key))


@lru_cache(maxsize=2000)
def _described(key: str, path: str, written: int) -> RunSpec:
    """The spec of a spec.json, cached by its modification time. Raises `RunError` for a damaged file."""
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
    """(file name, bytes) pairs of a mark, cached by its modification time. Raises what reading and parsing raise."""
    return tuple(json.loads(Path(path).read_text()).items())


def run_of(spec: RunSpec, cache: Path | None = None) -> Run:
    """The run of that spec, in any state, 'missing' included."""
    return open_run(run_key(spec), cache)


def _recompressed(path: Path) -> bytes:
    """The zip file `path` with the same members, without dates, at the highest deflate level."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
