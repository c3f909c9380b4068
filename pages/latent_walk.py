"""Latent walk: move a coding, see at once what the decoder makes of it, and whether that can be believed."""

from functools import partial
from typing import Any, Literal

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import figures
from aecore.analysis import inference, latent_axes
from aecore.datasets import Data, as_float, watched
from aecore.errors import AecoreError
from aecore.specs import fields
from aecore.store.runs import Run
from aecore.text import error_text
from pages.widgets.basics import charts, controls, notice
from pages.widgets.components import latent_walk
from pages.widgets.components.latent_walk import Walker
from pages.widgets.frame import header, shell
from pages.widgets.images import grid
from pages.widgets.latent_walk import bits, hole_map, interpolation
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run, keys

shell.enter()

VIEWS = {"sliders": "Sliders", "plane": "Plane", "journeys": "Journeys", "random": "Random", "holes": "Holes"}
JOURNEYS = {"images": "Between images", "classes": "Between classes", "sum": "A − B + C"}
SENTENCES = {
    "bits": "Each coding is a bit. Flip one, and see what it stands for and which images share the code.",
    "journeys": "Every picture on the way is decoded; a good code has no picture on it that could not be real.",
    "random": "Pictures that nobody took: the decoder at codings that were drawn, and between codings that were.",
    "holes": "Each place is decoded and encoded again; where it does not come back to is a hole in the code.",
}
LAYERS = {"grid": "Pictures", "data": "Data", "holes": "Holes"}


def main() -> None:
    run = active_run.shown()
    if run is None:
        header.draw(None, "", [])
        return
    data = shared.data(run.spec.dataset)
    try:
        walker = latent_walk.walker(run, data)
        head = st.container()
        _begin(run, data)
    except AecoreError as error:
        header.draw(run, "There is no walk through this run.", [])
        notice.warning(str(error))
        return
    view = controls.segments(st.container(horizontal=True), "View", _views(run, walker), keys.VIEW)
    with head:
        header.draw(run, _sentence(run, walker, view), _numbers(run, walker.axes))
    if view == "bits":
        bits.draw(run, data, walker)
    elif view == "journeys":
        _journeys(run, data, walker)
    elif view == "random":
        interpolation.random(run, data, walker)
        interpolation.grid(run, data, walker)
    elif view == "holes":
        hole_map.section(run, data, walker)
    else:
        _walk(run, data, walker, "plane" if view == "plane" else "sliders")
        _carried(run)


def _views(run: Run, walker: Walker) -> dict[str, str]:
    """What this run can be shown in: planes need two codings, and a browser that decodes."""
    size = len(walker.axes)
    fits = {"plane": size > 1 and walker.decoder is not None, "holes": size == 2 and walker.decoder is not None}
    views = {name: text for name, text in VIEWS.items() if fits.get(name, True)}
    return {"bits": "Bits", **views} if run.spec.hashes else views


def _sentence(run: Run, walker: Walker, view: str) -> str:
    if view in SENTENCES:
        return SENTENCES[view]
    axes = walker.axes
    silent = sum(not axis.active for axis in axes)
    if silent == len(axes):
        return (
            "Nothing moves the picture: every coding fell silent in training (a collapsed run), so the decoder draws "
            "one average image. A smaller KL or sparsity weight brings codings back."
        )
    drag = "Drag a coding and the picture follows your hand."
    if walker.decoder is None:
        drag = "Drag a coding and let go: the server then decodes the picture, for no browser runs this decoder."
    if run.spec.variational:
        folded = f" {silent} of {len(axes)} carry nothing and are folded away." if silent else ""
        return (
            f"{drag} Codings are ordered by how much they carry (KL divergence); the prior says that values within ±2 "
            f"are usual.{folded}"
        )
    return (
        f"{drag} A plain autoencoder never learned which codings are likely: between and beyond the codes of its "
        "images the picture may mean nothing."
    )


def _numbers(run: Run, axes: list[latent_axes.Axis]) -> list[header.Number]:
    kl = run.metrics.get("kl_per_dimension")
    numbers = [header.Number("Error (MSE)", error_text(run.metrics.get("val_mse")))]
    if kl:
        numbers.insert(
            0,
            header.Number(
                "KL divergence",
                f"{sum(kl):.1f} nats",
                help="What all codings say about an image, on average, beyond the prior.",
            ),
        )
    used = sum(axis.active for axis in axes)
    rule = (
        "above 0.01."
        if run.spec.variational
        else f"above {100 * latent_axes.SILENT_SHARE:g} % of the largest one's: "
        "what counts is a coding beside the others."
    )
    told = f"Codings whose variance over the validation data is {rule}"
    return [*numbers, header.Number("Codings in use", f"{used} of {len(axes):,}", help=told)]


def _begin(run: Run, data: Data) -> None:
    """Where the walk stands: where it was; for another run at a real image of its own, or where the link says; or at
    the sample that another page sent here."""
    state = st.session_state
    sent = state.pop(keys.WALK_FROM, None)
    if sent is not None:
        _go_to(run, inference.encode(run, as_float(data.numbered(np.array([sent]))))[0], sent)
        state[keys.WALK_BEGAN] = None
    elif state.get(keys.WALK_RUN) != run.key:
        first, link = keys.WALK_RUN not in state, st.query_params.get(keys.Z)
        sample = int(watched(len(data.validation), data.validation_labels)[0])
        _go_to(run, shared.array(run, "codings")[sample], sample)
        state[keys.WALK_BEGAN] = state[keys.WALK_Z]
        if not first and link:
            del st.query_params[keys.Z]  # of another run
        elif link:
            try:
                _go_to(run, latent_axes.read_coding(link, len(state[keys.WALK_Z])))
                state[keys.WALK_SAMPLE] = _linked_image(data)
            except AecoreError as error:
                state[keys.WALK_NOTICE] = f"Not used from the link: {error}."


def _linked_image(data: Data) -> int | None:
    """The number of the image that a link's walk was set to last. Raises `SpecError` for one that is not there."""
    text, last = st.query_params.get(keys.IMAGE), len(data.validation) + len(data.train) - 1
    if text is None:
        return None
    number = int(text) if text.isdecimal() and len(text) < 10 else last + 1
    fields.require(number <= last, "image", text[:40], f"a sample number from 0 to {last:,}")
    return number


def _go_to(run: Run, z: np.ndarray, sample: int | None = None) -> None:
    """Stand at a coding; `sample` is the number of the image it is the code of, whose uncertainty the plane draws."""
    st.session_state.pop(keys.WALK_NOTICE, None)
    st.session_state[keys.WALK_RUN] = run.key
    st.session_state[keys.WALK_Z] = np.array(z, np.float32)
    st.session_state[keys.WALK_SAMPLE] = sample


@render_lock.fragment
def _walk(run: Run, data: Data, walker: Walker, view: Literal["sliders", "plane"]) -> None:
    """The component and what stands over it: all that runs again when a hand lets go."""
    place, bar = st.empty(), st.container(horizontal=True, gap="small", vertical_alignment="center")
    _starts(bar, run, data, walker)
    plane = _plane(bar, run, walker) if view == "plane" else {}
    z, anchor = st.session_state[keys.WALK_Z], _anchor(run, data)
    moved = latent_walk.draw(walker, z, key="walk", view=view, anchor=anchor, **plane)
    if view == "plane":
        st.caption(_beyond(walker, data, plane["axes"]))
    if not np.array_equal(moved, z):
        st.session_state[keys.WALK_Z] = moved
    if not np.allclose(moved, z, rtol=1e-3, atol=0):  # more than what the component rounds
        st.session_state.pop(keys.WALK_NOTICE, None)
    if keys.WALK_NOTICE in st.session_state:
        notice.warning(st.session_state[keys.WALK_NOTICE], place)
    began = st.session_state.get(keys.WALK_BEGAN)
    if began is not None and np.allclose(moved, began, rtol=1e-3, atol=1e-3):
        wanted = {}
    else:
        wanted = {keys.Z: latent_axes.coding_text(moved)}
        if anchor is not None:
            wanted[keys.IMAGE] = str(st.session_state[keys.WALK_SAMPLE])
    for name in (keys.Z, keys.IMAGE):
        if name in wanted:
            st.query_params[name] = wanted[name]
        else:
            st.query_params.pop(name, None)


def _starts(bar: DeltaGenerator, run: Run, data: Data, walker: Walker) -> None:
    state = st.session_state

    def draw() -> None:
        state[keys.DRAWS] = state.get(keys.DRAWS, 0) + 1
        _go_to(run, latent_axes.sample(run, 1, seed=state[keys.DRAWS])[0])

    def centre() -> None:
        z = np.zeros(len(walker.axes), np.float32)
        z[[axis.coding for axis in walker.axes]] = [axis.start for axis in walker.axes]
        _go_to(run, z)

    bar.button("Random", icon=":material/casino:", key="random", on_click=draw)
    with bar.popover("From an image", icon=":material/image:"):
        number = st.number_input("Validation sample", 0, len(data.validation) - 1, 0, key=keys.WALK_NUMBER)
        grid.large_image(as_float(data.validation[number]), alt=f"Sample {number}", width=120)
        start = partial(_go_to, run, shared.array(run, "codings")[number], number)
        st.button("Start here", key="walk_start", type="primary", on_click=start)
    bar.button("Centre", key="centre", on_click=centre)


def _plane(bar: DeltaGenerator, run: Run, walker: Walker) -> dict[str, Any]:
    """The plane's controls: which two codings of those in use, what is drawn on it, how its axes are spaced."""
    used = [axis for axis in walker.axes if axis.active]
    names = {
        axis.coding: f"coding {axis.coding + 1}{'' if axis.active else ', silent'}"
        for axis in (used if len(used) > 1 else walker.axes)
    }
    codings, named = list(names), names.__getitem__
    across, up = codings[0], codings[1]
    if len(codings) > 2:
        across = bar.selectbox("Across", codings, format_func=named, key=keys.ACROSS, bind="query-params", width=130)
        others = [coding for coding in codings if coding != across]
        up = bar.selectbox("Up", others, format_func=named, key=keys.UP, bind="query-params", width=130)
    picked = bar.pills(
        "Drawn",
        list(LAYERS),
        selection_mode="multi",
        default=["grid", "data"],
        format_func=LAYERS.__getitem__,
        key=keys.LAYERS,
        label_visibility="collapsed",
        bind="query-params",
    )
    quantiles = run.spec.variational and bar.toggle(
        "Prior quantiles",
        key=keys.QUANTILES,
        bind="query-params",
        help="Space the axes so that each strip is equally likely under the prior: the middle opens up.",
    )
    return {"axes": (across, up), "quantiles": quantiles, "layers": {name: name in picked for name in LAYERS}}


def _beyond(walker: Walker, data: Data, axes: tuple[int, int]) -> str:
    """What the plane cannot show."""
    low, high = np.array([(axis.low, axis.high) for coding in axes for axis in walker.axes if axis.coding == coding]).T
    codes = walker.reference.codes[:, list(axes)]
    outside = int(((codes < low) | (codes > high)).any(axis=1).sum())
    told = [
        f"Each picture is what its place decodes to; dots are {latent_walk.reference_text(walker.reference, data)}. "
        "Good: pictures change smoothly, and dots of one class lie on pictures of it."
    ]
    if len(walker.axes) > 2:
        told.append("The pictures keep the other codings of the walk; the dots have their own, so the two may differ.")
    if outside:
        told.append(f"{outside:,} of {len(codes):,} dots lie beyond the plane.")
    return " ".join(told)


def _anchor(run: Run, data: Data) -> tuple[np.ndarray, np.ndarray] | None:
    """Means and standard deviations, each (d,), of the image the walk was set to last, as its variational encoder gives
    them."""
    sample = st.session_state.get(keys.WALK_SAMPLE)
    if not run.spec.variational or sample is None:
        return None
    x = as_float(data.numbered(np.array([sample])))
    return inference.encode(run, x)[0], np.exp(inference.log_variance(run, x)[0] / 2)


def _journeys(run: Run, data: Data, walker: Walker) -> None:
    kind = controls.segments(st.container(horizontal=True), "Journey", JOURNEYS, keys.JOURNEY)
    {"images": interpolation.between, "classes": interpolation.means, "sum": interpolation.arithmetic}[kind](
        run, data, walker
    )


def _carried(run: Run) -> None:
    if run.metrics.get("kl_per_dimension"):
        st.markdown("###### What each coding carries")
        charts.draw(
            lambda colours: figures.kl_bars(np.array(run.metrics["kl_per_dimension"]), colours),
            of=shared.identity(run, "metrics.json"),
            key="kl",
            alt="KL divergence of each coding",
        )
        st.caption("KL divergence of each coding from the prior, in nats. A coding near zero was given up in training.")


main()
