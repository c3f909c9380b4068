"""Statistics of a pretraining experiment: differences between its arms, their confidence intervals, and sentences."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from aecore.specs.pretraining import ARMS
from aecore.store.experiments import Row


@dataclass(frozen=True)
class ArmComparison:
    """Pretrained against scratch, over the seeds trained with one number of labels.

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
        """'helps', 'hurts' or 'open'."""
        return "open" if abs(self.difference) <= self.margin else "helps" if self.difference > 0 else "hurts"

    @property
    def words(self) -> str:
        """One sentence, in points of accuracy."""
        low, high = (points(self.difference + side * self.margin) for side in (-1, 1))
        interval = f"{points(self.difference)} points (95 % interval {low} to {high})"
        return {
            "helps": f"pretraining helps: {interval}",
            "hurts": f"pretraining hurts: {interval}",
            "open": f"pretraining does not help as far as {self.seeds} seeds can show: {interval}",
        }[self.outcome]


def compare_arms(rows: Sequence[Row]) -> list[ArmComparison]:
    """A comparison for each number of labels for which at least two seeds have both arms."""
    comparisons = (_compare(labels, rows) for labels in sorted({row.labels for row in rows}))
    return [comparison for comparison in comparisons if comparison]


def _compare(labels: int, rows: Sequence[Row]) -> ArmComparison | None:
    accuracies: dict[str, dict[int, float]] = {arm: {} for arm in ARMS}
    for row in rows:
        if row.labels == labels:
            accuracies[row.arm][row.seed] = row.accuracy
    seeds = sorted(accuracies["scratch"].keys() & accuracies["pretrained"].keys())
    if len(seeds) < 2:
        return None
    repeated = {arm: list(values.values()) for arm, values in accuracies.items() if len(values) > 1}
    differences = [accuracies["pretrained"][seed] - accuracies["scratch"][seed] for seed in seeds]
    quantile = float(stdtrit(len(seeds) - 1, 0.975))
    return ArmComparison(
        labels=labels,
        seeds=len(seeds),
        means={arm: statistics.fmean(values) for arm, values in repeated.items()},
        deviations={arm: statistics.stdev(values) for arm, values in repeated.items()},
        difference=statistics.fmean(differences),
        margin=quantile * statistics.stdev(differences) / math.sqrt(len(seeds)),
    )


def conclusion(comparisons: Sequence[ArmComparison]) -> str:
    """The outcomes of all comparisons in one to three sentences; '' without any."""
    sentences = []
    for outcome, words in (
        ("helps", "Pretraining helps with {}"),
        ("hurts", "Pretraining hurts with {}"),
        ("open", "Pretraining makes no difference that so few seeds could show with {}"),
    ):
        counts = [f"{comparison.labels:,}" for comparison in comparisons if comparison.outcome == outcome]
        if counts:
            listed = " and ".join(filter(None, [", ".join(counts[:-1]), counts[-1]]))
            sentences.append(f"{words.format(listed)} labels.")
    return " ".join(sentences)


def accuracy_text(mean: float, deviation: float) -> str:
    """Mean and standard deviation in points of a hundred: '71.3 ± 0.8'."""
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}"


def points(share: float) -> str:
    """A difference of accuracies in points of a hundred, with its sign: '+2.5', '−0.3'."""
    text = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text
