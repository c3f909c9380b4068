"""Component for a presentation's keys: arrows, Page Up and Page Down change the step, Escape ends it."""

from __future__ import annotations

from typing import Any

import streamlit as st
import streamlit.components.v2 as components

from pages.widgets.components.shared import bundle, packing

LEAVE = -1  # the step that `presenter_keys.js` sends for Escape


def draw(key: str, step: int, count: int, version: str) -> None:
    """Draw the buttons of a presentation of `count` steps and listen to its keys; read the result with `pressed`.

    `version` identifies the steps; a press that belongs to another version is ignored.
    """
    data = {"step": step, "count": count, "version": version}
    _component()(key=key, data=data, on_step_change=lambda: None)


def pressed(key: str) -> int | None:
    """The step that was reached by keys, `LEAVE` for Escape, None before any key.

    Read it in every script run. A callback would miss presses that are so fast that a run is cancelled by the next one
    and the step is the same as before both.
    """
    state: Any = st.session_state.get(key)
    step = state.get("step") if state else None
    return step if isinstance(step, int) and not isinstance(step, bool) else None


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "presenter_keys",
        html=packing.markup("presenter_keys/presenter_keys.html"),
        css=packing.style("presenter_keys/presenter_keys.css"),
        js=bundle.script("presenter_keys/presenter_keys.js"),
    )
