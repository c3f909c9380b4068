"""Latent walk: move a coding and see what the decoder makes of it."""

import numpy as np
import streamlit as st

from aecore import figures, inference, walk
from aecore.datasets import Data, as_float, watched
from aecore.figures import PLOTLY_CONFIG
from aecore.runs import Run
from pages.widgets import active, header, host, image_grid, shell, theme

shell.enter()

SLIDERS = 8  # more are folded away: the first ones carry most
SAMPLES = 20


def main() -> None:
    run = active.shown()
    if run is None:
        header.draw(None, "", [])
        return
    axes = walk.axes(run)
    header.draw(run, _sentence(run, axes), _numbers(run))
    data = host.data(run.spec.dataset)
    _begin(run, data, axes)
    if len(axes) == 2:
        left, right = st.columns([2, 3], gap="large")
        with left:
            _walk(run, data, axes, beside=False)
        with right:
            _manifold(run, axes)
    else:
        _walk(run, data, axes, beside=True)
    _samples(run)
    if run.metrics.get("kl_per_dimension"):
        st.markdown("###### What each coding carries")
        chart = figures.kl_bars(np.array(run.metrics["kl_per_dimension"]), theme.current())
        st.plotly_chart(chart, theme=None, config=PLOTLY_CONFIG, alt="KL divergence of each coding", key="kl")
        st.caption("KL divergence of each coding from the prior, in nats. A coding near zero was given up in training.")


def _sentence(run: Run, axes: list[walk.Axis]) -> str:
    silent = sum(not axis.active for axis in axes)
    if run.spec.coding == "variational":
        folded = f" {silent} of {len(axes)} carry nothing and are folded away." if silent else ""
        return (
            "Move a coding and the picture follows. Codings are ordered by how much they carry (KL divergence); the "
            f"prior says that values within ±2 are usual.{folded}"
        )
    return (
        "Move a coding and the picture follows. A plain autoencoder never learned which codings are likely: sliders "
        "span what the data used, and between and beyond its images the picture may mean nothing."
    )


def _numbers(run: Run) -> list[header.Number]:
    kl = run.metrics.get("kl_per_dimension")
    numbers = [header.Number("Error (MSE)", figures.error_text(run.metrics.get("val_mse")))]
    if kl:
        numbers.insert(
            0, header.Number("KL divergence", f"{sum(kl):.1f} nats", help="What all codings say about an image, on "
                             "average, beyond the prior."),
        )  # fmt: skip
    active_dimensions = run.metrics.get("active_dimensions")
    if active_dimensions is not None:
        numbers.append(
            header.Number("Codings in use", f"{active_dimensions} of {run.metrics['coding_size']:,}",
                          help="Codings whose variance over the validation data is above 0.01."),
        )  # fmt: skip
    return numbers


@st.fragment
def _walk(run: Run, data: Data, axes: list[walk.Axis], beside: bool) -> None:
    """The picture and its sliders: all that runs again when one moves."""
    left, right = st.columns([2, 3], gap="large") if beside else (st.container(), st.container())
    with left:
        picture = st.container()
        _starts(run, data, axes)
    with right:
        z = _sliders(axes)
    with picture:
        output = inference.decode(run, z[None])[0]
        image_grid.large_image(output, alt="The decoded picture", width=340)


def _name(axis: walk.Axis) -> str:
    return f"z{axis.coding + 1}"


def _begin(run: Run, data: Data, axes: list[walk.Axis]) -> None:
    """Another run has other codings: start at a real image of its own, or where its link says; and start at the
    sample that another page sent here."""
    sent = st.session_state.pop("walk_from", None)
    if sent is not None:
        st.session_state["walk_run"] = run.key
        _go_to(axes, inference.encode(run, as_float(data.numbered(np.array([sent]))))[0])
        return
    if st.session_state.get("walk_run") == run.key:
        return
    first = "walk_run" not in st.session_state
    st.session_state["walk_run"] = run.key
    sample = watched(len(data.validation), data.validation_labels)[0]
    z = np.asarray(run.array("codings")[sample], np.float32)
    _go_to([axis for axis in axes if not (first and _name(axis) in st.query_params)], z)


def _go_to(axes: list[walk.Axis], z: np.ndarray) -> None:
    """Set every slider to a coding, as far as it reaches."""
    for axis in axes:
        st.session_state[_name(axis)] = axis.clip(float(z[axis.coding]))


def _starts(run: Run, data: Data, axes: list[walk.Axis]) -> None:
    with st.container(horizontal=True, gap="small"):
        if st.button("Random", icon=":material/casino:", key="random"):
            st.session_state["draws"] = st.session_state.get("draws", 0) + 1
            z = walk.sample(run, 1, seed=st.session_state["draws"])[0]
            _go_to(axes, z)
            st.rerun(scope="fragment")
        with st.popover("From an image", icon=":material/image:"):
            number = st.number_input("Validation sample", 0, len(data.validation) - 1, 0, key="walk_sample")
            image_grid.large_image(as_float(data.validation[number]), alt=f"Sample {number}", width=120)
            st.button(
                "Start here", key="walk_start", type="primary",
                on_click=lambda: _go_to(axes, np.asarray(run.array("codings")[number], np.float32)),
            )  # fmt: skip
        st.button(
            "Centre", key="centre",
            on_click=lambda: st.session_state.update({_name(axis): axis.clip(axis.start) for axis in axes}),
        )  # fmt: skip


def _sliders(axes: list[walk.Axis]) -> np.ndarray:
    """One slider a coding, the most telling first; returns the codings (d,)."""
    z = np.zeros(len(axes), np.float32)
    shown = [axis for axis in axes if axis.active][:SLIDERS] or axes[:1]
    for axis in shown:
        z[axis.coding] = _slider(axis)
    rest = [axis for axis in axes if axis not in shown]
    if rest:
        silent = sum(not axis.active for axis in rest)
        label = f"{len(rest) - silent} more in use, {silent} silent"
        with st.expander(label):
            for axis in rest[: walk.MOST_SLIDERS]:
                z[axis.coding] = _slider(axis)
        for axis in rest[walk.MOST_SLIDERS :]:
            z[axis.coding] = st.session_state.get(_name(axis), axis.start)
    return z


def _slider(axis: walk.Axis) -> float:
    name = _name(axis)
    value = st.session_state.get(name)
    if value is not None:
        st.session_state[name] = axis.clip(value)
    return st.slider(
        f"Coding {axis.coding + 1}", axis.low, axis.high, axis.start, step=axis.step, key=name, bind="query-params",
        help=axis.help,
    )  # fmt: skip


def _manifold(run: Run, axes: list[walk.Axis]) -> None:
    st.markdown("###### The whole plane")
    grid, across, down = walk.manifold(run, axes)
    image_grid.thumbnails(inference.decode(run, grid), [f"{a:.1f}, {b:.1f}" for b in down for a in across], len(across))
    first, second = axes[0].coding + 1, axes[1].coding + 1
    spaced = "spaced by the quantiles of the prior" if run.spec.coding == "variational" else "over the codings' range"
    st.caption(
        f"Every picture the two codings can make, {spaced}: coding {first} grows to the right, coding {second} "
        "upwards. Good: one kind of garment turns into the next without a jump."
    )


@st.fragment
def _samples(run: Run) -> None:
    variational = run.spec.coding == "variational"
    st.markdown("###### Random samples" + (" from the prior" if variational else ""))
    if st.button("Draw again", key="resample", icon=":material/casino:"):
        st.session_state["samples_seed"] = st.session_state.get("samples_seed", 0) + 1
    z = walk.sample(run, SAMPLES, seed=st.session_state.get("samples_seed", 0))
    image_grid.thumbnails(inference.decode(run, z), [f"sample {i + 1}" for i in range(SAMPLES)], 10)
    st.caption(
        "Codings drawn from the standard normal prior, decoded. Good: most could be real."
        if variational
        else "Each coding drawn on its own from the values the data used. No prior was learned, so most are nothing "
        "one would wear: that is what a variational autoencoder adds."
    )


main()
