"""Component that shows a newly loaded page once its layout is still.

A page arrives in pieces that push each other about; until they lie still, a style sheet in the HTML page hides them
behind a sketch of a page. Only the first visitor of a new server, who has the HTML page before this package is
imported, sees the pieces arrive.
"""

from __future__ import annotations

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle, packing
from pages.widgets.server import streamlit_patches


def draw() -> None:
    """Draw the component, which is invisible."""
    _component()(key="first_paint")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    streamlit_patches.add_to_head(f"<style>{packing.style('first_paint/first_paint.css')}</style>")
    return components.component("first_paint", js=bundle.script("first_paint/first_paint.js"))
