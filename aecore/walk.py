"""Where a latent walk can go: the range of each coding, their order, random codings, and the grid of a 2-D code."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from aecore.metrics import ACTIVE_VARIANCE
from aecore.runs import Run

PRIOR_REACH = 3.0  # a variational walk's range: beyond ±3 lies 0.3 % of the prior
QUANTILES = (0.01, 0.99)  # a plain walk's range: what the data used, without the outliers
GRID = 12
MOST_SLIDERS = 16
STEPS = 100


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

    def clip(self, value: float) -> float:
        """The nearest value the slider can hold: within its range, a whole number of steps from its low end."""
        steps = round((min(max(value, self.low), self.high) - self.low) / self.step)
        return round(min(self.low + steps * self.step, self.high), 4)


def axes(run: Run) -> list[Axis]:
    """One `Axis` a coding, the most telling first: by KL divergence (variational) or by variance (plain).

    A variational walk starts at the prior's centre, a plain one at the sample nearest to the median coding.
    """
    codings = np.asarray(run.array("codings"), np.float32)
    variance = codings.var(axis=0)
    kl = run.metrics.get("kl_per_dimension")
    worth = np.asarray(kl) if kl else variance
    order = np.argsort(-worth, kind="stable")
    middle = codings[np.argmin(np.square(codings - np.median(codings, axis=0)).sum(axis=1))]
    found = []
    for coding in order.tolist():
        if kl:
            low, high, start = -PRIOR_REACH, PRIOR_REACH, 0.0
            told = f"{kl[coding]:.2f} nats of information about an image."
        else:
            low, high = (float(v) for v in np.round(np.quantile(codings[:, coding], QUANTILES), 2))
            high = max(high, round(low + 0.1, 2))
            start = min(max(round(float(middle[coding]), 2), low), high)
            told = f"The data's codings lie between {low:g} and {high:g} (1st to 99th percentile)."
        found.append(Axis(coding, low, high, start, bool(variance[coding] > ACTIVE_VARIANCE), told))
    return found


def sample(run: Run, n: int, seed: int = 0) -> np.ndarray:
    """Random codings (n, d): of the standard normal prior, or each coding from the values the data used, alone."""
    random = np.random.default_rng(seed)
    codings = run.array("codings")
    if run.spec.coding == "variational":
        return random.standard_normal((n, codings.shape[1])).astype(np.float32)
    rows = random.integers(len(codings), size=(n, codings.shape[1]))
    return np.take_along_axis(np.asarray(codings, np.float32), rows, axis=0)


def manifold(run: Run, axes: list[Axis], n: int = GRID) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The plane of a 2-D code as codings (n * n, 2), top row first, with the values across and down.

    Variational: quantiles of the prior, so that each cell is equally likely; plain: evenly over the range.
    """
    if run.spec.coding == "variational":
        across = np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)], np.float32)
        down = across[::-1]
    else:
        across = np.linspace(axes[0].low, axes[0].high, n, dtype=np.float32)
        down = np.linspace(axes[1].high, axes[1].low, n, dtype=np.float32)
    grid = np.zeros((n, n, 2), np.float32)
    grid[..., axes[0].coding] = across[None, :]
    grid[..., axes[1].coding] = down[:, None]
    return grid.reshape(-1, 2), across, down
