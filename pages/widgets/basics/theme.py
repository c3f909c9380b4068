"""The figures' theme for the session's light or dark page, and its variant for a projector."""

from __future__ import annotations

import dataclasses

import streamlit as st

from aecore.figures import DARK, LIGHT, Theme

PRESENTATION = "presentation"  # key of the switch that a session turns on for a projector
LARGE = 19  # pixels of a chart's letters then


def current() -> Theme:
    """The light or dark `Theme`, as reported by the browser; light if it has not reported (as in tests).

    In presentation mode letters are larger and no text is muted.
    """
    theme = DARK if st.context.theme.type == "dark" else LIGHT
    if st.session_state.get(PRESENTATION):
        return dataclasses.replace(theme, font_size=LARGE, muted=theme.text, guide=theme.text)
    return theme
