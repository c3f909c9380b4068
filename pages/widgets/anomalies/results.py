"""The result of a test of anomaly detection: histograms, ROC curves, AUROC of every score, samples, and a table."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from aecore import figures
from aecore.analysis import anomalies, inference
from aecore.analysis.anomaly_samples import Samples
from aecore.datasets import as_float
from aecore.export import scores as score_table
from aecore.specs.anomalies import AnomalySpec
from aecore.store.runs import ResultFolder, Run
from aecore.text import error_text, share_text
from pages.widgets.anomalies import settings
from pages.widgets.basics import charts
from pages.widgets.images import grid
from pages.widgets.server import shared
from pages.widgets.session import controls, keys, selection

SHOWN = 10
AXES = {
    "autoencoder": "reconstruction error (MSE)",
    "elbo": "−ELBO (nats)",
    "prior": "−log density of the codings under the prior (nats)",
    "pca": "reconstruction error of PCA (MSE)",
    "knn": "distance to the nearest training codings",
    "forest": "score of the isolation forest",
}
ENDS = {"high": "Highest scores", "low": "Lowest scores"}


def draw(run: Run, spec: AnomalySpec, work: ResultFolder, test: Samples) -> None:
    """Draw the whole result."""
    scores = shared.arrays(work, "scores")
    table = Run(work.folder).metrics["auroc"]
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    titles = {name: title for name, title in anomalies.SCORES.items() if name in table}
    chosen = controls.segments(bar, "Score", titles, keys.SCORE)
    percentile = controls.number(
        bar.slider, "Threshold: percentile of the ordinary samples", 50.0, 100.0, 95.0, key=keys.PERCENTILE, step=0.5
    )
    score, is_anomaly = scores[chosen], test.is_anomaly
    threshold = float(np.percentile(score[~is_anomaly], percentile))
    counts = anomalies.counts(score, is_anomaly, threshold)
    _sentence(counts, threshold, chosen)
    _charts(work, scores, chosen, threshold, percentile, counts, settings.title(spec, test.data), titles)
    _ranking(table, run.metrics.get("coding_size"))
    _samples(run, test, score)
    st.download_button(
        "Scores of all samples (CSV)",
        partial(score_table.csv, test, scores, titles),
        f"anomalies-{run.key}-{work.key}.csv",
        "text/csv",
        key="scores_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _sentence(counts: anomalies.Counts, threshold: float, chosen: str) -> None:
    text = error_text(threshold) if chosen in ("autoencoder", "pca") else f"{threshold:,.3g}"
    st.markdown(
        f"Above **{text}** lie **{counts.hits:,} of {counts.anomalies:,}** anomalies "
        f"({_share(counts.hits, counts.anomalies)}), and **{counts.false_alarms:,} of {counts.ordinary:,}** ordinary "
        f"samples ({_share(counts.false_alarms, counts.ordinary)}), which are false alarms."
    )


def _charts(
    work: ResultFolder,
    scores: dict[str, np.ndarray],
    chosen: str,
    threshold: float,
    percentile: float,
    counts: anomalies.Counts,
    name: str,
    titles: dict[str, str],
) -> None:
    is_anomaly = scores["is_anomaly"].astype(bool)
    identity = (*shared.file_identity(work, "scores.npz"), chosen, percentile)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        charts.draw(
            lambda colours: figures.score_histograms(
                scores[chosen],
                is_anomaly,
                threshold,
                colours,
                names=("ordinary", f"anomalies: {name}"),
                axis=AXES[chosen],
            ),
            of=(*identity, name),
            key="score_histograms",
            alt=f"Histograms of the {AXES[chosen]} of ordinary samples and of anomalies ({name}), with the threshold",
        )
        st.caption("Good: the orange line lies right of the blue bars, and the threshold (dotted) between them.")
    with right:
        curves = {title: anomalies.roc_curve(scores[one], is_anomaly) for one, title in titles.items()}
        at = counts.false_alarms / max(counts.ordinary, 1), counts.hits / max(counts.anomalies, 1)
        charts.draw(
            lambda colours: figures.roc_curves(curves, colours, chosen=titles[chosen], at=at),
            of=identity,
            key="roc",
            alt=f"ROC curve of {titles[chosen]} in colour, of the other scores in grey",
        )
        st.caption("ROC: the share of anomalies above each threshold against that of false alarms. Good: top left.")


def verdict(table: dict[str, list[float]], coding_size: int | None) -> str:
    """A sentence on the autoencoder's own best score against the baselines' best; too close to call where the
    intervals overlap."""
    own = max((name for name in table if name not in anomalies.BASELINES), key=lambda name: table[name][0])
    best = max(anomalies.BASELINES, key=lambda name: table[name][0])
    (mine, low, high), (theirs, other_low, other_high) = table[own], table[best]
    title = anomalies.SCORES[best] + (f" with {coding_size} components" if best == "pca" and coding_size else "")
    numbers = f"AUROC {share_text(mine)} against {share_text(theirs)}"
    if low > other_high:
        return f"{anomalies.SCORES[own]} finds them best: {numbers} of the best baseline, {title}."
    if high < other_low:
        return f"{anomalies.SCORES[own]} is not the best score here: {numbers} of {title}."
    return f"{anomalies.SCORES[own]} and {title} are too close to call: {numbers}."


def _ranking(table: dict[str, list[float]], coding_size: int | None) -> None:
    st.markdown("## Which score finds them?")
    st.caption(
        f"{verdict(table, coding_size)} AUROC is the probability that an anomaly scores higher than an ordinary "
        "sample: 1 is perfect, .5 is chance. The interval is from a bootstrap."
    )
    rows = sorted(table.items(), key=lambda item: -item[1][0])
    lines = [
        f"| {anomalies.SCORES[name]} | {share_text(value)} | {share_text(low)} to {share_text(high)} |"
        for name, (value, low, high) in rows
    ]
    st.markdown("\n".join(["| Score | AUROC | 95 % interval |", "|---|---|---|", *lines]))


def _samples(run: Run, test: Samples, score: np.ndarray) -> None:
    bar = st.container(horizontal=True, vertical_alignment="center")
    bar.markdown("## Samples by score")
    end = controls.segments(bar, "Which", ENDS, keys.SCORE_END)
    order = np.argsort(-score if end == "high" else score, kind="stable")[:SHOWN]
    x = as_float(test.x[order])
    output = inference.reconstruct(run, x)
    marks = ["anomaly" if test.is_anomaly[position] else "ordinary" for position in order]
    grid.show(
        [("original", x), ("reconstruction", output), ("difference", grid.difference(x, output))],
        [test.caption(int(position)) for position in order],
        ("", marks),
    )
    st.caption("Difference: orange where the reconstruction is too bright, blue where too dark; one scale for all.")
    mine = [int(test.numbers[p]) for p in order if not test.is_anomaly[p] or test.source is test.data]
    if mine and bar.button("Show on the map", key="anomalies_on_map", icon=":material/scatter_plot:"):
        selection.choose(mine, test.data)
        st.switch_page("pages/latent_map.py")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"
