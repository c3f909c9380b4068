"""Component of the off-manifold map: the drift |z − E(D(z))| over a plane of two codings, for one run or two.

The browser computes everything (`off_manifold_map.js` and `plane/*.js`) from the walkers' blobs and sends nothing back.
For tests the component's root has `dataset.ready` ("done" when all off-manifold maps are whole), and each side has
`dataset.over` and `.within`: the shares of the plane, and of the data's range, that drift beyond the usual limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore.analysis import latent_axes
from aecore.analysis.activations import ACTIVATION_RANGES
from aecore.text import counted
from pages.widgets.basics import theme
from pages.widgets.components.latent_walk import Walker, groups
from pages.widgets.components.shared import blobs, bundle, packing
from pages.widgets.components.shared.blobs import Blob

RANGE = (1, 99)  # percentiles of the codes that bound the data's range
BEYOND = 0.15  # margin on each side of a plain run's plane, as a share of the range
NARROW = 0.05  # smallest extent of an axis, as a share of the wider axis
HALVES = ("decoder", "encoder", "survey")


def draw(sides: Sequence[tuple[str, Walker]], key: str) -> None:
    """Draw the off-manifold maps of one run or two of the same data, each relative to the run's held-out images.

    `sides` are (title, walker). A run without a plane or without decoding in the browser gets a line of text instead.
    """
    slots: dict[str, Blob] = {}
    shown = []
    for name, (title, of) in zip(("left", "right"), sides, strict=False):
        halves = [] if missing(of) else HALVES
        for half in halves:
            header, arrays = of.slots[half]
            slots[f"{name}_{half}"] = ({**header, "slot": f"{name}_{half}"}, arrays)
        shown.append(side(of, title) | {"slots": [f"{name}_{half}" for half in halves]})
    groups = sorted({group for facts in shown for group in facts["groups"]})
    style = packing.style_header(theme.current(), groups, sides[0][1].classes)
    with st.container(gap=None, key=f"{key}_holes"):
        _component()(key=key, data={"owner": key}, height="content")
        for slot in slots.values():
            blobs.send(key, slot)
        for facts in shown:
            facts["groups"] = groups
        view = {"sides": shown, "versions": blobs.versions(slots), **style}
        blobs.send(key, blobs.versioned("view", view, {}))


def reason(of: Walker) -> str:
    """One line on why a run has no plane; '' for a run with a plane."""
    return "" if len(of.axes) > 1 else "One coding is a line, not a plane: an off-manifold map needs two codings."


def missing(of: Walker) -> str:
    """One line on why the browser cannot draw a run's plane; '' if it can."""
    if why := reason(of):
        return why
    return "" if of.decoder and of.encoder else f"No off-manifold map: the server would have to draw it ({of.why_not})."


def side(of: Walker, title: str) -> dict[str, Any]:
    """The view's entry for a run: its title, plane, limits and texts.

    The plane spans the two codings that come first in `latent_axes.axes`. For a variational run it is drawn in
    quantiles of the prior, so that all cells are equally likely; for a plain one evenly over the codes' range and
    somewhat beyond.
    """
    variational = of.run.spec.variational
    facts: dict[str, Any] = {
        "title": title,
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


def _limits(box: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limits (2,) of a plain run's plane around the box [[low, low], [high, high]] of its codes."""
    spans = box[1] - box[0]
    wide = np.maximum(spans, max(NARROW * float(spans.max()), 1e-3)) * (1 + 2 * BEYOND)
    middle = box.mean(axis=0)
    least, most = ACTIVATION_RANGES[activation]  # codings cannot exceed it
    return np.maximum(middle - wide / 2, least), np.minimum(middle + wide / 2, most)


def _note(of: Walker, axes: list[int]) -> str:
    """Remarks on the plane: inactive codings, codings outside the plane; '' if there are none."""
    silent = [axis for axis in axes if not of.reference.active[axis]]
    fixed = len(of.axes) - 2
    text = ""
    if len(silent) == 1:
        text = f"Coding {silent[0] + 1} carries nothing (the run collapsed), so nothing changes along it. "
    elif silent:
        text = "No coding carries anything (the run collapsed): every place decodes to nearly the same picture. "
    if fixed:
        text += f"The other {counted(fixed, 'coding')} stand{'' if fixed > 1 else 's'} still."
    return text.strip()


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "off_manifold_map",
        html='<div class="off-manifold"></div>',
        css=packing.style("off_manifold_map/off_manifold_map.css"),
        js=bundle.script("off_manifold_map/off_manifold_map.js"),
    )
