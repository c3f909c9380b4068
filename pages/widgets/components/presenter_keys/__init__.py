"""The keys of a presentation: arrows, Page Up and Page Down step through it, Escape leaves it."""

from __future__ import annotations

from typing import Any

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle, packing

LEAVE = -1  # the step by which `present.js` says that Escape was pressed


def draw(key: str, step: int, count: int, version: str) -> None:
    """Draw the buttons of a presentation of `count` steps and listen to its keys; `pressed` is the answer.

    `version` names the steps: a press that belongs to another version is forgotten.
    """
    data = {"step": step, "count": count, "version": version}
    _component()(key=key, data=data, on_step_change=lambda: None)


def pressed(key: str) -> int | None:
    """The step that the keys say, `LEAVE` for Escape. To be read in every script run: a callback is left out where
    presses are so fast that one run is given up for the next and the step is again what it was before both."""
    state: Any = st.session_state.get(key)
    step = state.get("step") if state else None
    return step if isinstance(step, int) and not isinstance(step, bool) else None


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "present",
        html=packing.markup("presenter_keys/present.html"),
        css=packing.style("presenter_keys/present.css"),
        js=bundle.script("presenter_keys/present.js"),
    )
