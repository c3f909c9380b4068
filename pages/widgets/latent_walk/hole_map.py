"""The hole map: where a decoder's pictures come back from the encoder far from where they left, for an autoencoder
and a variational one side by side.

Everything is computed in the browser (`holes.js` and `plane*.js`), from the walkers' parts; nothing comes back.
For tests the component's root has `dataset.ready` ("done" when all hole maps are whole), and each side has
`dataset.over` and `.within`: the shares of the plane, and of the data's range, that drift beyond the usual limit.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore import jobs
from aecore.analysis import latent_axes
from aecore.datasets import Data
from aecore.errors import AecoreError
from aecore.presets import demonstrations
from aecore.presets.names import run_label, run_name
from aecore.specs.run import RunSpec
from aecore.store import listing, runs
from aecore.store.runs import Run
from pages.widgets.basics import notice, theme
from pages.widgets.components.latent_walk import DECODING, Walker, groups, walker
from pages.widgets.components.shared import blobs, packing
from pages.widgets.components.shared.blobs import Slot
from pages.widgets.jobs import waiting
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run

SCRIPTS = (
    "shared/parts.js",
    "shared/markers.js",
    *DECODING,
    "plane/plane_grid.js",
    "plane/plane_draw.js",
    "plane/plane.js",
    "hole_map/holes.js",
)
RANGE = (1, 99)  # percentiles of the codes: the data's range, without the outliers
BEYOND = 0.15  # of the range, on each side: how much further the plane of a plain run goes
NARROW = 0.05  # of the wider axis: an axis along which the codes hardly differ is made that wide
# What a coding layer can put out at all: beyond it nothing is a hole, because nothing could come back.
REACH = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "selu": (-1.7581, np.inf),
    "elu": (-1.0, np.inf),
    "gelu": (-0.17, np.inf),
    "silu": (-0.2785, np.inf),
}
OTHER = {"plain": "variational", "variational": "plain"}
PICK_WIDTH = 440
HALVES = ("decoder", "encoder", "survey")
WORDS = {"plain": "an autoencoder", "variational": "a variational autoencoder"}


def section(run: Run, data: Data, of: Walker) -> None:
    """The hole map of a run beside one of the other kind, which is picked, or trained where there is none."""
    why = reason(of)
    if why:
        st.caption(why)
        return
    st.caption(
        "Every place is decoded, and its picture encoded again. Where that leads far away the encoder does not know "
        "what the decoder made: a hole. The usual limit is what 95 % of held-out images stay below. Drag to see."
    )
    other = _other(run, data)
    sides = [of] if other is None else sorted([of, other], key=lambda one: one.run.spec.coding)
    draw(sides[0], sides[1] if other else None, key="holes")


def draw(left: Walker, right: Walker | None, key: str) -> None:
    """Draw the hole maps of one run or two of the same data, each measured by its own held-out images. A run without a
    plane, or that the browser cannot run, has a line in its place."""
    sides = [(name, one) for name, one in (("left", left), ("right", right)) if one is not None]
    slots: dict[str, Slot] = {}
    told = []
    for name, one in sides:
        mine = {} if missing(one) else {half: one.slots[half] for half in HALVES}
        for half, (known, arrays) in mine.items():
            slots[f"{name}_{half}"] = ({**known, "slot": f"{name}_{half}"}, arrays)
        told.append(side(one) | {"slots": [f"{name}_{half}" for half in mine]})
    groups = sorted({group for facts in told for group in facts["groups"]})
    look = packing.look(theme.current(), groups, left.classes)
    with st.container(gap=None, key=f"{key}_holes"):
        _component()(key=key, data={"owner": key}, height="content")
        for slot in slots.values():
            blobs.hand_over(key, slot)
        for facts in told:
            facts["groups"] = groups
        view = {"sides": told, "versions": blobs.versions(slots), **look}
        blobs.hand_over(key, blobs.versioned("view", view, {}))


def reason(of: Walker) -> str:
    """Why a run has no plane, in one line; '' for a run that has one."""
    return "" if len(of.axes) > 1 else "One coding is a line, not a plane: a hole map needs two codings."


def missing(of: Walker) -> str:
    """Why a run's plane cannot be drawn by a browser, in one line; '' where it can."""
    if why := reason(of):
        return why
    return "" if of.decoder and of.encoder else f"No hole map: the server would have to draw it ({of.why_not})."


def side(of: Walker) -> dict[str, Any]:
    """What the browser is told of one run: which plane is drawn, between which codes, and in which words.

    The plane spans the two codings that carry most. A variational run is drawn in quantiles of its prior, so that all
    cells are equally likely; a plain one, which has no prior, evenly over its codes' range and somewhat beyond.
    """
    variational = of.run.spec.variational
    facts: dict[str, Any] = {
        "title": run_name(of.run),
        "kind": of.run.spec.coding,
        "size": len(of.axes),
        "missing": missing(of),
        "groups": groups(of.reference),
    }
    if facts["missing"]:
        return facts
    axes = sorted(axis.coding for axis in of.axes[:2])
    box = np.percentile(of.reference.codes[:, axes], RANGE, axis=0).astype(np.float64)
    if variational:
        low, high = np.full(2, -latent_axes.PRIOR_REACH), np.full(2, latent_axes.PRIOR_REACH)
    else:
        low, high = _limits(box, of.run.spec.coding_activation)
    start = np.zeros(len(of.axes))
    for axis in of.axes:
        start[axis.coding] = axis.start
    start[axes] = np.clip(start[axes], low, high)
    return facts | {
        "axes": axes,
        "low": low.tolist(),
        "high": high.tolist(),
        "start": start.tolist(),
        "range": box.T.tolist(),
        "quantiles": variational,
        "shape": list(of.shape),
        "reach": of.reach,
        "note": _note(of, axes),
    }


def partner(run: Run) -> list[Run]:
    """Finished and stopped runs of the other kind with two codings on the same data, demonstrations first."""
    found = []
    for other in listing.list_runs(shared.cache()):
        with contextlib.suppress(AecoreError):
            spec = other.spec
            alike = spec.dataset == run.spec.dataset and spec.coding == OTHER[run.spec.coding]
            if alike and other.metrics.get("coding_size") == 2:
                found.append(other)
    shown = set(demonstrations.keys().values())
    return sorted(found, key=lambda other: other.key not in shown)


def counterpart(spec: RunSpec) -> RunSpec:
    """A run of the other kind with two codings, trained on the same data as long as `spec`. Raises `SpecError`.

    Its codings are linear: with an activation that ends somewhere two codings often get stuck there.
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


def _limits(box: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Low and high ends (2,) of a plain run's plane around the box [[low, low], [high, high]] of its codes."""
    spans = box[1] - box[0]
    wide = np.maximum(spans, max(NARROW * float(spans.max()), 1e-3)) * (1 + 2 * BEYOND)
    middle = box.mean(axis=0)
    least, most = REACH.get(activation, (-np.inf, np.inf))
    return np.maximum(middle - wide / 2, least), np.minimum(middle + wide / 2, most)


def _note(of: Walker, axes: list[int]) -> str:
    """What else one should know of this plane, '' where nothing."""
    silent = [axis for axis in axes if not of.reference.active[axis]]
    fixed = len(of.axes) - 2
    said = ""
    if len(silent) == 1:
        said = f"Coding {silent[0] + 1} carries nothing (the run collapsed), so nothing changes along it. "
    elif silent:
        said = "No coding carries anything (the run collapsed): every place decodes to nearly the same picture. "
    if fixed:
        said += f"The other {fixed:,} coding{'s' if fixed > 1 else ''} stand{'' if fixed > 1 else 's'} still."
    return said.strip()


def _other(run: Run, data: Data) -> Walker | None:
    """The walker of the run that is picked to compare with; None where there is none yet, which is offered."""
    found = partner(run)
    if not found:
        _offer(run)
        return None
    names = {other.key: run_label(other) for other in found}
    picked = found[0].key
    if len(found) > 1:
        picked = st.selectbox(
            "Beside it", list(names), format_func=names.__getitem__, key=f"beside_{run.key}", width=PICK_WIDTH
        )
    try:
        return walker(next(other for other in found if other.key == picked), data)
    except AecoreError as error:
        notice.caption(f"Nothing to compare with: {error}")
        return None


def _offer(run: Run) -> None:
    """Train the counterpart when asked, and wait for it."""
    try:
        spec = counterpart(run.spec)
        asked = runs.run_of(spec, shared.cache())
    except AecoreError as error:
        notice.caption(f"Nothing to compare with: {error}")
        return
    if active_run.state(asked) in active_run.PENDING:
        render_lock.look(_await, asked.key)(asked.key)
        return
    words = WORDS[spec.coding]
    if st.button(f"Train {words} with two codings, to compare", icon=":material/compare_arrows:", key="holes_train"):
        try:
            shared.queue().submit(jobs.TrainTask(spec), shared.session())
            st.rerun()
        except AecoreError as error:
            notice.warning(str(error))


def _await(key: str) -> None:
    run = runs.open_run(key, shared.cache())
    if active_run.state(run) not in active_run.PENDING:
        st.rerun(scope="app")
    doing = waiting.told(key) or "is being trained"
    notice.progress(run.status().get("fraction"), f"{run_name(run)}, to compare: {doing}")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    scripts = packing.script(*SCRIPTS)
    css = packing.style("hole_map/holes.css")
    return components.component("hole_map", html='<div class="holes"></div>', css=css, js=scripts)
