"""The switch of the presentation mode, which every page has at the foot of the sidebar."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.widgets.session import controls, keys

_STYLE = f"<style>{Path(__file__).with_name('presentation.css').read_text(encoding='utf-8')}</style>"


def draw() -> None:
    """Draw the switch, and the style of the mode if it is on; charts follow by `basics.theme`."""
    text = "Larger type, one column and high contrast, for a projector or for reading from afar."
    if controls.switch(st.toggle, "Presentation mode", key=keys.PRESENTATION, help=text):
        st.html(_STYLE)
