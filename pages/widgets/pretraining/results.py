"""Results of pretraining experiments: accuracy against the number of labels, in a figure, in words and as a table."""

from __future__ import annotations

import dataclasses

import streamlit as st

from aecore import figures
from aecore.analysis import pretraining
from aecore.analysis.pretraining import ArmComparison
from aecore.specs.pretraining import ARMS, PretrainSpec
from aecore.store import experiments
from aecore.store.experiments import Row
from pages.widgets.basics import charts
from pages.widgets.pretraining.controls import RATES, TRAINERS
from pages.widgets.server import shared


def draw(spec: PretrainSpec, rows: list[Row], comparisons: list[ArmComparison]) -> None:
    """Draw the accuracies of all trainings as a figure, beside the comparisons in words and as a table."""
    picture, words = st.columns([3, 2], gap="medium")
    with picture:
        charts.draw(
            lambda colours: figures.accuracy_by_labels(rows, colours, spec.labels),
            of=(repr(rows), spec.labels),
            key="accuracy",
            alt="; ".join(["Accuracy against the number of labels", *map(_gain, comparisons)]),
        )
        st.caption(
            "Each faint mark is one seed, each line goes through the means, each bar is a standard deviation. "
            f"{spec.epochs} epochs of {TRAINERS[spec.optimizer]} at {spec.learning_rate:g} each; the pretrained "
            f"encoder is frozen for the first {spec.frozen_epochs}, “encoder frozen” for all."
        )
    with words:
        st.markdown("## Accuracy with and without pretraining")
        st.markdown(_sentences(spec, comparisons))
        if comparisons:
            st.markdown(_table(comparisons))
            st.caption(
                "Accuracy in %, mean ± standard deviation. Both classifiers of a seed share labels, batches and the "
                "first weights of their heads, so they are compared seed by seed; where the 95 % interval of the "
                "mean difference (Student's t) holds 0, the seeds leave the question open."
            )


def _sentences(spec: PretrainSpec, comparisons: list[ArmComparison]) -> str:
    """A Markdown list with a sentence for each comparison, also for those with the other optimizer."""
    if not comparisons:
        return "No answer yet: press Run. The first comparison needs two seeds."
    lines = [f"- **{one.labels:,} labels**: {one.words}." for one in comparisons]
    for trainer, name in TRAINERS.items():
        if trainer != spec.optimizer:
            other = dataclasses.replace(spec, optimizer=trainer, learning_rate=RATES[trainer])
            others = pretraining.compare_arms(experiments.rows_like(other, shared.cache()))
            reached = ", ".join(f"{100 * one.means['scratch']:.1f}" for one in others)
            sentence = f"from scratch it reaches {reached} %. {pretraining.conclusion(others)}"
            lines += [f"- Trained by {name} instead, {sentence}"] if others else []
    return "\n".join(lines)


def _table(comparisons: list[ArmComparison]) -> str:
    """A Markdown table: a row for each number of labels, a column for each arm."""
    lines = [f"| labels | {' | '.join(ARMS.values())} |", "|---:" * (len(ARMS) + 1) + "|"]
    for one in comparisons:
        cells = [
            pretraining.accuracy_text(one.means[arm], one.deviations[arm]) if arm in one.means else "–" for arm in ARMS
        ]
        lines.append(f"| {one.labels:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gain(comparison: ArmComparison) -> str:
    return f"{comparison.labels:,} labels: {pretraining.points(comparison.difference)} by pretraining"
