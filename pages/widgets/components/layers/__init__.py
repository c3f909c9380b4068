"""Component of the network's drawing, whose layers are buttons."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle, packing

CHOSEN = "chosen"  # the component's trigger: the name of the chosen layer


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "layers",
        html='<div class="network"></div>',
        css=packing.style("layers/layers.css"),
        js=bundle.script("layers/layers.js"),
    )


def draw(markup: str, *, key: str, on_choice: Callable[[], None]) -> None:
    """Draw `markup`, a list of buttons with the names of their layers as `data-layer`.

    `on_choice` is called when one is chosen, whose name is then in `st.session_state[key][CHOSEN]`.
    """
    _component()(key=key, data={"html": markup}, on_chosen_change=on_choice)
