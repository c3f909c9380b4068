"""Sparsity: how many codings speak for an image, how busy each unit is, and what the penalty asks for."""

import numpy as np
import streamlit as st

from aecore import figures, jobs, metrics, runs
from aecore.datasets import as_float
from aecore.errors import AecoreError
from aecore.figures import PLOTLY_CONFIG, error_text, share_text
from aecore.runs import Run
from pages.widgets import active, header, host, inside, shell, theme

shell.enter()

SILENT = 0.1  # the book's threshold: an activation below it says nothing
SAMPLES = 2000


def main() -> None:
    run = active.shown()
    if run is None:
        header.draw(None, "", [])
        return
    layer = _layer(run)
    activations = _activations(run, layer)
    baseline = _baseline(run)
    without = _activations(baseline, layer) if baseline and layer in inside.layer_names(baseline) else None
    header.draw(run, _sentence(run, activations.shape[1]), _numbers(run, layer, activations, without))
    st.selectbox(
        "Layer", inside.layer_names(run), key="sparsity_layer", label_visibility="collapsed", width=320,
        help="The penalty acts on the codings; any other layer can be looked at as well.",
    )  # fmt: skip
    _histograms(run, layer, activations, without)
    _ask_for_baseline(run, baseline)
    _penalties(run, layer, activations)


def _layer(run: Run) -> str:
    layer = st.session_state.get("sparsity_layer", "codings")
    if layer not in inside.layer_names(run):
        st.session_state.pop("sparsity_layer", None)
        return "codings"
    return layer


def _activations(run: Run, layer: str) -> np.ndarray:
    """(n, units) activations of validation samples."""
    if layer == "codings":
        return np.asarray(run.array("codings"), np.float32)
    x = as_float(host.data(run.spec.dataset).validation[:SAMPLES])
    return inside.activations(run, x, layer).reshape(len(x), -1)


def _baseline(run: Run) -> Run | None:
    """The same run without a penalty, if it was trained; None for a run that has none itself."""
    if run.spec.sparsity_weight == 0:
        return None
    without = runs.run_of(run.spec.replace(sparsity_weight=0), host.cache())
    return without if without.readable else None


def _sentence(run: Run, units: int) -> str:
    if run.spec.sparsity_weight == 0:
        return "This run has no penalty: every unit may speak for every image. Raise the sparsity weight and compare."
    aim = " unit means close to the target," if run.spec.sparsity in ("kl", "mse") else ""
    return (
        f"Each image may use only a few of the {units:,} units. Good: a tall bar at zero,{aim} no dead units, and an "
        "error not much above the one without penalty."
    )


def _numbers(run: Run, layer: str, activations: np.ndarray, without: np.ndarray | None) -> list[header.Number]:
    silent = metrics.silent_share(activations, SILENT)
    against = f"{100 * metrics.silent_share(without, SILENT):.0f} % without penalty" if without is not None else ""
    targeted = run.spec.sparsity_weight > 0 and run.spec.sparsity in ("kl", "mse") and layer == "codings"
    return [
        header.Number("Nearly silent (|a| < 0.1)", f"{100 * silent:.0f} %", against),
        header.Number(
            "Mean activation", share_text(float(activations.mean())),
            f"target {run.spec.sparsity_target:g}" if targeted else "",
        ),
        header.Number(
            "Dead units", f"{metrics.dead_units(activations)} of {activations.shape[1]:,}",
            help="Units that hardly change from one image to the next: they carry nothing.",
        ),
        header.Number("Error (MSE)", error_text(run.metrics.get("val_mse"))),
    ]  # fmt: skip


def _histograms(run: Run, layer: str, activations: np.ndarray, without: np.ndarray | None) -> None:
    colours = theme.current()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("###### How active are the units?")
        chart = figures.activation_histogram(activations, colours, without)
        st.plotly_chart(chart, theme=None, config=PLOTLY_CONFIG, alt="Histogram of all activations", key="activations")
        st.caption("Share of all activations. Without a penalty they spread; with one most are silent.")
    with right:
        st.markdown("###### How busy is each unit on average?")
        targeted = run.spec.sparsity_weight > 0 and run.spec.sparsity in ("kl", "mse") and layer == "codings"
        means = without.mean(axis=0) if without is not None else None
        chart = figures.unit_mean_histogram(
            activations.mean(axis=0), colours, run.spec.sparsity_target if targeted else None, means
        )
        st.plotly_chart(chart, theme=None, config=PLOTLY_CONFIG, alt="Histogram of unit means", key="means")
        st.caption(
            f"Share of the {activations.shape[1]:,} units. "
            + ("The penalty pulls every unit's mean to the target." if targeted else "A unit at zero is never used.")
        )


def _ask_for_baseline(run: Run, baseline: Run | None) -> None:
    """Offer the comparison where it was not trained yet."""
    if run.spec.sparsity_weight == 0 or baseline:
        return
    spec = run.spec.replace(sparsity_weight=0)
    state = active.state(runs.run_of(spec, host.cache()))
    if state in active.PENDING:
        st.fragment(_await_baseline, run_every=header.TICK)(runs.run_key(spec))
    elif st.button("Train the same without penalty, to compare", icon=":material/compare_arrows:", key="baseline"):
        try:
            host.queue().submit(jobs.TrainTask(spec), host.session())
            st.rerun()
        except AecoreError as error:
            st.warning(str(error))


def _await_baseline(key: str) -> None:
    run = runs.open_run(key, host.cache())
    if active.state(run) not in active.PENDING:
        st.rerun(scope="app")
    st.progress(float(run.status().get("fraction") or 0), text="The same run without penalty is being trained")


def _penalties(run: Run, layer: str, activations: np.ndarray) -> None:
    st.markdown("###### What the penalty costs")
    weight, kind, target = run.spec.sparsity_weight, run.spec.sparsity, run.spec.sparsity_target
    means = np.clip(activations.mean(axis=0), 0, 1) if layer == "codings" and activations.min() >= 0 else None
    chart = figures.penalty_curves(target, theme.current(), means)
    st.plotly_chart(chart, theme=None, config=PLOTLY_CONFIG, alt="Penalty against mean activation", key="penalties")
    here = f"This run: {kind.upper()}, weight {weight:g}. " if weight else ""
    st.caption(
        f"{here}The cost of one unit whose mean activation is off the target of {target:g}. KL, which compares "
        "probabilities and so needs sigmoid codings, pulls harder than the square the further a unit strays."
        + (" Each tick is one of this run's units." if means is not None else "")
    )


main()
