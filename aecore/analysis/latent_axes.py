"""Axes of the latent space: range, start and order of the codings as sliders, random codings, codings as text."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aecore.analysis.metrics import ACTIVE_VARIANCE
from aecore.errors import RunError
from aecore.specs import fields
from aecore.store.runs import Run

PRIOR_REACH = 3.0  # the range of a variational run's codings: 0.3 % of the prior lies beyond ±3
STEPS = 100  # steps of a slider over its range
# The scale of plain codings is arbitrary: a penalty may shrink all of them, and the decoder enlarges them again. So a
# plain coding is active relative to the others: above this share of the largest variance.
SILENT_SHARE = 1e-3
STILL = 1e-6  # a standard deviation of rounding errors: a plain run without a larger one has collapsed


@dataclass(frozen=True)
class Axis:
    """One coding as a slider: its number from 0, its range, its start, and whether it is active."""

    coding: int
    low: float
    high: float
    start: float
    active: bool
    help: str

    @property
    def step(self) -> float:
        """The step of the slider."""
        return round((self.high - self.low) / STEPS, 4) or 1e-4


def active(codings: np.ndarray, variational: bool) -> np.ndarray:
    """The active ones among the codings (n, d): (d,) bool.

    For a variational run, whose prior sets the scale, those with a variance above `metrics.ACTIVE_VARIANCE` (Burda et
    al. 2016); for a plain run those above `SILENT_SHARE` of the largest variance, none if that is rounding error.
    """
    variance = np.asarray(codings, np.float64).var(axis=0)
    return variance > (ACTIVE_VARIANCE if variational else max(SILENT_SHARE * variance.max(initial=0), STILL**2))


def axes(run: Run) -> list[Axis]:
    """An `Axis` for each coding, ordered by KL divergence (variational) or variance (plain), the largest first.

    Variational axes start at the prior's centre, plain ones at the sample nearest to the median coding. Raises
    `RunError` for a run with KL divergences that are not finite.
    """
    codings = np.asarray(run.array("codings"), np.float32)
    variance = codings.var(axis=0, dtype=np.float64)
    kl = run.metrics.get("kl_per_dimension")
    if kl and None in kl:
        raise RunError(
            f"run {run.key}: its KL divergences are not finite (the training diverged); train it again with a smaller "
            "learning rate"
        )
    order = np.argsort(-(np.asarray(kl) if kl else variance), kind="stable")
    exact = codings.astype(np.float64)
    middle = codings[np.argmin(np.square(exact - np.median(exact, axis=0)).sum(axis=1))]
    used = active(codings, run.spec.variational)
    sliders = []
    for coding in order.tolist():
        if kl:
            low, high, start = -PRIOR_REACH, PRIOR_REACH, 0.0
            text = f"{kl[coding]:.2f} nats of information about an image."
        else:
            # The whole range of the data, so that the sliders reach every image.
            low, high = float(codings[:, coding].min()), float(codings[:, coding].max())
            low, high = math.floor(low * 100) / 100, max(math.ceil(high * 100) / 100, math.floor(low * 100 + 10) / 100)
            start = min(max(round(float(middle[coding]), 2), low), high)
            text = f"The data's codings lie between {low:g} and {high:g}."
        sliders.append(Axis(coding, low, high, start, bool(used[coding]), text))
    return sliders


def sample(run: Run, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """Random codings (n, d): from the standard normal prior, or each coding independently from its values in the data.

    `temperature` scales the distance from the centre: 0 gives the centre, 1 the draws themselves. The centre is 0 for a
    variational run and the mean coding for any other. A seed gives the same directions at every temperature. Raises
    `RunError` for a temperature that is negative or not finite.
    """
    if not (np.isfinite(temperature) and temperature >= 0):
        raise RunError(f"temperature: got {temperature}, allowed: numbers from 0 on")
    random = np.random.default_rng(seed)
    codings = np.asarray(run.array("codings"), np.float32)
    if run.spec.variational:
        return random.standard_normal((n, codings.shape[1])).astype(np.float32) * np.float32(temperature)
    rows = random.integers(len(codings), size=(n, codings.shape[1]))
    draws = np.take_along_axis(codings, rows, axis=0).astype(np.float64)
    most = np.finfo(np.float32).max
    farther = draws + (temperature - 1) * (draws - codings.mean(axis=0, dtype=np.float64))
    return np.clip(farther, -most, most).astype(np.float32)


def read_coding(text: str, size: int) -> np.ndarray:
    """The coding (size,) float32 of a link: numbers with commas between. `coding_text` is its inverse.

    Raises
    ------
    SpecError : for another count of numbers, and for text that is no finite number.
    """
    try:
        z = np.array([fields.number(part) for part in text.split(",")], np.float32)
    except ValueError:
        z = np.array([np.nan], np.float32)
    allowed = f"{size} finite numbers with commas between, one a coding"
    fields.require(bool(np.isfinite(z).all()), "z", text[:40], allowed)
    fields.require(len(z) == size, "z", f"{len(z)} numbers", allowed)
    return z


def coding_text(z: np.ndarray) -> str:
    """A coding (d,) as text for a link: numbers with four significant digits."""
    return ",".join(f"{value:.4g}" for value in z.tolist())
