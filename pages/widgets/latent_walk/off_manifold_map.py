"""The section of the off-manifold map: a plain and a variational run side by side.

The component `off_manifold_map` draws it.
"""

from __future__ import annotations

import contextlib

import streamlit as st

from aecore import jobs
from aecore.datasets import Data
from aecore.errors import AecoreError
from aecore.presets import demonstrations
from aecore.presets.names import run_label, run_name
from aecore.specs.run import RunSpec
from aecore.store import listing, runs
from aecore.store.runs import Run
from pages.widgets.basics import notice
from pages.widgets.components import off_manifold_map
from pages.widgets.components.latent_walk import Walker, walker
from pages.widgets.jobs import panel
from pages.widgets.server import shared

OTHER = {"plain": "variational", "variational": "plain"}
PICK_WIDTH = 440
WORDS = {"plain": "an autoencoder", "variational": "a variational autoencoder"}


def section(run: Run, data: Data, of: Walker) -> None:
    """Draw the off-manifold map of a run beside that of a run of the other kind, or an offer to train such a run."""
    why = off_manifold_map.reason(of)
    if why:
        st.caption(why)
        return
    st.caption(
        "Every place is decoded, and its picture encoded again. Where that leads far away, the place is off-manifold: "
        "the encoder does not recognise what the decoder made. The usual limit is what 95 % of held-out images stay "
        "below. Drag to see."
    )
    other = _other(run, data)
    sides = [of] if other is None else sorted([of, other], key=lambda one: one.run.spec.coding)
    draw(sides[0], sides[1] if other else None, key="off_manifold")


def draw(left: Walker, right: Walker | None, key: str) -> None:
    """Draw the off-manifold maps of one run or two of the same data, under the runs' names."""
    shown = [left] if right is None else [left, right]
    off_manifold_map.draw([(run_name(one.run), one) for one in shown], key)


def partner(run: Run) -> list[Run]:
    """Finished and stopped runs of the other kind with two codings on the same data, demonstrations first."""
    partners = []
    for other in listing.list_runs(shared.cache(), (run.spec.dataset,)):
        with contextlib.suppress(AecoreError):
            spec = other.spec
            alike = spec.dataset == run.spec.dataset and spec.coding == OTHER[run.spec.coding]
            if alike and other.metrics.get("coding_size") == 2:
                partners.append(other)
    shown = set(demonstrations.keys().values())
    return sorted(partners, key=lambda other: other.key not in shown)


def counterpart(spec: RunSpec) -> RunSpec:
    """The spec of a run of the other kind with two codings, trained on the same data as long as `spec`.

    Its codings are linear, because two codings with a bounded activation often get stuck at its ends. Raises
    `SpecError`.
    """
    return RunSpec(
        dataset=spec.dataset,
        hidden=spec.hidden if spec.architecture == "dense" and spec.hidden else RunSpec().hidden,
        output_activation=spec.output_activation,
        coding_activation="linear",
        coding=OTHER[spec.coding],
        coding_size=2,
        loss=spec.loss,
        optimizer=spec.optimizer,
        learning_rate=spec.learning_rate,
        batch_size=spec.batch_size,
        epochs=spec.epochs,
        seed=spec.seed,
    )


def _other(run: Run, data: Data) -> Walker | None:
    """The walker of the run to compare with, from a select box; None, after an offer to train one, without any."""
    partners = partner(run)
    if not partners:
        _offer(run)
        return None
    names = {other.key: run_label(other) for other in partners}
    picked = partners[0].key
    if len(partners) > 1:
        picked = st.selectbox(
            "Beside it", list(names), format_func=names.__getitem__, key=f"beside_{run.key}", width=PICK_WIDTH
        )
    try:
        return walker(next(other for other in partners if other.key == picked), data)
    except AecoreError as error:
        notice.caption(f"Nothing to compare with: {error}")
        return None


def _offer(run: Run) -> None:
    """Draw a button that trains the counterpart, or the progress of its training."""
    try:
        spec = counterpart(run.spec)
        asked = runs.run_of(spec, shared.cache())
    except AecoreError as error:
        notice.caption(f"Nothing to compare with: {error}")
        return
    if panel.is_pending(asked):
        panel.wait(asked, f"{run_name(asked)}, to compare")
    else:
        label = f"Train {WORDS[spec.coding]} with two codings, to compare"
        panel.offer(jobs.TrainTask(spec), label, key="holes_train")
