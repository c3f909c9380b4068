"""The uploaded data sets that this session knows: those that it added, and the one of its link or run.

A name is a secret, so no other session sees them. The link of a page has the name of the data set in it; who keeps the
link can come back.
"""

from __future__ import annotations

import streamlit as st

from aecore import datasets
from aecore.datasets import own
from aecore.errors import AecoreError
from pages.widgets.session import keys


def names() -> list[str]:
    """The names of the known data sets that still exist, the last one first."""
    known = list(st.session_state.get(keys.OWN_DATA, ()))
    chosen = st.session_state.get(keys.DATASET)
    if isinstance(chosen, str) and own.is_own(chosen) and chosen not in known:
        know(chosen)
        known.insert(0, chosen)
    return [name for name in known if exists(name)]


def know(name: str) -> None:
    """Add a data set to those of this session."""
    others = [other for other in st.session_state.get(keys.OWN_DATA, ()) if other != name]
    st.session_state[keys.OWN_DATA] = [name, *others]


def exists(name: str) -> bool:
    """False for a data set that was deleted."""
    try:
        return bool(datasets.info(name))
    except AecoreError:
        return False


def adopt(name: str) -> None:
    """Make a data set the sidebar's in the next script run, since its widget is drawn before a page."""
    know(name)
    st.session_state[keys.OWN_ADOPTED] = name


def settle(default: str) -> None:
    """Before its widget is drawn, set the sidebar's data set to the adopted one, or to `default` if it was deleted."""
    state = st.session_state
    adopted, chosen = state.pop(keys.OWN_ADOPTED, None), state.get(keys.DATASET)
    if adopted is not None and exists(adopted):
        state[keys.DATASET] = adopted
        if not datasets.info(adopted).unit_range:  # cross-entropy and sigmoid outputs are for values in [0, 1]
            state.update({"loss": "mse", "output_activation": "linear"})
    elif isinstance(chosen, str) and own.is_own(chosen) and not exists(chosen):
        state[keys.DATASET] = default
