"""The segmented control that several pages use."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def segments(
    place: DeltaGenerator,
    label: str,
    options: Mapping[str, str],
    key: str,
    default: str | None = None,
    disabled: bool = False,
) -> str:
    """Draw a segmented control of {value: text} and return the selected value; one is always selected, at first
    `default` or the first option. `key` is also its query parameter."""
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    return place.segmented_control(
        label,
        list(options),
        default=next(iter(options)) if default is None else default,
        required=True,
        format_func=options.__getitem__,
        key=key,
        disabled=disabled,
        label_visibility="collapsed",
        bind="query-params",
    )
