"""Where a coding stands among the data's: may one believe the picture that it decodes to?

Three measures, each beside what codings of held-out samples show. *Distance* to the nearest training code. *Drift*
|z − E(D(z))|: how far a coding moves when its picture is encoded again, for a picture of no such data comes back
somewhere else. For a variational run the *density* of its prior: the share of the prior's own draws that are less
likely than this one. Density never makes a place far: real images have codes out there too, and where they do the
picture is as good as theirs. It only calls the place rare.

A variational decoder ignores the codings that training gave up (`latent_axes.active`), and encoding again forgets
them: there only the active ones are measured. A plain decoder was never taught to ignore a coding that stands
still, so that moving it away leaves the data too: there all are measured, as in a run whose codings all stand still.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecore.analysis import inference, latent_axes
from aecore.analysis.neighbours import nearest
from aecore.datasets.base import Data, balanced
from aecore.errors import AecoreError, RunError
from aecore.store.runs import Run

MOST_CODES = 2000
MOST_NUMBERS = 75_000  # of all codes together: 150 kB to the browser
HELD_OUT = 500
USUAL = 95  # percentile of the held-out samples' measures: a ratio of 1
FAR = 2.0  # times the usual
UNLIKELY = 0.001  # of the prior's draws
# What is usual is never less than this share of the codings' spread, which is what half precision rounds away: codings
# that are all alike would divide by zero. And never less than 1e-6, for codings without any spread.
ROUNDING, LEAST = 1e-3, 1e-6

VERDICTS = (
    "As near to the data as images it never saw.",
    "At the edge of the data: the picture may mislead.",
    "Far from the data: the picture is made up.",
    "As near to the data as images it never saw, though rare under the prior.",
)
RARE = 3  # the position of the last one
COLLAPSED = "The codings carry nothing: every place decodes to nearly the same picture."


@dataclass(frozen=True)
class Survey:
    """What is known of a run's codings, and what is usual among those of held-out samples.

    numbers : (n,) int32, sample numbers (`Data.numbered`) of the training samples surveyed, ascending.
    codes : (n, d) float32, their codings.
    labels : (n,), or None where the data have none.
    active : (d,) bool, the codings that vary.
    distance, drift : 95th percentile over held-out samples, in units of the codings.
    prior : of a variational run how many codings its prior is measured over, else None.
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
        """The codings (d,) bool that distance, drift and density look at, see the module."""
        return self.active if self.prior is not None and self.active.any() else np.ones_like(self.active)

    @property
    def verdicts(self) -> tuple[str, ...]:
        """A sentence for each level, and one for what is inside the data and rare under the prior."""
        return VERDICTS if self.active.any() else (COLLAPSED,) * len(VERDICTS)


@dataclass(frozen=True)
class Places:
    """Where m codings stand: each (m,).

    nearest : position in the survey of the nearest training code.
    distance_ratio, drift_ratio : times the 95th percentile of held-out samples.
    density : share of the prior's draws that are less likely; None for a plain run. drift : None where not asked for.
    level : 0 inside the data, 1 at the edge, 2 far: by the larger of both ratios.
    verdict : position in `Survey.verdicts`.
    """

    nearest: np.ndarray
    distance: np.ndarray
    distance_ratio: np.ndarray
    drift: np.ndarray | None
    drift_ratio: np.ndarray | None
    density: np.ndarray | None
    level: np.ndarray
    verdict: np.ndarray


def survey(run: Run, data: Data) -> Survey:
    """Survey a run: at most `MOST_CODES` of its training codes, as many of each class, and 500 held-out samples
    decoded and encoded again, which takes most of the time.

    Raises `RunError` where files cannot be read, or codings are not numbers (a training that diverged).
    """
    held_out = np.asarray(run.array("codings"), np.float32)
    stored = run.array("codings_train")
    if not (len(stored) and len(held_out) and np.isfinite(stored).all() and np.isfinite(held_out).all()):
        raise RunError(f"run {run.key}: codings are missing or not finite, allowed: numbers; train it again")
    order = np.arange(len(stored))
    if data.train_labels is not None:
        order = balanced(order, data.train_labels[: len(stored)])
    chosen = np.sort(order[: min(MOST_CODES, max(1, MOST_NUMBERS // held_out.shape[1]))])
    # Half precision is what is stored up to 10,000 samples, and what travels: Python and the browser see the same.
    with np.errstate(over="ignore"):
        codes = np.asarray(stored[chosen], np.float16).astype(np.float32)
    if not np.isfinite(codes).all():
        raise RunError(f"run {run.key}: codings reach beyond 65,504, allowed: smaller ones; train it again")
    numbers = (len(data.validation) + chosen).astype(np.int32)
    variational = run.spec.variational
    active = latent_axes.active(held_out, variational)
    prior = (int(active.sum()) or len(active)) if variational else None
    unscaled = Survey(numbers, codes, data.labels_of(numbers), active, 1.0, 1.0, prior)
    some = held_out[np.linspace(0, len(held_out) - 1, min(HELD_OUT, len(held_out))).astype(int)]
    seen = judge(run, unscaled, some)
    assert seen.drift is not None
    least = max(LEAST, ROUNDING * float(np.sqrt(held_out.var(axis=0)[unscaled.measured].sum())))
    distance, drift = _usual(seen.distance, least), _usual(seen.drift, least)
    return Survey(numbers, codes, unscaled.labels, active, distance, drift, prior)


def judge(run: Run, survey: Survey, z: np.ndarray) -> Places:
    """Where codings `z` (m, d) stand, decoded and encoded again by the run itself.

    Raises `AecoreError` for codings of another width or that are not finite, `RunError` like `inference.decode`.
    """
    _check(survey, z)
    return measure(survey, z, inference.encode(run, inference.decode(run, np.asarray(z, np.float32))))


def measure(survey: Survey, z: np.ndarray, encoded: np.ndarray | None = None) -> Places:
    """Like `judge`, with `encoded` (m, d): what E(D(z)) is already known to be; None leaves the drift out.

    Raises `AecoreError` for codings of another width or that are not finite.
    """
    _check(survey, z)
    measured = survey.measured
    inside = np.asarray(z, np.float64)[:, measured]
    found, away = nearest(inside, survey.codes[:, measured], 1)
    distance = away[:, 0]
    distance_ratio = distance / survey.distance
    worst = distance_ratio
    drift = drift_ratio = density = None
    if encoded is not None:
        drift = np.linalg.norm(inside - np.asarray(encoded, np.float64)[:, measured], axis=1)
        drift[~np.isfinite(drift)] = np.inf  # so far outside that the network overflowed
        drift_ratio = drift / survey.drift
        worst = np.maximum(worst, drift_ratio)
    level = verdict = np.where(worst > FAR, 2, np.where(worst > 1, 1, 0))
    if survey.prior is not None:
        density = rarer(np.square(inside).sum(axis=1), survey.prior)
        verdict = np.where((level == 0) & (density < UNLIKELY), RARE, level)
    return Places(found[:, 0], distance, distance_ratio, drift, drift_ratio, density, level, verdict)


def rarer(squares: np.ndarray, dimensions: int) -> np.ndarray:
    """The share of draws of a standard normal that are less likely than a point at squared distance `squares` (m,)
    from its centre: (m,) between 0 and 1.

    That is the chi-square distribution's survival function, in closed form for whole `dimensions`: with h = squares/2
    the sum of e^−h h^k / Γ(k + 1) over k = 0, 1, … below d/2 or, for an odd d, over k = 1/2, 3/2, … below d/2, plus
    erfc(√h) (Abramowitz and Stegun, 26.4.4 and 26.4.5). Taken in logarithms, so that it holds for wide codings.
    """
    halves = np.maximum(np.asarray(squares, np.float64) / 2, np.finfo(float).tiny)
    steps = np.arange(dimensions // 2) + 0.5 * (dimensions % 2)
    logarithms = np.array([math.lgamma(step + 1) for step in steps])
    share = np.exp(steps * np.log(halves)[:, None] - halves[:, None] - logarithms).sum(axis=1)
    if dimensions % 2:
        share += [math.erfc(math.sqrt(half)) for half in halves]
    return np.minimum(share, 1.0)


def survey_part(survey: Survey) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays for `packing.pack`, which `canvas/where.js` reads: at most 170 kB, codes as half floats."""
    header = {
        "distance": survey.distance,
        "drift": survey.drift,
        "prior": survey.prior,
        "measured": np.flatnonzero(survey.measured).tolist(),
        "far": FAR,
        "unlikely": UNLIKELY,
        "verdicts": list(survey.verdicts),
    }
    arrays = {"codes": survey.codes.astype(np.float16).view(np.uint16), "numbers": survey.numbers}
    if survey.labels is not None:
        arrays["labels"] = np.asarray(survey.labels, np.int32)
    return header, arrays


def _usual(values: np.ndarray, least: float) -> float:
    """The 95th percentile, infinite ones left out."""
    finite = values[np.isfinite(values)]
    return max(float(np.percentile(finite, USUAL)) if len(finite) else 0.0, least)


def _check(survey: Survey, z: np.ndarray) -> None:
    if np.ndim(z) != 2 or np.shape(z)[1] != len(survey.active):
        raise AecoreError(f"codings: got shape {np.shape(z)}, allowed: (m, {len(survey.active)})")
    if not np.isfinite(z).all():
        raise AecoreError("codings: got NaN or infinite values, allowed: finite ones")
