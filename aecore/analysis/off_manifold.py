"""Off-manifold diagnostics: whether a coding lies among the data's codings, so that its decoded picture can be trusted.

Three measures, the first two as ratios to the 95th percentile over held-out samples:

- *distance* to the nearest training code,
- *drift* |z − E(D(z))|, how far a coding moves when it is decoded and encoded again,
- for a variational run *density*, the tail probability of the coding under the prior. Real images have codes in the
  tail as well, so a low density alone makes a coding rare, never far.

A variational decoder ignores the codings that collapsed onto the prior (`latent_axes.active`), so only the active
codings are measured there. A plain decoder never learned to ignore a constant coding: all codings are measured, as in
a run without any active coding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincc

from aecore.analysis import inference, latent_axes
from aecore.analysis.neighbours import nearest
from aecore.datasets.base import Data, balanced
from aecore.errors import AecoreError, RunError
from aecore.store.runs import Run

MOST_CODES = 2000
MOST_NUMBERS = 75_000  # values in all codes together, which the browser receives as half floats
HELD_OUT = 500
USUAL = 95  # percentile of the held-out samples' measures: a ratio of 1
FAR = 2.0  # ratio above which a coding is far from the data
UNLIKELY = 0.001  # density below which a coding is rare under the prior
# The usual distance and drift are at least this share of the codings' spread, the precision of half floats, and at
# least 1e-6: identical codings would divide by zero.
ROUNDING, LEAST = 1e-3, 1e-6

VERDICTS = (
    "As close to the training data as held-out images are.",
    "At the edge of the training data: the decoded image may mislead.",
    "Far from the training data (off-manifold): the decoded image is made up.",
    "As close to the training data as held-out images are, but rare under the prior.",
)
RARE = 3  # the position of the last verdict
COLLAPSED = "The codings carry no information: all of them decode to nearly the same image."


@dataclass(frozen=True)
class ReferenceSet:
    """Codings of training samples, and the usual distance and drift of held-out ones.

    numbers : (n,) int32, sample numbers (`Data.numbered`) of the training samples, ascending.
    codes : (n, d) float32, their codings.
    labels : (n,), or None where the data have none.
    active : (d,) bool, the codings that vary.
    distance, drift : 95th percentile over held-out samples, in units of the codings.
    prior : number of codings that the density is computed over; None for a run without a prior.
    """

    numbers: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None
    active: np.ndarray
    distance: float
    drift: float
    prior: int | None

    @property
    def measured(self) -> np.ndarray:
        """The codings (d,) bool that distance, drift and density are computed over; see the module's docstring."""
        return _measured(self.active, self.prior is not None)

    @property
    def verdicts(self) -> tuple[str, ...]:
        """A sentence for each level, and one for codings inside the data that are rare under the prior."""
        return VERDICTS if self.active.any() else (COLLAPSED,) * len(VERDICTS)


@dataclass(frozen=True)
class Diagnosis:
    """The measures of m codings, each (m,).

    nearest : position in the reference set of the nearest training code.
    distance, drift : in units of the codings; drift is None where the codings were not decoded and encoded again.
    distance_ratio, drift_ratio : times the 95th percentile of held-out samples.
    density : share of the prior's draws that are less likely; None for a run without a prior.
    level : 0 inside the data, 1 at the edge, 2 far: by the larger of both ratios.
    verdict : position in `ReferenceSet.verdicts`.
    """

    nearest: np.ndarray
    distance: np.ndarray
    distance_ratio: np.ndarray
    drift: np.ndarray | None
    drift_ratio: np.ndarray | None
    density: np.ndarray | None
    level: np.ndarray
    verdict: np.ndarray


def reference_set(run: Run, data: Data) -> ReferenceSet:
    """The reference set of a run: at most `MOST_CODES` training codes, classes balanced, and at most `HELD_OUT`
    held-out samples, which are decoded and encoded again.

    Raises `RunError` where files cannot be read or codings are not finite (the training diverged).
    """
    held_out = np.asarray(run.array("codings"), np.float32)
    stored = run.array("codings_train")
    if not (len(stored) and len(held_out)):
        raise RunError(f"run {run.key}: it has no codings; train it again")
    if not (np.isfinite(stored).all() and np.isfinite(held_out).all()):
        raise RunError(
            f"run {run.key}: its codings contain NaN or infinite values (the training diverged); train it again with a "
            "smaller learning rate"
        )
    order = np.arange(len(stored))
    if data.train_labels is not None:
        order = balanced(order, data.train_labels[: len(stored)])
    chosen = np.sort(order[: min(MOST_CODES, max(1, MOST_NUMBERS // held_out.shape[1]))])
    # Rounded to half precision, as the browser receives them: Python and JavaScript measure the same.
    with np.errstate(over="ignore"):
        codes = np.asarray(stored[chosen], np.float16).astype(np.float32)
    if not np.isfinite(codes).all():
        raise RunError(
            f"run {run.key}: its codings exceed 65,504, the largest half float; train it again with a smaller learning "
            "rate or another activation of the codings"
        )
    numbers = (len(data.validation) + chosen).astype(np.int32)
    active = latent_axes.active(held_out, run.spec.variational)
    measured = _measured(active, run.spec.variational)
    some = held_out[np.linspace(0, len(held_out) - 1, min(HELD_OUT, len(held_out))).astype(int)]
    distances = nearest(some[:, measured], codes[:, measured], 1)[1][:, 0]
    drifts = _drift(some, _encoded_again(run, some), measured)
    least = max(LEAST, ROUNDING * float(np.sqrt(held_out.var(axis=0, dtype=np.float64)[measured].sum())))
    return ReferenceSet(
        numbers=numbers,
        codes=codes,
        labels=data.labels_of(numbers),
        active=active,
        distance=_usual(distances, least),
        drift=_usual(drifts, least),
        prior=int(measured.sum()) if run.spec.variational else None,
    )


def diagnose(run: Run, reference: ReferenceSet, z: np.ndarray) -> Diagnosis:
    """The measures of codings `z` (m, d), which the run decodes and encodes again.

    Raises `AecoreError` for codings of another width or that are not finite, `RunError` like `inference.decode`.
    """
    _check(reference, z)
    return diagnose_encoded(reference, z, _encoded_again(run, z))


def diagnose_encoded(reference: ReferenceSet, z: np.ndarray, encoded: np.ndarray | None = None) -> Diagnosis:
    """The measures of codings `z` (m, d) given `encoded` = E(D(z)), (m, d); None leaves the drift out.

    Raises `AecoreError` for codings of another width or that are not finite.
    """
    _check(reference, z)
    measured = reference.measured
    inside = np.asarray(z, np.float64)[:, measured]
    positions, distances = nearest(inside, reference.codes[:, measured], 1)
    distance = distances[:, 0]
    distance_ratio = distance / reference.distance
    worst = distance_ratio
    drift = drift_ratio = density = None
    if encoded is not None:
        drift = _drift(z, encoded, measured)
        drift_ratio = drift / reference.drift
        worst = np.maximum(worst, drift_ratio)
    level = verdict = np.where(worst > FAR, 2, np.where(worst > 1, 1, 0))
    if reference.prior is not None:
        density = prior_tail_probability(np.square(inside).sum(axis=1), reference.prior)
        verdict = np.where((level == 0) & (density < UNLIKELY), RARE, level)
    return Diagnosis(positions[:, 0], distance, distance_ratio, drift, drift_ratio, density, level, verdict)


def prior_tail_probability(squares: np.ndarray, dimensions: int) -> np.ndarray:
    """The probability (m,) that a draw of the standard normal in `dimensions` is less likely than a point at squared
    distance `squares` (m,) from its centre: the survival function of the chi-square distribution."""
    return gammaincc(dimensions / 2, np.asarray(squares, np.float64) / 2)


def header_and_arrays(reference: ReferenceSet) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The reference set as header and arrays for `packing.pack`, which `shared/where.js` reads; codes are half floats
    in uint16."""
    header = {
        "distance": reference.distance,
        "drift": reference.drift,
        "prior": reference.prior,
        "measured": np.flatnonzero(reference.measured).tolist(),
        "far": FAR,
        "unlikely": UNLIKELY,
        "verdicts": list(reference.verdicts),
    }
    arrays = {"codes": reference.codes.astype(np.float16).view(np.uint16), "numbers": reference.numbers}
    if reference.labels is not None:
        arrays["labels"] = np.asarray(reference.labels, np.int32)
    return header, arrays


def _measured(active: np.ndarray, variational: bool) -> np.ndarray:
    return active if variational and active.any() else np.ones_like(active)


def _encoded_again(run: Run, z: np.ndarray) -> np.ndarray:
    return inference.encode(run, inference.decode(run, np.asarray(z, np.float32)))


def _drift(z: np.ndarray, encoded: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """|z − E(D(z))| (m,) over the measured codings; infinite where the network overflowed."""
    moved = np.asarray(z, np.float64) - np.asarray(encoded, np.float64)
    drift = np.linalg.norm(moved[:, measured], axis=1)
    return np.where(np.isfinite(drift), drift, np.inf)


def _usual(values: np.ndarray, least: float) -> float:
    """The 95th percentile of the finite values, at least `least`."""
    finite = values[np.isfinite(values)]
    return max(float(np.percentile(finite, USUAL)) if len(finite) else 0.0, least)


def _check(reference: ReferenceSet, z: np.ndarray) -> None:
    if np.ndim(z) != 2 or np.shape(z)[1] != len(reference.active):
        raise AecoreError(f"codings: got shape {np.shape(z)}, allowed: (m, {len(reference.active)})")
    if not np.isfinite(z).all():
        raise AecoreError("codings: got NaN or infinite values, allowed: finite ones")
