"""Page "Sparsity": histograms of activations and of units' means, and the penalty, against a run without penalty."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore.store.runs import Run
from aecore.text import error_text, share_text
from pages.widgets.run import activations
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys
from pages.widgets.sparsity import baseline, charts

shell.enter()


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
    layer = _layer(run)
    unpenalised = baseline.find(run)
    beside = unpenalised if unpenalised and layer in activations.layer_names(unpenalised) else None
    activity = activations.activity(*shared.identity(run), layer)
    without = activations.activity(*shared.identity(beside), layer) if beside else None
    header.draw(run, _sentence(run, len(activity.means)), _numbers(run, layer, activity, without))
    st.selectbox(
        "Layer",
        activations.layer_names(run),
        key=keys.SPARSITY_LAYER,
        label_visibility="collapsed",
        width=320,
        help="The penalty acts on the codings; any other layer can be shown as well.",
    )
    charts.histograms(run, layer, activity, beside)
    baseline.offer(run, unpenalised)
    charts.penalties(run, layer, activity)


def _layer(run: Run) -> str:
    layer = st.session_state.get(keys.SPARSITY_LAYER, "codings")
    if layer not in activations.layer_names(run):
        st.session_state.pop(keys.SPARSITY_LAYER, None)
        return "codings"
    return layer


def _sentence(run: Run, units: int) -> str:
    if run.spec.sparsity_weight == 0:
        return "This run has no sparsity penalty: most units are active for every image. Raise the weight and compare."
    aim = " unit means close to the target," if run.spec.sparsity in ("kl", "mse") else ""
    return (
        f"Each image may use only a few of the {units:,} units. Good: a tall bar at zero,{aim} no dead units, and an "
        "error not much above the one without penalty."
    )


def _numbers(
    run: Run, layer: str, activity: activations.Activity, without: activations.Activity | None
) -> list[header.HeaderMetric]:
    against = f"{100 * without.silent:.0f} % without penalty" if without else ""
    targeted = charts.has_target(run, layer)
    return [
        header.HeaderMetric("Nearly silent (|a| < 0.1)", f"{100 * activity.silent:.0f} %", against),
        header.HeaderMetric(
            "Mean activation",
            share_text(activity.mean),
            f"target {run.spec.sparsity_target:g}" if targeted else "",
        ),
        header.HeaderMetric(
            "Dead units",
            f"{activity.dead} of {len(activity.means):,}",
            f"{activity.stuck:,} more stuck" if activity.stuck else "",
            help="Dead: nearer to 0 than 0.01 for every sample. Stuck: at another value that hardly changes (deviation "
            "below 0.01). Neither carries information.",
        ),
        header.HeaderMetric("Error (MSE)", error_text(run.metrics.get("val_mse"))),
    ]


main()
