"""Component that runs the script again when the page has reconnected to the server.

The server may have been restarted, or have ended the session: then it knows neither the page's values nor its widgets,
and would ignore the callback of the next click and every rerun of a fragment. The page takes no input until it is drawn
again.
"""

from __future__ import annotations

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle


def draw() -> bool:
    """Draw the component, which is invisible; returns True in the script run that a reconnection causes."""
    return bool(_component()(key="reconnect", on_reconnected_change=lambda: None).reconnected)


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component("reconnect", js=bundle.script("reconnect/reconnect.js"))
