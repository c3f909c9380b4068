"""The cookie with the token of a visitor's answer to a lesson; it ends with the browser's session."""

from __future__ import annotations

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle


def draw(name: str, value: str) -> None:
    """Set the cookie `name` in the browser; draws nothing."""
    _component()(key="keep_answer", data=f"{name}={value}")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component("answer_cookie", js=bundle.script("answer_cookie/answer_cookie.js"))
