"""Statistics of a pretraining experiment: mean difference of the arms with its confidence interval, and in words."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from aecore.specs.pretraining import ARMS, MAX_SEEDS
from aecore.store.experiments import Row

# 97.5 % quantiles of Student's t distribution with 1, 2, … 9 degrees of freedom, for two to ten seeds.
T_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


@dataclass(frozen=True)
class Verdict:
    """What the trainings with one number of labels say.

    `means` and `deviations`: {arm: mean accuracy, standard deviation (n - 1)} over the seeds. `difference`: mean over
    the seeds of pretrained minus scratch; both arms of a seed share labels, batches and the head's first weights, so
    differences are taken seed by seed. `margin`: half the width of their 95 % confidence interval, from Student's t
    distribution. `outcome`: 'helps' or 'hurts' where the interval leaves out 0, else 'open'.
    """

    labels: int
    seeds: int
    means: dict[str, float]
    deviations: dict[str, float]
    difference: float
    margin: float

    @property
    def outcome(self) -> str:
        return "open" if abs(self.difference) <= self.margin else "helps" if self.difference > 0 else "hurts"

    @property
    def words(self) -> str:
        """One plain sentence, in points of accuracy."""
        low, high = (points(self.difference + side * self.margin) for side in (-1, 1))
        told = f"{points(self.difference)} points (95 % interval {low} to {high})"
        return {
            "helps": f"pretraining helps: {told}",
            "hurts": f"pretraining hurts: {told}",
            "open": f"pretraining does not help as far as {self.seeds} seeds can show: {told}",
        }[self.outcome]


def verdicts(rows: Sequence[Row]) -> list[Verdict]:
    """One verdict for every number of labels for which at least two seeds have both arms."""
    return [verdict for n in sorted({row.labels for row in rows}) if (verdict := _verdict(n, rows))]


def _verdict(n: int, rows: Sequence[Row]) -> Verdict | None:
    found: dict[str, dict[int, float]] = {arm: {} for arm in ARMS}
    for row in rows:
        if row.labels == n:
            found[row.arm][row.seed] = row.accuracy
    pairs = sorted(found["scratch"].keys() & found["pretrained"].keys())
    if len(pairs) < 2:
        return None
    known = {arm: list(values.values()) for arm, values in found.items() if len(values) > 1}
    differences = [found["pretrained"][seed] - found["scratch"][seed] for seed in pairs]
    t = T_QUANTILES[min(len(pairs), MAX_SEEDS) - 2]
    return Verdict(
        labels=n,
        seeds=len(pairs),
        means={arm: statistics.fmean(values) for arm, values in known.items()},
        deviations={arm: statistics.stdev(values) for arm, values in known.items()},
        difference=statistics.fmean(differences),
        margin=t * statistics.stdev(differences) / math.sqrt(len(pairs)),
    )


def conclusion(found: Sequence[Verdict]) -> str:
    """What all verdicts together say, in one or two plain sentences; '' before the first."""
    told = []
    for outcome, words in (
        ("helps", "Pretraining helps with {}"),
        ("hurts", "Pretraining hurts with {}"),
        ("open", "Pretraining makes no difference that so few seeds could show with {}"),
    ):
        counts = [f"{verdict.labels:,}" for verdict in found if verdict.outcome == outcome]
        if counts:
            told.append(words.format(" and ".join(filter(None, [", ".join(counts[:-1]), counts[-1]]))) + " labels")
    return "".join(f"{sentence}. " for sentence in told).strip()


def accuracy_text(mean: float, deviation: float) -> str:
    """Mean and standard deviation in points of a hundred: '71.3 ± 0.8'."""
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}"


def points(share: float) -> str:
    """A difference of accuracies in points of a hundred, with its sign: '+2.5', '−0.3'."""
    text = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text
