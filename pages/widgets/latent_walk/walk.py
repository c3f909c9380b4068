"""The walk: a coding that is moved by sliders or on a plane, and its decoded picture.

The component `latent_walk` draws it. The coding is stored in the session and in the link as `z=`, the sample to which
it was set last as `image=`.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import figures
from aecore.analysis import inference, latent_axes
from aecore.datasets import Data, as_float, watched
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.basics import charts
from pages.widgets.components import latent_walk
from pages.widgets.components.latent_walk import Walker
from pages.widgets.images import grid
from pages.widgets.server import render_lock, shared
from pages.widgets.session import controls, keys, link

LAYERS = {"grid": "Pictures", "data": "Data", "drift": "Off-manifold regions"}


def begin(run: Run, data: Data) -> None:
    """Set the walk's coding in the session, before it is drawn.

    A sample that another page sent comes first; for a new run it is the coding in the link, else that of a validation
    sample; otherwise the coding stays. Raises `RunError` for codings that cannot be read.
    """
    state = st.session_state
    sample = state.pop(keys.WALK_FROM, None)
    if sample is not None:
        _go_to(run, inference.encode(run, as_float(data.numbered(np.array([sample]))))[0], sample)
        state[keys.WALK_BEGAN] = None
    elif state.get(keys.WALK_RUN) != run.key:
        first = keys.WALK_RUN not in state
        sample = int(watched(len(data.validation), data.validation_labels)[0])
        _go_to(run, shared.array(run, "codings")[sample], sample)
        state[keys.WALK_BEGAN] = state[keys.WALK_Z]
        if first:
            _follow_link(run, data)
        else:  # the coding in the link belongs to another run
            for name in (keys.Z, keys.IMAGE):
                st.query_params.pop(name, None)
    elif link.take(keys.Z) is not None:  # back on the page, where the session's coding stays
        link.take(keys.IMAGE)


def _follow_link(run: Run, data: Data) -> None:
    """Set the walk to the link's coding, and its image to the link's, if there are any."""
    last, d = len(data.validation) + len(data.train) - 1, len(st.session_state[keys.WALK_Z])
    linked = link.read(keys.Z, lambda text: latent_axes.read_coding(text, d))
    if linked is not None:
        _go_to(run, linked)
        st.session_state[keys.WALK_SAMPLE] = link.read(keys.IMAGE, link.whole_number(keys.IMAGE, 0, last))


def _go_to(run: Run, z: np.ndarray, sample: int | None = None) -> None:
    """Set the walk to the coding z (d,); `sample` is the number of the image with that coding, or None."""
    st.session_state[keys.WALK_RUN] = run.key
    st.session_state[keys.WALK_Z] = np.array(z, np.float32)
    st.session_state[keys.WALK_SAMPLE] = sample


@render_lock.fragment
def section(run: Run, data: Data, walker: Walker, view: Literal["sliders", "plane"]) -> None:
    """Fragment with the buttons and the walk; it reruns when a drag ends."""
    bar = st.container(horizontal=True, gap="small", vertical_alignment="center")
    _starts(bar, run, data)
    plane = _plane(bar, run, walker) if view == "plane" else {}
    z, anchor = st.session_state[keys.WALK_Z], _anchor(run, data)
    moved = latent_walk.draw(walker, z, key="walk", view=view, anchor=anchor, **plane)
    if view == "plane":
        st.caption(_plane_caption(walker, data, plane["axes"]))
    if not np.array_equal(moved, z):
        st.session_state[keys.WALK_Z] = moved
    _keep_link(moved, has_image=anchor is not None)


def _keep_link(z: np.ndarray, has_image: bool) -> None:
    """Write the coding and the image's number into the link; remove them if the walk is at its start."""
    began = st.session_state.get(keys.WALK_BEGAN)
    link = {}
    if began is None or not np.allclose(z, began, rtol=1e-3, atol=1e-3):
        link[keys.Z] = latent_axes.coding_text(z)
        if has_image:
            link[keys.IMAGE] = str(st.session_state[keys.WALK_SAMPLE])
    for name in (keys.Z, keys.IMAGE):
        if name in link:
            st.query_params[name] = link[name]
        else:
            st.query_params.pop(name, None)


def _starts(bar: DeltaGenerator, run: Run, data: Data) -> None:
    """Draw the buttons that set the walk to a random coding, to that of an image, or to the centre."""
    bar.button("Random", icon=":material/casino:", key="random", on_click=_go_to_random, args=(run.key,))
    with bar.popover("From an image", icon=":material/image:"):
        number = st.number_input("Validation sample", 0, len(data.validation) - 1, 0, key=keys.WALK_NUMBER)
        grid.large_image(as_float(data.validation[number]), alt=f"Sample {number}", width=120)
        st.button("Start here", key="walk_start", type="primary", on_click=_go_to_image, args=(run.key,))
    bar.button("Centre", key="centre", on_click=_go_to_centre, args=(run.key,))


def _go_to_random(key: str) -> None:
    """Callback: set the walk of a run to a random coding, another one with every call."""
    run, draws = runs.open_run(key, shared.cache()), st.session_state.get(keys.DRAWS, 0) + 1
    st.session_state[keys.DRAWS] = draws
    _go_to(run, latent_axes.sample(run, 1, seed=draws)[0])


def _go_to_image(key: str) -> None:
    """Callback: set the walk of a run to the coding of the picked validation sample."""
    run, number = runs.open_run(key, shared.cache()), st.session_state[keys.WALK_NUMBER]
    _go_to(run, shared.array(run, "codings")[number], number)


def _go_to_centre(key: str) -> None:
    """Callback: set the walk of a run to the start of each coding's slider."""
    run = runs.open_run(key, shared.cache())
    starts = {axis.coding: axis.start for axis in latent_axes.axes(run)}
    _go_to(run, np.array([starts[coding] for coding in sorted(starts)]))


def _plane(bar: DeltaGenerator, run: Run, walker: Walker) -> dict[str, Any]:
    """Draw the plane's controls; returns keyword arguments of `latent_walk.draw`: two codings, layers and scale."""
    active = [axis for axis in walker.axes if axis.active]
    labels = {
        axis.coding: f"coding {axis.coding + 1}{'' if axis.active else ', silent'}"
        for axis in (active if len(active) > 1 else walker.axes)
    }
    codings, label_of = list(labels), labels.__getitem__
    across, up = codings[0], codings[1]
    if len(codings) > 2:
        across = controls.choice(bar.selectbox, "Across", codings, key=keys.ACROSS, format_func=label_of, width=130)
        others = [coding for coding in codings if coding != across]
        up = controls.choice(bar.selectbox, "Up", others, key=keys.UP, format_func=label_of, width=130)
    layers = controls.choice(
        bar.pills,
        "Drawn",
        list(LAYERS),
        key=keys.LAYERS,
        format_func=LAYERS.__getitem__,
        selection_mode="multi",
        default=["grid", "data"],
        label_visibility="collapsed",
    )
    quantiles = run.spec.variational and controls.switch(
        bar.toggle,
        "Prior quantiles",
        key=keys.QUANTILES,
        help="Space the axes so that each strip is equally likely under the prior: the middle opens up.",
    )
    return {"axes": (across, up), "quantiles": quantiles, "layers": {name: name in layers for name in LAYERS}}


def _plane_caption(walker: Walker, data: Data, axes: tuple[int, int]) -> str:
    """The plane's caption, including remarks on fixed codings and on dots outside the plane."""
    low, high = np.array([(axis.low, axis.high) for coding in axes for axis in walker.axes if axis.coding == coding]).T
    codes = walker.reference.codes[:, list(axes)]
    outside = int(((codes < low) | (codes > high)).any(axis=1).sum())
    sentences = [
        f"Each picture is what its place decodes to; dots are {latent_walk.reference_text(walker.reference, data)}. "
        "Good: pictures change smoothly, and dots of one class lie on pictures of it."
    ]
    if len(walker.axes) > 2:
        sentences.append(
            "The pictures keep the other codings of the walk; the dots have their own, so the two may differ."
        )
    if outside:
        sentences.append(f"{outside:,} of {len(codes):,} dots lie beyond the plane.")
    return " ".join(sentences)


def _anchor(run: Run, data: Data) -> tuple[np.ndarray, np.ndarray] | None:
    """Means and standard deviations, each (d,), of a variational encoder for the image to which the walk was set last;
    None for a plain run or without an image."""
    sample = st.session_state.get(keys.WALK_SAMPLE)
    if not run.spec.variational or sample is None:
        return None
    x = as_float(data.numbered(np.array([sample])))
    return inference.encode(run, x)[0], np.exp(inference.log_variance(run, x)[0] / 2)


def kl_bars(run: Run) -> None:
    """Draw the KL divergence of each coding as bars, for a variational run."""
    if kl := run.metrics.get("kl_per_dimension"):
        st.markdown("## KL divergence per coding")
        charts.draw(
            lambda colours: figures.kl_bars(np.array(kl), colours),
            of=shared.identity(run, "metrics.json"),
            key="kl",
            alt=f"KL divergence of each coding in nats, from {max(kl):.2f} down to {min(kl):.2f}",
        )
        st.caption("KL divergence of each coding from the prior, in nats. A coding near zero is inactive.")
