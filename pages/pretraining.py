"""Page "Pretraining": classifiers on an unsupervised encoder against classifiers from scratch, with few labels."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore.analysis import pretraining
from aecore.analysis.pretraining import ArmComparison
from aecore.errors import AecoreError
from aecore.store import experiments
from pages.widgets.basics import notice
from pages.widgets.jobs import panel
from pages.widgets.pretraining import controls, results
from pages.widgets.server import shared
from pages.widgets.session import active_run

shell.enter()


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
    head, bar = st.container(), st.container(horizontal=True, vertical_alignment="bottom")
    try:
        spec = controls.experiment(bar, run)
    except AecoreError as error:
        with head:
            header.draw(run, _sentence(), [])
        notice.warning(str(error))
        return
    rows = experiments.rows_like(spec, shared.cache())
    comparisons = pretraining.compare_arms(rows)
    with head:
        header.draw(run, _sentence(), [_number(comparison) for comparison in comparisons[:3]])
    busy = controls.pending(spec)
    controls.buttons(bar, run, spec, busy)
    controls.failure(spec)
    if busy:
        count = len(busy.rows)
        panel.wait(busy, "", changed=lambda: len(busy.rows) != count)
    results.draw(spec, rows, comparisons)


def _sentence() -> str:
    return (
        "The autoencoder is trained without labels. Its encoder initialises a classifier that is trained on a few "
        "labelled images; the baseline is the same classifier from random weights, same images, batches and epochs."
    )


def _number(comparison: ArmComparison) -> header.HeaderMetric:
    return header.HeaderMetric(
        f"{comparison.labels:,} labels",
        pretraining.points(comparison.difference),
        f"± {100 * comparison.margin:.1f} points",
        {"helps": True, "hurts": False, "open": None}[comparison.outcome],
        help="Accuracy of the pretrained classifier minus the baseline's: mean over the seeds, and half the width "
        "of its 95 % interval. Grey: not significant with these seeds.",
    )


main()
