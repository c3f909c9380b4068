"""Sparsity: how many codings speak for an image, how busy each unit is, and what the penalty asks for."""

import numpy as np
import streamlit as st

from aecore import figures, jobs
from aecore.store import runs
from aecore.store.runs import Run
from aecore.text import error_text, share_text
from pages.widgets.basics import charts
from pages.widgets.frame import header, shell
from pages.widgets.jobs import panel
from pages.widgets.run import activations
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys

shell.enter()


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
    layer = _layer(run)
    baseline = _baseline(run)
    beside = baseline if baseline and layer in activations.layer_names(baseline) else None
    activity = activations.activity(*shared.identity(run), layer)
    without = activations.activity(*shared.identity(beside), layer) if beside else None
    header.draw(run, _sentence(run, len(activity.means)), _numbers(run, layer, activity, without))
    st.selectbox(
        "Layer",
        activations.layer_names(run),
        key=keys.SPARSITY_LAYER,
        label_visibility="collapsed",
        width=320,
        help="The penalty acts on the codings; any other layer can be looked at as well.",
    )
    _histograms(run, layer, activity, beside)
    _ask_for_baseline(run, baseline)
    _penalties(run, layer, activity)


def _layer(run: Run) -> str:
    layer = st.session_state.get(keys.SPARSITY_LAYER, "codings")
    if layer not in activations.layer_names(run):
        st.session_state.pop(keys.SPARSITY_LAYER, None)
        return "codings"
    return layer


def _baseline(run: Run) -> Run | None:
    """The same run without a penalty, if it was trained; None for a run that has none itself."""
    if run.spec.sparsity_weight == 0:
        return None
    without = runs.run_of(run.spec.replace(sparsity_weight=0), shared.cache())
    return without if without.readable else None


def _sentence(run: Run, units: int) -> str:
    if run.spec.sparsity_weight == 0:
        return "This run has no penalty: every unit may speak for every image. Raise the sparsity weight and compare."
    aim = " unit means close to the target," if run.spec.sparsity in ("kl", "mse") else ""
    return (
        f"Each image may use only a few of the {units:,} units. Good: a tall bar at zero,{aim} no dead units, and an "
        "error not much above the one without penalty."
    )


def _numbers(
    run: Run, layer: str, activity: activations.Activity, without: activations.Activity | None
) -> list[header.Number]:
    against = f"{100 * without.silent:.0f} % without penalty" if without else ""
    targeted = run.spec.sparsity_weight > 0 and run.spec.sparsity in ("kl", "mse") and layer == "codings"
    return [
        header.Number("Nearly silent (|a| < 0.1)", f"{100 * activity.silent:.0f} %", against),
        header.Number(
            "Mean activation",
            share_text(activity.mean),
            f"target {run.spec.sparsity_target:g}" if targeted else "",
        ),
        header.Number(
            "Dead units",
            f"{activity.dead} of {len(activity.means):,}",
            f"{activity.stuck:,} more stuck" if activity.stuck else "",
            help="Dead: nearer to 0 than 0.01 for every sample. Stuck: at another value that hardly changes (deviation "
            "below 0.01). Neither carries anything.",
        ),
        header.Number("Error (MSE)", error_text(run.metrics.get("val_mse"))),
    ]


def _histograms(run: Run, layer: str, activity: activations.Activity, beside: Run | None) -> None:
    of = (*shared.identity(run), layer, *(shared.identity(beside) if beside else ()))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("###### How active are the units?")
        charts.draw(
            lambda colours: figures.activation_histogram(
                activations.shown_activations(run, layer),
                colours,
                activations.shown_activations(beside, layer) if beside else None,
            ),
            of=of,
            key="activations",
            alt="Histogram of all activations",
        )
        st.caption("Share of all activations. Without a penalty they spread; with one most are silent.")
    with right:
        st.markdown("###### How busy is each unit on average?")
        targeted = run.spec.sparsity_weight > 0 and run.spec.sparsity in ("kl", "mse") and layer == "codings"
        means = activations.activity(*shared.identity(beside), layer).means if beside else None
        charts.draw(
            lambda colours: figures.unit_mean_histogram(
                activity.means, colours, run.spec.sparsity_target if targeted else None, means
            ),
            of=of,
            key="means",
            alt="Histogram of unit means",
        )
        st.caption(f"Share of the {len(activity.means):,} units. " + _about_means(targeted, activity.lowest))


def _about_means(targeted: bool, lowest: float) -> str:
    if targeted:
        return "The penalty pulls every unit's mean to the target."
    return "A unit at zero is never used." if lowest >= 0 else "A unit that is used for both signs may be near zero."


def _ask_for_baseline(run: Run, baseline: Run | None) -> None:
    """Offer the comparison where it was not trained yet."""
    if run.spec.sparsity_weight == 0 or baseline:
        return
    spec = run.spec.replace(sparsity_weight=0)
    without = runs.run_of(spec, shared.cache())
    if panel.is_pending(without):
        panel.wait(without, "The same run without penalty")
    else:
        panel.offer(jobs.TrainTask(spec), "Train the same without penalty, to compare", key="baseline")


def _penalties(run: Run, layer: str, activity: activations.Activity) -> None:
    st.markdown("###### What the penalty costs")
    weight, kind, target = run.spec.sparsity_weight, run.spec.sparsity, run.spec.sparsity_target
    means = np.clip(activity.means, 0, 1) if layer == "codings" and activity.lowest >= 0 else None
    charts.draw(
        lambda colours: figures.penalty_curves(target, colours, means),
        of=(*shared.identity(run), layer),
        key="penalties",
        alt="Penalty against mean activation",
    )
    here = f"This run: {kind.upper()}, weight {weight:g}. " if weight else ""
    st.caption(
        f"{here}The cost of one unit whose mean activation is off the target of {target:g}. KL, which compares "
        "probabilities and so needs sigmoid codings, pulls harder than the square the further a unit strays."
        + (" Each tick is one of this run's units." if means is not None else "")
    )


main()
