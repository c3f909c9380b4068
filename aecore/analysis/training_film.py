"""The film of a run: where its codings were at every snapshot of the training, seen from a camera that stands still.

Codings of one or two numbers are shown as they are. Wider ones are projected on a plane, and a plane fitted anew to
every snapshot would turn and flip while nothing is learned. So the camera is frozen:

- A finished (or stopped) run has one camera for all frames, the first two principal components of its last snapshot:
  what moves was moved by the training.
- While a run trains its last snapshot is not known. A camera stays as long as it shows at least `KEEP` of the variance
  that the best plane of the newest snapshot would show; else it turns to that plane, in the orientation closest to its
  own. A frame's positions depend on earlier frames only: later ones never move them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aecore import datasets
from aecore.datasets import Data, watched
from aecore.errors import RunError
from aecore.store.files import read_npz
from aecore.store.runs import Run
from aecore.text import error_text

KEEP = 0.8
JITTER = 0.05  # of the codings' spread: the width of the missing axis of a single coding, as in a map of it
MARGIN = 0.06
REACH = 1.5  # how far beyond the last frame a picture may reach for earlier ones
NEARLY = 0.9
APART = 0.25  # less of the variance between classes than this is no separation worth naming
_A_FRAME = ("step", "epoch", "loss", "error", "positions", "reconstructions")  # what of a film grows with its frames


@dataclass(frozen=True)
class Camera:
    """A plane in the space of the codings: `components` (2, k) orthonormal rows, `offset` (2,)."""

    components: np.ndarray
    offset: np.ndarray

    def see(self, codings: np.ndarray) -> np.ndarray:
        """Positions (n, 2) of codings (n, k)."""
        return codings @ self.components.T + self.offset

    def shown(self, codings: np.ndarray) -> float:
        """The share of the variance of codings (n, k) that lies in the plane; 1 where there is none."""
        total = codings.var(axis=0).sum()
        return float((codings @ self.components.T).var(axis=0).sum() / total) if total > 0 else 1.0


def best_camera(codings: np.ndarray) -> Camera:
    """The plane of the first two principal components of codings (n, k ≥ 2), their mean in its middle.

    Each component points where its largest entry is positive: the same codings give the same picture everywhere.
    """
    mean = codings.mean(axis=0)
    components = np.linalg.eigh(np.cov(codings.T, bias=True))[1][:, :-3:-1].T
    largest = np.abs(components).argmax(axis=1)
    components = components * np.where(components[[0, 1], largest] < 0, -1.0, 1.0)[:, None]
    return Camera(components, -components @ mean)


def following_camera(codings: np.ndarray, former: Camera) -> Camera:
    """`former` while it shows enough of codings (n, k), else their best plane: rotated and reflected within itself
    towards the former one (Schönemann 1966), the middle of the codings where it was."""
    best = best_camera(codings)
    if former.shown(codings) >= KEEP * best.shown(codings):
        return former
    u, _, vt = np.linalg.svd(former.components @ best.components.T)
    components = u @ vt @ best.components
    middle = codings.mean(axis=0)
    return Camera(components, former.see(middle) - components @ middle)


@dataclass(frozen=True, eq=False)
class Film:
    """The frames of a run, s of them, with n samples.

    `step`, `epoch`, `loss`, `error` (s,): steps and epochs trained, loss of the last batch (NaN before the first), mean
    squared error of the n samples. `positions` (s, n, 2) float32. `numbers` (n,) are the validation samples in it,
    `labels` (n,) theirs. `originals` (m, *shape) and `reconstructions` (s, m, *shape) belong to the first m ≤ 16 of
    them and are uint8 for images. `shown` is the share of the variance of the last codings that the plane shows,
    `left_out` counts snapshots with codings that are not finite. `finished`: no frames will follow.
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
    shown: float = 1.0
    left_out: int = 0
    camera: Camera | None = None  # None where nothing is projected
    began: int = 0  # when the first snapshot was written, to tell a training from an earlier one of the same run
    projected: bool = False

    def __len__(self) -> int:
        return len(self.step)

    @property
    def clock(self) -> np.ndarray:
        """(s,) the time at which a film shows its frames: ln(1 + step), because most happens in the first steps."""
        return np.log1p(self.step.astype(float))

    @property
    def taken(self) -> int:
        """How many snapshots the film was made of."""
        return len(self) + self.left_out

    @property
    def groups(self) -> np.ndarray:
        """The class numbers that occur, ascending; none without labels."""
        return np.zeros(0, int) if self.labels is None else np.unique(self.labels)

    def caption(self, frame: int) -> str:
        """'epoch 0.28 · step 89 · error .0312'."""
        if self.step[frame] == 0:
            return f"untrained · error {error_text(float(self.error[frame]))}"
        epoch = f"{self.epoch[frame]:.2f}".rstrip("0").rstrip(".")
        return f"epoch {epoch} · step {self.step[frame]:,} · error {error_text(float(self.error[frame]))}"

    def apart(self) -> int | None:
        """The frame from which on classes are as far apart on the plane as in the end, but for a tenth; None without
        labels and where they are hardly apart in the end.

        Measured by the share of the positions' variance that lies between classes (the correlation ratio, Fisher 1925).
        """
        if self.labels is None or len(self) < 2:
            return None
        middle = self.positions.mean(axis=1, keepdims=True)
        total = np.square(self.positions - middle).sum(axis=(1, 2))
        between = np.zeros(len(self))
        for group in self.groups:
            own = self.labels == group
            between += own.sum() * np.square(self.positions[:, own].mean(axis=1) - middle[:, 0]).sum(axis=1)
        share = between / np.maximum(total, 1e-12)
        if share[-1] < APART:
            return None
        return int(len(self) - np.argmin(np.append(share[::-1] >= NEARLY * share[-1], False)))

    def fallen(self) -> int | None:
        """The first frame at which the error has done nine tenths of its fall; None where it did not fall."""
        fall = self.error[0] - self.error
        return int(np.argmax(fall >= NEARLY * fall[-1])) if fall[-1] > 0 else None

    def moment(self, frame: int) -> str:
        """'step 22' within the first epoch, 'epoch 1.4' later."""
        epoch = float(self.epoch[frame])
        return f"epoch {epoch:.1f}".removesuffix(".0") if epoch >= 1 else f"step {self.step[frame]:,}"

    def at(self, time: float) -> np.ndarray:
        """Positions (n, 2) at a time of `clock`: on the straight line between the two frames around it."""
        clock = self.clock
        after = int(np.clip(np.searchsorted(clock, time), 1, max(len(self) - 1, 1)))
        if after >= len(self):
            return self.positions[-1]
        share = np.clip((time - clock[after - 1]) / (clock[after] - clock[after - 1]), 0, 1)
        return self.positions[after - 1] * np.float32(1 - share) + self.positions[after] * np.float32(share)

    def view(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top of what a picture of any frame shows: every point of the last frame, and 98 in a
        hundred of the others along each axis, but at most `REACH` times as far from the middle as the last reaches.
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


def frames(run: Run, before: Film | None = None) -> Film:
    """The film of a run, finished, stopped or still in training.

    Parameters
    ----------
    run : has `snapshots.npz`, or the snapshots of a running training one by one.
    before : what this function returned earlier for the same run; while it trains, only newer snapshots are read.

    Raises
    ------
    RunError : before the first snapshot, or where no snapshot's codings are finite.
    DatasetError : where this machine has no copy of the data.
    """
    data = datasets.load(run.spec.dataset)
    if (run.folder / "snapshots.npz").exists():
        film = of_snapshots(run.key, run.arrays("snapshots"), data, finished=True)
        return film if film.projected or run.state != "finished" else _unrounded(film, run.array("codings"))
    paths = sorted((run.folder / "snapshots").glob("*.npz"))
    began = paths[0].stat().st_mtime_ns if paths else 0
    if before and (before.run, before.began, before.finished) != (run.key, began, False):
        before = None
    rows = [read_npz(path) for path in paths[before.taken if before else 0 :]]
    readable = next((i for i, row in enumerate(rows) if not row), len(rows))
    if not readable:
        if before:
            return before
        raise RunError(f"run {run.key}: got no snapshot of its training, allowed: runs that have begun to train")
    stacked = {name: np.stack([row[name] for row in rows[:readable]]) for name in rows[0]}
    return replace(of_snapshots(run.key, stacked, data, finished=False, before=before), began=began)


def of_snapshots(
    key: str, snapshots: Mapping[str, np.ndarray], data: Data, *, finished: bool, before: Film | None = None
) -> Film:
    """A film from the arrays of `Run.snapshots()`; what `before` has is continued. `RunError` as in `frames`."""
    codings = np.asarray(snapshots["codings"], np.float64)
    codings = codings.reshape(*codings.shape[:2], -1)
    finite = np.isfinite(codings).all(axis=(1, 2))
    left_out = int((~finite).sum())
    if not finite.any():
        if before:
            return replace(before, left_out=before.left_out + left_out)
        raise RunError(f"run {key}: got no snapshot with finite codings, allowed: at least one")
    codings = codings[finite]
    camera = before.camera if before else None
    if codings.shape[2] <= 2:
        positions, shown = _as_they_are(codings, before), 1.0
    elif finished:
        camera = best_camera(codings[-1])
        positions, shown = camera.see(codings), camera.shown(codings[-1])
    else:
        seen = []
        for frame in codings:
            camera = following_camera(frame, camera) if camera else best_camera(frame)
            seen.append(camera.see(frame))
        positions, shown = np.stack(seen), camera.shown(codings[-1]) if camera else 1.0
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
        shown=shown,
        left_out=left_out,
        camera=camera,
        projected=codings.shape[2] > 2,
    )
    if before is None:
        return film
    grown: dict[str, Any] = {name: np.concatenate([getattr(before, name), getattr(film, name)]) for name in _A_FRAME}
    return replace(film, **grown, left_out=before.left_out + left_out)


def _as_they_are(codings: np.ndarray, before: Film | None) -> np.ndarray:
    """Codings (s, n, 1 or 2) as positions (s, n, 2). A second axis that is missing is filled with jitter that means
    nothing and never moves: it only separates points."""
    if codings.shape[2] == 2:
        return codings
    scale = JITTER * codings[-1].std()
    jitter = np.random.default_rng(0).normal(scale=scale, size=codings.shape[1])
    jitter = before.positions[-1, :, 1] if before else jitter
    return np.stack([codings[:, :, 0], np.broadcast_to(jitter, codings.shape[:2])], axis=2)


def _unrounded(film: Film, exact: np.ndarray) -> Film:
    """The film of codings as they are, which snapshots keep on a coarse grid, with every point moved by its own
    rounding error in the last frame: less than a cell of the grid, and the last frame is exact."""
    d = exact.shape[1]
    error = np.asarray(exact[film.numbers], np.float32) - film.positions[-1, :, :d]
    if not np.isfinite(error).all():
        return film
    positions = film.positions.copy()
    positions[:, :, :d] += error
    return replace(film, positions=positions)
