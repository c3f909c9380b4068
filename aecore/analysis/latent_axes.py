"""Where a latent walk can go: the range of each coding, their order, random codings, and a coding in a link."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aecore.analysis.metrics import ACTIVE_VARIANCE
from aecore.errors import RunError
from aecore.specs import fields
from aecore.store.runs import Run

PRIOR_REACH = 3.0  # a variational walk's range: beyond ±3 lies 0.3 % of the prior
STEPS = 100
# A plain coding's scale means nothing: a contractive or strong L1 penalty shrinks all of them, and the decoder enlarges
# them again. So one is silent beside the others: below this share of the largest variance, 3 % of the widest spread.
# In trained runs there is a gap of two orders of magnitude around it.
SILENT_SHARE = 1e-3
STILL = 1e-6  # a standard deviation that rounding alone leaves: where none has more, the run collapsed


@dataclass(frozen=True)
class Axis:
    """One coding as a slider: its number from 0, its range, where it starts, and whether it carries anything."""

    coding: int
    low: float
    high: float
    start: float
    active: bool
    help: str

    @property
    def step(self) -> float:
        return round((self.high - self.low) / STEPS, 4) or 1e-4


def active(codings: np.ndarray, variational: bool) -> np.ndarray:
    """Which of the codings (n, d) are in use: (d,) bool.

    Of a variational run, whose prior sets the scale, those of a variance above `metrics.ACTIVE_VARIANCE` (Burda et
    al.); of a plain one those above `SILENT_SHARE` of the largest variance, and none where that is rounding.
    """
    variance = np.asarray(codings, np.float64).var(axis=0)
    return variance > (ACTIVE_VARIANCE if variational else max(SILENT_SHARE * variance.max(initial=0), STILL**2))


def axes(run: Run) -> list[Axis]:
    """One `Axis` a coding, the most telling first: by KL divergence (variational) or by variance (plain).

    A variational walk starts at the prior's centre, a plain one at the sample nearest to the median coding. Raises
    `RunError` for a run whose divergences are not finite.
    """
    codings = np.asarray(run.array("codings"), np.float32)
    variance = codings.var(axis=0)
    kl = run.metrics.get("kl_per_dimension")
    if kl and None in kl:
        raise RunError(f"run {run.key}: its KL divergences are not finite, allowed: numbers; train it again")
    worth = np.asarray(kl) if kl else variance
    order = np.argsort(-worth, kind="stable")
    middle = codings[np.argmin(np.square(codings - np.median(codings, axis=0)).sum(axis=1))]
    used = active(codings, run.spec.variational)
    found = []
    for coding in order.tolist():
        if kl:
            low, high, start = -PRIOR_REACH, PRIOR_REACH, 0.0
            told = f"{kl[coding]:.2f} nats of information about an image."
        else:
            # All of what the data used, so that every image can be walked to.
            low, high = float(codings[:, coding].min()), float(codings[:, coding].max())
            low, high = math.floor(low * 100) / 100, max(math.ceil(high * 100) / 100, math.floor(low * 100 + 10) / 100)
            start = min(max(round(float(middle[coding]), 2), low), high)
            told = f"The data's codings lie between {low:g} and {high:g}."
        found.append(Axis(coding, low, high, start, bool(used[coding]), told))
    return found


def sample(run: Run, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """Random codings (n, d): of the standard normal prior, or each coding from the values the data used, alone.

    `temperature` scales how far they lie from the middle: 0 gives the middle itself, 1 what was drawn, 2 twice as far.
    The middle is the prior's, 0, of a variational run, and the mean of each coding of any other. The same seed draws
    the same directions at every temperature. Raises `RunError` for a temperature below 0 or no number.
    """
    if not (np.isfinite(temperature) and temperature >= 0):
        raise RunError(f"temperature: got {temperature}, allowed: a number from 0 on")
    random = np.random.default_rng(seed)
    codings = np.asarray(run.array("codings"), np.float32)
    if run.spec.variational:
        drawn = random.standard_normal((n, codings.shape[1])).astype(np.float32)
        return drawn * np.float32(temperature)
    rows = random.integers(len(codings), size=(n, codings.shape[1]))
    drawn = np.take_along_axis(codings, rows, axis=0)
    return drawn + np.float32(temperature - 1) * (drawn - codings.mean(axis=0))


def read_coding(text: str, size: int) -> np.ndarray:
    """A coding (size,) float32 from a link: numbers with commas between. `coding_text` is its inverse.

    Raises
    ------
    SpecError : for another count of numbers and for what is no finite number.
    """
    try:
        z = np.array([float(part) for part in text.split(",")], np.float32)
    except ValueError:
        z = np.array([np.nan], np.float32)
    allowed = f"{size} finite numbers with commas between, one a coding"
    fields.require(bool(np.isfinite(z).all()), "z", text[:40], allowed)
    fields.require(len(z) == size, "z", f"{len(z)} numbers", allowed)
    return z


def coding_text(z: np.ndarray) -> str:
    """A coding (d,) as a link holds it: four significant digits a number."""
    return ",".join(f"{value:.4g}" for value in z.tolist())
