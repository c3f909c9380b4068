"""`Recorder`: writes status, history and snapshots of a running training into its run folder."""

from __future__ import annotations

import shutil
import time
from typing import Any

import numpy as np

from aecore.store.files import write_arrays, write_json
from aecore.store.progress import STATUS_SECONDS
from aecore.store.runs import Run

SNAPSHOT_IMAGES = 16
SNAPSHOT_CODINGS = 1000
SNAPSHOT_WIDTH = 30
LOG_SNAPSHOTS = 22
MAX_SNAPSHOTS = 60
MAX_STEPS = 500
PACE_SECONDS = 1.0  # shortest time from which the seconds left are estimated; the first steps are slow and uneven
FINISH_SECONDS = 2.0  # first estimate of the time after the last step, for evaluation, arrays and ONNX
# Levels of the codings in snapshots across their range. Up to three codings are drawn without a projection, where
# coarse levels would be visible as a lattice; a projection blurs it.
CODING_LEVELS = {"few": 2000, "many": 96}


def snapshot_steps(total: int, per_epoch: int) -> set[int]:
    """The steps after which a snapshot is taken: log-spaced ones and the ends of epochs, thinned to the most allowed.

    Log-spaced because most happens in the first steps; 0, the untrained state, is always among them.
    """
    wanted = points = min(LOG_SNAPSHOTS, total)
    while len(log_spaced := {0, *np.geomspace(1, total, points).round().astype(int).tolist()}) <= wanted:
        points += 1  # several of the first points are rounded to the same step
    ends = np.arange(per_epoch, total + 1, per_epoch)
    room = MAX_SNAPSHOTS - len(log_spaced)
    if len(ends) > room:
        ends = ends[np.linspace(0, len(ends) - 1, room).round().astype(int)]
    return log_spaced | set(ends.tolist())


def projection(width: int) -> np.ndarray | None:
    """Orthonormal columns (width, 30) on which wide codings are projected; None for codings that are stored unchanged.

    They are random but fixed, since a basis fitted to the codings of one snapshot (PCA) would show the others worse.
    Distances are preserved up to a common factor (Johnson and Lindenstrauss 1984).
    """
    if width <= SNAPSHOT_WIDTH:
        return None
    gaussian = np.random.default_rng(0).standard_normal((width, SNAPSHOT_WIDTH))
    return np.linalg.qr(gaussian)[0].astype(np.float32)


class Recorder:
    """Writer of a training's progress into its run folder, at limited rates."""

    def __init__(self, run: Run, total_steps: int, epochs: int, batches: int, is_image: bool) -> None:
        self.run, self.total, self.epochs, self.batches, self.is_image = run, total_steps, epochs, batches, is_image
        self.started = self.written = time.time()
        self.chunks: list[tuple[int, float]] = []  # step and time after each chunk; the first one includes tracing
        self.losses: list[float] = []
        self.errors: list[float] = []
        self.rows: list[dict[str, Any]] = []
        self.snapshots = 0
        self.pca_mse: float | None = None
        self.folder = run.folder / "snapshots"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    @property
    def step(self) -> int:
        """Number of steps trained, in all phases."""
        return len(self.losses)

    @property
    def epoch(self) -> int:
        """The current epoch, from 1, through all phases."""
        return min(self.step // self.batches + 1, self.epochs)

    def status(self, phase: str, message: str = "training", state: str = "running", force: bool = True) -> None:
        """Write status.json and history.json; without `force` at most once in `STATUS_SECONDS`."""
        now = time.time()
        if not force and now - self.written < STATUS_SECONDS:
            return
        self.written = now
        finished = state in ("finished", "stopped")
        self.run.write_status(
            state=state,
            message=message,
            phase=phase,
            epoch=self.epoch,
            epochs=self.epochs,
            batch=self.step - (self.epoch - 1) * self.batches,
            batches=self.batches,
            loss=self.losses[-1] if self.losses else None,
            val_loss=self.rows[-1]["val_loss"] if self.rows else None,
            fraction=1.0 if finished else 0.97 * self.step / self.total,
            eta=0.0 if finished else self._eta(now),
            started=self.started,
            pca_mse=self.pca_mse,
        )
        write_json(self.run.folder / "history.json", {"steps": self._thinned(), "epochs": self.rows})

    def steps_done(self, losses: np.ndarray, errors: np.ndarray) -> None:
        """Record the losses (steps,) and squared errors (steps,) of a chunk of steps."""
        self.losses += losses.tolist()
        self.errors += errors.tolist()
        self.chunks.append((self.step, time.time()))

    def snapshot(self, codings: np.ndarray, reconstructions: np.ndarray, val_mse: float) -> None:
        """Write a file into `snapshots/`: codings (1000, k ≤ 30), reconstructions (16, ...)."""
        write_arrays(
            self.folder / f"{self.snapshots:05d}.npz",
            {
                "step": np.asarray(self.step, np.int64),
                "epoch": np.asarray(self.step / self.batches, np.float32),
                "loss": np.asarray(self.losses[-1] if self.losses else np.nan, np.float32),
                "val_loss": np.asarray(val_mse, np.float32),
                "codings": half(codings),
                "reconstructions": compact(reconstructions, self.is_image),
            },
        )
        self.snapshots += 1

    def merge_snapshots(self) -> None:
        """Write all snapshots into a small `snapshots.npz` and delete their folder.

        Codings are rounded to a grid; Fortran order puts the similar values of successive snapshots side by side, which
        compresses better.
        """
        arrays = self.run.snapshots()
        codings = arrays["codings"].astype(np.float32)
        levels = CODING_LEVELS["few" if codings.shape[-1] <= 3 else "many"]
        grid = max(float(np.ptp(codings)) / levels, 1e-12)
        arrays["codings"] = (np.round(codings / grid) * grid).astype(np.float16)
        compressible = {name: np.asfortranarray(array) for name, array in arrays.items()}
        write_arrays(self.run.folder / "snapshots.npz", compressible)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _thinned(self) -> list[dict[str, float]]:
        stride = max(1, -(-self.step // MAX_STEPS))
        return [
            {"step": i + 1, "epoch": round((i + 1) / self.batches, 4), "loss": self.losses[i], "mse": self.errors[i]}
            for i in range(0, self.step, stride)
        ]

    def _eta(self, now: float) -> float | None:
        """Seconds left at the pace of the later half of the chunks; None before that took `PACE_SECONDS`."""
        first, since = self.chunks[len(self.chunks) // 2] if self.chunks else (self.step, now)
        if self.step == first or now - since < PACE_SECONDS:
            return None
        return (now - since) / (self.step - first) * (self.total - self.step) + FINISH_SECONDS


def half(values: np.ndarray) -> np.ndarray:
    """Values as float16, clipped to its finite range."""
    largest = np.finfo(np.float16).max
    return np.clip(values, -largest, largest).astype(np.float16)


def compact(samples: np.ndarray, is_image: bool) -> np.ndarray:
    """Images in [0, 1] as uint8, other samples as float16."""
    if is_image:
        return (np.clip(samples, 0, 1) * 255).round().astype(np.uint8)
    return half(samples)
