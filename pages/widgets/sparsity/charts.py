"""Charts of a run's activations: their histogram, the mean of each unit, and the penalty as a function of the mean."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aecore import figures
from aecore.store.runs import Run
from aecore.text import share_text
from pages.widgets.basics import charts
from pages.widgets.run import activations
from pages.widgets.server import shared


def has_target(run: Run, layer: str) -> bool:
    """True if the run's penalty has a target for the mean activation of this layer."""
    return run.spec.sparsity_weight > 0 and run.spec.sparsity in ("kl", "mse") and layer == "codings"


def histograms(run: Run, layer: str, activity: activations.Activity, beside: Run | None) -> None:
    """Draw histograms of all activations and of the units' means, over those of the run `beside`."""
    of = (*shared.identity(run), layer, *(shared.identity(beside) if beside else ()))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("## Activations")
        charts.draw(
            lambda colours: figures.activation_histogram(
                activations.shown_activations(run, layer),
                colours,
                activations.shown_activations(beside, layer) if beside else None,
            ),
            of=of,
            key="activations",
            alt=f"Histogram of activations: {100 * activity.silent:.0f} % below 0.1, mean {share_text(activity.mean)}",
        )
        st.caption("Share of all activations. Without a penalty they spread; with one most are silent.")
    with right:
        st.markdown("## Mean activation per unit")
        targeted = has_target(run, layer)
        means = activations.activity(*shared.identity(beside), layer).means if beside else None
        charts.draw(
            lambda colours: figures.unit_mean_histogram(
                activity.means, colours, run.spec.sparsity_target if targeted else None, means
            ),
            of=of,
            key="means",
            alt=f"Histogram of the mean activations of {len(activity.means):,} units, {activity.dead} of them dead",
        )
        st.caption(f"Share of the {len(activity.means):,} units. " + _about_means(targeted, activity.lowest))


def _about_means(targeted: bool, lowest: float) -> str:
    if targeted:
        return "The penalty pulls every unit's mean to the target."
    return "A unit at zero is never used." if lowest >= 0 else "A unit that is used for both signs may be near zero."


def penalties(run: Run, layer: str, activity: activations.Activity) -> None:
    """Draw the penalty of a unit as a function of its mean activation, with the run's units as ticks."""
    st.markdown("## Penalty of a unit")
    weight, kind, target = run.spec.sparsity_weight, run.spec.sparsity, run.spec.sparsity_target
    means = np.clip(activity.means, 0, 1) if layer == "codings" and activity.lowest >= 0 else None
    charts.draw(
        lambda colours: figures.penalty_curves(target, colours, means),
        of=(*shared.identity(run), layer),
        key="penalties",
        alt=f"Penalty of a unit against its mean activation: lowest at the target of {target:g}",
    )
    here = f"This run: {kind.upper()}, weight {weight:g}. " if weight else ""
    st.caption(
        f"{here}The cost of one unit whose mean activation is off the target of {target:g}. KL, which compares "
        "probabilities and so needs sigmoid codings, pulls harder than the square the further a unit strays."
        + (" Each tick is one of this run's units." if means is not None else "")
    )
