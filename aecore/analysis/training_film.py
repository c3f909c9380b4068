"""The film of a run: its codings on a plane at every snapshot of the training.

Codings of one or two numbers are shown as they are. Wider ones are projected on a plane. A plane fitted to every
snapshot would rotate and flip although nothing is learned, so the plane is fixed:

- A finished (or stopped) run has one plane for all frames, the first two principal components of its last snapshot.
- While a run trains, a plane is used as long as it explains at least `KEEP` of the variance that the newest snapshot's
  principal plane explains; then that plane replaces it, rotated towards the former one. A frame's positions depend on
  earlier frames only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aecore import datasets
from aecore.analysis.metrics import principal_axes
from aecore.analysis.neighbours import LARGE
from aecore.analysis.procrustes import rotation
from aecore.datasets import Data, watched
from aecore.errors import RunError
from aecore.store.files import read_npz
from aecore.store.runs import Run
from aecore.text import error_text

KEEP = 0.8
JITTER = 0.05  # width of the missing second axis of a single coding, as a share of the codings' spread; as in its map
MARGIN = 0.06
REACH = 1.5  # the bounds of all frames may be this many times larger than the last frame's
NEARLY = 0.9
SEPARATED = 0.25  # share of the variance between classes from which they count as separated
_PER_FRAME = ("step", "epoch", "loss", "error", "positions", "reconstructions")  # the fields with one entry a frame


@dataclass(frozen=True)
class Plane:
    """A plane in the space of the codings: `components` (2, k) orthonormal rows, `offset` (2,)."""

    components: np.ndarray
    offset: np.ndarray

    def project(self, codings: np.ndarray) -> np.ndarray:
        """Positions (n, 2) of codings (n, k)."""
        return codings @ self.components.T + self.offset

    def explained(self, codings: np.ndarray) -> float:
        """The share of the variance of codings (n, k) in the plane; 1 for codings without variance."""
        total = codings.var(axis=0).sum()
        return float((codings @ self.components.T).var(axis=0).sum() / total) if total > 0 else 1.0


def principal_plane(codings: np.ndarray) -> Plane:
    """The plane of the first two principal components of codings (n, k ≥ 2), their mean at its origin.

    The largest entry of each component is positive, so that equal codings give equal pictures.
    """
    mean, axes = principal_axes(codings, 2)
    components = axes.T.astype(np.float64)
    largest = np.abs(components).argmax(axis=1)
    components = components * np.where(components[[0, 1], largest] < 0, -1.0, 1.0)[:, None]
    return Plane(components, -components @ mean)


def followed_plane(codings: np.ndarray, former: Plane) -> Plane:
    """`former` while it explains enough of codings (n, k), else their principal plane, rotated and reflected within
    itself towards the former one, the mean of the codings at its former position."""
    best = principal_plane(codings)
    if former.explained(codings) >= KEEP * best.explained(codings):
        return former
    components = rotation(best.components.T, former.components.T)[0].T @ best.components
    middle = codings.mean(axis=0)
    return Plane(components, former.project(middle) - components @ middle)


@dataclass(frozen=True, eq=False)
class Film:
    """The s frames of a run, with n samples.

    `step`, `epoch`, `loss`, `error` (s,): steps and epochs trained, loss of the last batch (NaN before the first), mean
    squared error of the n samples. `positions` (s, n, 2) float32. `numbers` (n,) are the validation samples,
    `labels` (n,) their labels. `originals` (m, *shape) and `reconstructions` (s, m, *shape) are of the first m ≤ 16
    samples, uint8 for images. `explained` is the share of the variance of the last codings in the plane, `left_out` the
    number of snapshots with codings that are not finite. `finished`: no frames will follow. `started` is the time of
    the first snapshot (ns), which distinguishes two trainings of one run.
    """

    run: str
    finished: bool
    step: np.ndarray
    epoch: np.ndarray
    loss: np.ndarray
    error: np.ndarray
    positions: np.ndarray
    reconstructions: np.ndarray
    originals: np.ndarray
    numbers: np.ndarray
    labels: np.ndarray | None
    classes: tuple[str, ...]
    is_image: bool
    explained: float = 1.0
    left_out: int = 0
    plane: Plane | None = None  # None for codings that are not projected
    started: int = 0
    projected: bool = False

    def __len__(self) -> int:
        return len(self.step)

    @property
    def clock(self) -> np.ndarray:
        """The times (s,) of the frames in the film: ln(1 + step), because most happens in the first steps."""
        return np.log1p(self.step.astype(float))

    @property
    def snapshot_count(self) -> int:
        """Number of snapshots read, the left-out ones included."""
        return len(self) + self.left_out

    @property
    def groups(self) -> np.ndarray:
        """The class numbers that occur, ascending; empty without labels."""
        return np.zeros(0, int) if self.labels is None else np.unique(self.labels)

    def caption(self, frame: int) -> str:
        """Time and error of a frame: 'epoch 0.28 · step 89 · error .0312'."""
        if self.step[frame] == 0:
            return f"untrained · error {error_text(float(self.error[frame]))}"
        epoch = f"{self.epoch[frame]:.2f}".rstrip("0").rstrip(".")
        return f"epoch {epoch} · step {self.step[frame]:,} · error {error_text(float(self.error[frame]))}"

    def separated(self) -> int | None:
        """The first frame from which on classes are separated by at least nine tenths of their final separation; None
        without labels and where the final separation is below `SEPARATED`.

        The separation is the share of the positions' variance between classes (the correlation ratio, Fisher 1925).
        """
        if self.labels is None or len(self) < 2:
            return None
        middle = self.positions.mean(axis=1, keepdims=True)
        total = np.square(self.positions - middle).sum(axis=(1, 2))
        between = np.zeros(len(self))
        for group in self.groups:
            members = self.labels == group
            means = self.positions[:, members].mean(axis=1)
            between += members.sum() * np.square(means - middle[:, 0]).sum(axis=1)
        share = between / np.maximum(total, 1e-12)
        if share[-1] < SEPARATED:
            return None
        return int(len(self) - np.argmin(np.append(share[::-1] >= NEARLY * share[-1], False)))

    def converged(self) -> int | None:
        """The first frame with nine tenths of the error's total fall; None where the error did not fall."""
        fall = self.error[0] - self.error
        return int(np.argmax(fall >= NEARLY * fall[-1])) if fall[-1] > 0 else None

    def time_text(self, frame: int) -> str:
        """'step 22' within the first epoch, 'epoch 1.4' later."""
        epoch = float(self.epoch[frame])
        return f"epoch {epoch:.1f}".removesuffix(".0") if epoch >= 1 else f"step {self.step[frame]:,}"

    def positions_at(self, time: float) -> np.ndarray:
        """Positions (n, 2) at a time of `clock`: on the straight line between the two frames around it."""
        clock = self.clock
        after = int(np.clip(np.searchsorted(clock, time), 1, max(len(self) - 1, 1)))
        if after >= len(self):
            return self.positions[-1]
        share = np.clip((time - clock[after - 1]) / (clock[after] - clock[after - 1]), 0, 1)
        return self.positions[after - 1] * np.float32(1 - share) + self.positions[after] * np.float32(share)

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top bounds of a picture of any frame: all points of the last frame, and 98 % of the
        others along each axis, but at most `REACH` times the size of the last frame.
        """
        low, high = self.positions[-1].min(axis=0), self.positions[-1].max(axis=0)
        size = float((high - low).max()) or 1.0
        reach = np.maximum(high - low, 0.2 * size) / 2
        middle = (low + high) / 2
        inner = np.percentile(self.positions, (1, 99), axis=1)  # (2, s, 2)
        low = np.maximum(np.minimum(middle - reach, inner[0].min(axis=0)), middle - REACH * reach)
        high = np.minimum(np.maximum(middle + reach, inner[1].max(axis=0)), middle + REACH * reach)
        left, bottom = low - MARGIN * (high - low)
        right, top = high + MARGIN * (high - low)
        return float(left), float(bottom), float(right), float(top)


def film_of_run(run: Run, previous: Film | None = None) -> Film:
    """The film of a run, finished, stopped or still in training.

    Parameters
    ----------
    run : with `snapshots.npz`, or with the folder `snapshots` of a training in progress.
    previous : an earlier result for the same run; while it trains, only newer snapshots are read.

    Raises
    ------
    RunError : for a run without snapshots, or without finite codings in any of them.
    DatasetError : without a copy of the data on this machine.
    """
    data = datasets.load(run.spec.dataset)
    if (run.folder / "snapshots.npz").exists():
        film = film_of_snapshots(run.key, run.arrays("snapshots"), data, finished=True)
        return film if film.projected or run.state != "finished" else _unrounded(film, run.array("codings"))
    paths = sorted((run.folder / "snapshots").glob("*.npz"))
    started = paths[0].stat().st_mtime_ns if paths else 0
    if previous and (previous.run, previous.started, previous.finished) != (run.key, started, False):
        previous = None
    rows = [read_npz(path) for path in paths[previous.snapshot_count if previous else 0 :]]
    readable = next((i for i, row in enumerate(rows) if not row), len(rows))
    if not readable:
        if previous:
            return previous
        raise RunError(f"run {run.key}: it has no snapshots of its training to show; train it again to record some")
    stacked = {name: np.stack([row[name] for row in rows[:readable]]) for name in rows[0]}
    return replace(film_of_snapshots(run.key, stacked, data, finished=False, previous=previous), started=started)


def film_of_snapshots(
    key: str, snapshots: Mapping[str, np.ndarray], data: Data, *, finished: bool, previous: Film | None = None
) -> Film:
    """The film from the arrays of `snapshots.npz`, appended to `previous`. Raises `RunError` like `film_of_run`."""
    codings = np.asarray(snapshots["codings"], np.float64)
    codings = codings.reshape(*codings.shape[:2], -1)
    finite = (np.abs(codings) <= LARGE).all(axis=(1, 2))  # False for NaN
    left_out = int((~finite).sum())
    if not finite.any():
        if previous:
            return replace(previous, left_out=previous.left_out + left_out)
        raise RunError(
            f"run {key}: the codings of all its snapshots contain NaN or infinite values or huge ones (the "
            "training diverged); train it again with a smaller learning rate"
        )
    codings = codings[finite]
    plane = previous.plane if previous else None
    if codings.shape[2] <= 2:
        positions, explained = _as_they_are(codings, previous), 1.0
    elif finished:
        plane = principal_plane(codings[-1])
        positions, explained = plane.project(codings), plane.explained(codings[-1])
    else:
        projected = []
        for frame in codings:
            plane = followed_plane(frame, plane) if plane else principal_plane(frame)
            projected.append(plane.project(frame))
        positions, explained = np.stack(projected), plane.explained(codings[-1]) if plane else 1.0
    order = watched(len(data.validation), data.validation_labels)[: codings.shape[1]]
    pictures = np.asarray(snapshots["reconstructions"])[finite]
    film = Film(
        run=key,
        finished=finished,
        step=np.asarray(snapshots["step"], np.int64)[finite],
        epoch=np.asarray(snapshots["epoch"], np.float32)[finite],
        loss=np.asarray(snapshots["loss"], np.float32)[finite],
        error=np.asarray(snapshots["val_loss"], np.float32)[finite],
        positions=positions.astype(np.float32),
        reconstructions=pictures,
        originals=data.validation[order[: pictures.shape[1]]],
        numbers=order,
        labels=data.validation_labels[order] if data.validation_labels is not None else None,
        classes=data.info.classes,
        is_image=data.info.is_image,
        explained=explained,
        left_out=left_out,
        plane=plane,
        projected=codings.shape[2] > 2,
    )
    if previous is None:
        return film
    frames: dict[str, Any] = {
        name: np.concatenate([getattr(previous, name), getattr(film, name)]) for name in _PER_FRAME
    }
    return replace(film, **frames, left_out=previous.left_out + left_out)


def _as_they_are(codings: np.ndarray, previous: Film | None) -> np.ndarray:
    """Codings (s, n, 1 or 2) as positions (s, n, 2); a missing second axis is jitter, constant over the frames."""
    if codings.shape[2] == 2:
        return codings
    scale = JITTER * codings[-1].std()
    jitter = np.random.default_rng(0).normal(scale=scale, size=codings.shape[1])
    jitter = previous.positions[-1, :, 1] if previous else jitter
    return np.stack([codings[:, :, 0], np.broadcast_to(jitter, codings.shape[:2])], axis=2)


def _unrounded(film: Film, exact: np.ndarray) -> Film:
    """The film with every point shifted by its rounding error in the last frame, which is then exact: snapshots store
    codings on a coarse grid."""
    d = exact.shape[1]
    error = np.asarray(exact[film.numbers], np.float32) - film.positions[-1, :, :d]
    if not np.isfinite(error).all():
        return film
    positions = film.positions.copy()
    positions[:, :, :d] += error
    return replace(film, positions=positions)
