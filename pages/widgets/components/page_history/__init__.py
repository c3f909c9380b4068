"""Component that keeps one entry of the browser's history for each page, which is the page as it was left.

Streamlit adds an entry for each query parameter that the script sets, so Back would first go through addresses that
nobody has seen.
"""

from __future__ import annotations

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle


def draw() -> None:
    """Draw the component, which is invisible."""
    _component()(key="page_history")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component("page_history", js=bundle.script("page_history/page_history.js"))
