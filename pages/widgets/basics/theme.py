"""The figures' theme that goes with the page as this visitor sees it."""

from __future__ import annotations

import streamlit as st

from aecore.figures import DARK, LIGHT, Theme


def current() -> Theme:
    """Light or dark, as the visitor's browser reports it; light before it has (as in tests)."""
    return DARK if st.context.theme.type == "dark" else LIGHT
