"""Component of the latent walk: sliders or a plane of two codings, the decoded picture and its diagnosis.

The decoder runs in the browser (`shared/network.js`), which sends the codings once, when they are released. For a
network that does not run in a browser, the server decodes them then.

Scripts: `walk.js` (the component), `sliders.js`, `where_panel.js`, `plane/*.js`, `shared/picture.js`. For tests the
component's root has `dataset.ready` (the walk drawn), `.z` (the codings as JSON), `.strips` ("done" when all pictures
in sight belong to z), and the large picture is the canvas `[data-picture]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore import browser
from aecore.analysis import inference, latent_axes, off_manifold
from aecore.analysis.off_manifold import ReferenceSet
from aecore.browser import Program
from aecore.datasets import Data
from aecore.errors import AecoreError
from aecore.store.runs import Run
from pages.widgets.basics import theme
from pages.widgets.components.shared import blobs, bundle, packing
from pages.widgets.components.shared.blobs import Blob
from pages.widgets.server import shared

SLOTS = ("facts", "decoder", "encoder", "survey", "images")
DIGITS = 4  # significant digits of a released coding, as many as in a link
HEAVY = 2_000_000  # bytes of weights above which the images are compressed with losses, to stay below 4 MB together
LAYERS = {"grid": True, "data": True, "drift": False}


@dataclass(frozen=True)
class Walker:
    """A run's data for the components that decode in the browser.

    shape : of one sample. classes : names of the classes. reach : the largest value in vectors, 1 for images.
    decoder, encoder : None if the browser cannot run them; `why_not` is the reason in one line.
    axes : the active codings, then the others, each in the order of `latent_axes.axes`.
    bounds : (2, d), smallest and largest codings: those of the data or the ends of the sliders.
    slots : {slot: blob} of these fields and of the reference set's images.
    """

    run: Run
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    reach: float
    decoder: Program | None
    encoder: Program | None
    why_not: str
    reference: ReferenceSet
    axes: list[latent_axes.Axis]
    bounds: np.ndarray
    slots: dict[str, Blob]


def walker(run: Run, data: Data) -> Walker:
    """The walker of a run, cached for all sessions. Raises `RunError` for codings that are missing or not finite."""
    return _walker(*shared.identity(run), run, data)


def draw(
    walker: Walker,
    z: np.ndarray,
    *,
    key: str,
    view: Literal["sliders", "plane"] = "sliders",
    axes: tuple[int, int] = (0, 1),
    quantiles: bool = False,
    layers: Mapping[str, bool] = LAYERS,
    anchor: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Draw the walk; returns the codings (d,) float32 that were released last.

    The caller stores the result and passes it as the next `z`. Any other `z` (from a button or another page) sets the
    walk to it, clipped to the walker's bounds, which the component reports.

    Parameters
    ----------
    z : (d,). Codings that are not finite are set to the start of their axis.
    view : 'plane' needs two codings and a decoder that runs in the browser; without them there are sliders.
    axes : the plane's two codings, counted from 0.
    quantiles : True for axes of the plane in quantiles of the prior.
    layers : {'grid', 'data', 'drift': visible} of the plane.
    anchor : means and standard deviations, each (d,), of the image to which the walk was set last; drawn as an ellipse.

    Raises
    ------
    ValueError : for another number of codings than the run's, and for axes that do not exist.
    """
    size = len(walker.axes)
    z = np.asarray(z, np.float64)
    for name, given in (("z", z), *(("anchor", part) for part in anchor or ())):
        if np.shape(given) != (size,):
            raise ValueError(f"{name}: got shape {np.shape(given)}, allowed: ({size},)")
    if view == "plane" and size > 1 and not (axes[0] != axes[1] and all(0 <= axis < size for axis in axes)):
        raise ValueError(f"axes: got {axes}, allowed: two different codings from 0 to {size - 1}")
    state = st.session_state.setdefault(f"{key}_kept", {"turn": 0})
    settle(state, walker, z, st.session_state.get(key, {}).get("z"))
    with st.container(gap=None, key=f"{key}_walk"):
        _component()(key=key, data={"owner": key}, height="content", on_z_change=lambda: None)
        for slot in SLOTS:
            if slot in walker.slots:
                blobs.send(key, walker.slots[slot])
        plane = view == "plane" and size > 1 and walker.decoder is not None
        shown: dict[str, Any] = {
            "turn": state["turn"],
            "z": state["z"],
            "start": state["start"],
            "notice": state["notice"],
            "plane": {"axes": list(axes), "quantiles": quantiles, "layers": dict(layers)} if plane else None,
            "anchor": [np.asarray(part, float).tolist() for part in anchor] if anchor else None,
            "versions": blobs.versions(walker.slots),
            **packing.style_header(theme.current(), groups(walker.reference), walker.classes),
        }
        z = np.array(state["z"], np.float32)
        refusal, arrays = _served(walker, z)
        blobs.send(key, blobs.versioned("view", {**shown, "served": refusal}, arrays))
    return z


def settle(state: dict[str, Any], walker: Walker, z: np.ndarray, sent: object) -> None:
    """Update `state`, the session's record of a walk, from the caller's `z` and the browser's last message `sent`.

    `state["turn"]` counts the moves by Python; a message of an earlier turn is outdated and ignored.
    """
    wanted, notice = _within(z, walker)
    if state.get("run") != walker.run.key or wanted != state["z"]:
        state.update(run=walker.run.key, turn=state["turn"] + 1, z=wanted, start=wanted, notice=notice)
    answer = _answer(sent, state["turn"], walker)
    if answer is not None and answer != state["z"]:
        state.update(z=answer, notice="")


def _within(z: np.ndarray, walker: Walker) -> tuple[list[float], str]:
    """The codings clipped to the bounds and rounded like the browser's, and one line on the clipped ones."""
    start = np.empty(len(z))
    for axis in walker.axes:
        start[axis.coding] = axis.start
    low, high = walker.bounds
    inside = np.clip(np.where(np.isfinite(z), z, start), low, high)
    rounding = (high - low + np.maximum(np.abs(low), np.abs(high))) / 1000
    beyond = np.flatnonzero(~(np.abs(z - inside) <= rounding))
    notice = ""
    if len(beyond) == 1:
        notice = f"Coding {beyond[0] + 1} was beyond its slider and all data, and was brought back."
    elif len(beyond):
        notice = f"{len(beyond)} codings were beyond their sliders and all data, and were brought back."
    return [float(f"{value:.{DIGITS}g}") for value in inside], notice


def _answer(sent: object, turn: int, walker: Walker) -> list[float] | None:
    """The codings in the browser's message; None for one of another turn or with invalid codings."""
    if not isinstance(sent, Mapping) or sent.get("turn") != turn:
        return None
    codings = sent.get("codings")
    if not isinstance(codings, list) or any(type(value) not in (int, float) for value in codings):
        return None
    if len(codings) != len(walker.axes):
        return None
    inside, notice = _within(np.array(codings, np.float64), walker)
    return None if notice else inside


def _served(walker: Walker, z: np.ndarray) -> tuple[str, dict[str, np.ndarray | bytes]]:
    """An error line or '', and arrays with the decoded picture and its codings, for a browser that cannot decode."""
    arrays: dict[str, np.ndarray | bytes] = {}
    if walker.decoder is not None and walker.encoder is not None:
        return "", arrays
    try:
        output = inference.decode(walker.run, z[None])
        if walker.decoder is None:
            arrays["picture"] = output[0].ravel()
        arrays["encoded"] = inference.encode(walker.run, output)[0]
    except AecoreError as error:
        return str(error), arrays
    return "", arrays


def reference_text(reference: ReferenceSet, data: Data) -> str:
    """The samples of a reference set in words: '1,666 of the 10,000 training images'."""
    count, of, noun = len(reference.codes), len(data.train), "images" if data.info.is_image else "samples"
    return f"{count:,} of the {of:,} training {noun}" if count < of else f"all {of:,} training {noun}"


def groups(reference: ReferenceSet) -> list[int]:
    """The class numbers in the reference set, [] without labels."""
    return [] if reference.labels is None else np.unique(reference.labels).tolist()


@st.cache_resource(show_spinner=False, max_entries=8)
def _walker(cache: str, key: str, modified: int, _run: Run, _data: Data) -> Walker:
    run, info = _run, _data.info
    reference = off_manifold.reference_set(run, _data)
    axes = sorted(latent_axes.axes(run), key=lambda axis: not axis.active)
    reached = np.array([(axis.low, axis.high) for axis in sorted(axes, key=lambda axis: axis.coding)]).T
    codes = np.concatenate([np.asarray(run.array("codings"), np.float64), reference.codes, reached])
    decoder, encoder, why_not = browser.compile_halves(run)
    halves = {"decoder": decoder, "encoder": encoder if decoder else None}  # the encoder gets decoded pictures only
    reach = 1.0 if info.is_image else float(np.nan_to_num(np.abs(_data.validation)).max()) or 1.0
    facts = {
        "shape": list(info.shape),
        "reach": reach,
        "whyNot": why_not,
        "groups": groups(reference),
        "surveyed": reference_text(reference, _data),
        "axes": [{**vars(axis), "step": axis.step} for axis in axes],
    }
    header, arrays = off_manifold.header_and_arrays(reference)
    slots = {
        "facts": blobs.versioned("facts", facts, {}),
        "survey": blobs.versioned("survey", {"survey": header}, arrays),
    }
    for half, network in halves.items():
        if network:
            header, arrays = browser.header_and_arrays(network)
            slots[half] = blobs.versioned(half, {"network": header}, arrays)
    if info.is_image:
        heavy = sum(network.nbytes for network in halves.values() if network) > HEAVY
        slots["images"] = blobs.sprite_blob("images", _data.numbered(reference.numbers), lossy=heavy)
    return Walker(
        run,
        info.shape,
        info.classes,
        reach,
        halves["decoder"],
        halves["encoder"],
        why_not,
        reference,
        axes,
        np.stack([codes.min(axis=0), codes.max(axis=0)]),
        slots,
    )


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "latent_walk",
        html='<div class="walk"></div>',
        css=packing.style("latent_walk/walk.css"),
        js=bundle.script("latent_walk/walk.js"),
    )
