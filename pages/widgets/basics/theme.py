"""The figures' theme for the session's light or dark page."""

from __future__ import annotations

import streamlit as st

from aecore.figures import DARK, LIGHT, Theme


def current() -> Theme:
    """The light or dark `Theme`, as reported by the browser; light if it has not reported (as in tests)."""
    return DARK if st.context.theme.type == "dark" else LIGHT
