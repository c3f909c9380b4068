"""The network that the knobs describe, from its input to its output: its layers are chosen in the drawing, and the
activations of one sample in the chosen layer are drawn below."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from aecore import datasets
from aecore.analysis.forward_pass import ForwardPass, first_rows, forward_pass
from aecore.analysis.network_layers import Layer, network_layers
from aecore.datasets import Data, as_float
from aecore.specs.run import RunSpec
from aecore.store.runs import Run
from aecore.text import count_text, counted
from pages.widgets.basics import notice
from pages.widgets.components import layers as layers_component
from pages.widgets.reconstructions import layer_panel, network_html
from pages.widgets.server import render_lock
from pages.widgets.session import keys

INTRODUCTION = (
    "An **autoencoder** is a neural network that is trained to reproduce its input. In the middle it has only a few "
    "units, the codings, so it has to find a short description of each image. Comparing input and output shows what "
    "that description keeps: press **Train again** and watch it learn."
)
DRAWING = "network_drawing"  # key of the component
_ROWS_HELP = "The network reads an image row by row. Rows that are not read yet are black."
_DRAW_HELP = "Decode a random draw from the distribution of each coding, as training does, instead of the mean."


@render_lock.fragment
def draw(spec: RunSpec, run: Run | None, data: Data | None) -> None:
    """Draw the layers of `spec`; with its finished `run` also the activations of one sample."""
    layers = network_layers(spec, datasets.info(spec.dataset).shape)
    chosen = next((layer for layer in layers if layer.name == st.session_state.get(keys.LAYER)), None)
    place, through = st.container(key="network"), None
    words = f"{sentence(layers)} Choose a layer to see more of it."
    if run and data:
        left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
        left.caption(words)
        with right, notice.errors():
            through = _forward_pass(run, data)
    else:
        st.caption(words)
    markup = network_html.network_html(
        spec, layers, through.activations if through else None, chosen=chosen.name if chosen else ""
    )
    with place:
        layers_component.draw(markup, key=DRAWING, on_choice=_choose)
    if chosen:
        layer_panel.draw(chosen, through)
        if run and through and chosen == layers[1] and chosen.kind == "dense" and len(layers[0].shape) > 1:
            with notice.errors():
                layer_panel.kernels(run, through.activations[chosen.name], layers[0].shape)


def draw_live(run: Run) -> None:
    """Draw the layers of a run in training; those that a layer-by-layer training adjusts now are marked."""
    layers = network_layers(run.spec, datasets.info(run.spec.dataset).shape)
    now = network_html.trained_now(layers, str(run.status().get("phase") or ""))
    st.html(network_html.network_html(run.spec, layers, training=now))


def sentence(layers: Sequence[Layer]) -> str:
    """A line on the sizes of input and codings and on the number of parameters."""
    inputs = math.prod(layers[0].shape)
    codings = math.prod(next(layer.shape for layer in layers if layer.part == "codings"))
    ratio = inputs / codings
    many = f"{ratio:,.0f} times fewer" if ratio >= 1.5 else "about as many" if ratio > 0.67 else "more than the input"
    parameters = count_text(sum(layer.parameters for layer in layers))
    return (
        f"The encoder turns {counted(inputs, 'number')} into {counted(codings, 'coding')} ({many}), the decoder turns "
        f"them back. Training adjusts {parameters} weights so that output and input agree."
    )


def _forward_pass(run: Run, data: Data) -> ForwardPass:
    """Draw the controls of the sample and return its way through the network."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        number = st.number_input("Sample", 0, len(data.validation) - 1, 0, key=keys.NETWORK_SAMPLE, width=120)
        x, seed = as_float(data.validation[number]), None
        if run.spec.architecture == "recurrent":
            rows = st.slider("Rows read", 0, len(x), len(x), key=keys.ROWS_READ, width=220, help=_ROWS_HELP)
            x = first_rows(x, rows)
        if run.spec.variational:
            if st.button("Draw codings", icon=":material/casino:", help=_DRAW_HELP):
                st.session_state[keys.CODING_DRAWS] = st.session_state.get(keys.CODING_DRAWS, 0) + 1
            seed = st.session_state.get(keys.CODING_DRAWS)
    return forward_pass(run, x, seed)


def _choose() -> None:
    """Callback: choose the layer that was clicked; the chosen one is closed."""
    name = st.session_state[DRAWING][layers_component.CHOSEN]
    st.session_state[keys.LAYER] = None if name == st.session_state.get(keys.LAYER) else name
