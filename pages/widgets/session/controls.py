"""Widgets of a page's view, each bound to the query parameter that has the name of its key.

All parameters of a view are bound here, so that each value in a link is checked against the widget that is drawn:
`link.offer` refuses one that the widget does not have. Options are accepted by title and by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore.errors import SpecError
from aecore.specs.fields import coerced, require
from pages.widgets.session import link

LISTED = 12  # options that a refusal lists


def segments(
    place: DeltaGenerator,
    label: str,
    options: Mapping[str, str],
    key: str,
    default: str | None = None,
    lacking: Mapping[str, str] = MappingProxyType({}),
    disabled: bool = False,
) -> str:
    """Draw a segmented control of {value: text} and return the selected value; one is always selected, at first
    `default` or the first option.

    `lacking` is {value or text: why it is no option} for the refusal of a link.
    """
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    return choice(
        place.segmented_control,
        label,
        list(options),
        key=key,
        format_func=options.__getitem__,
        lacking=lacking,
        default=next(iter(options)) if default is None else default,
        required=True,
        disabled=disabled,
        label_visibility="collapsed",
    )


def choice(
    draw: Callable[..., Any],
    label: str,
    options: Sequence[Any],
    *,
    key: str,
    format_func: Callable[[Any], str] = str,
    lacking: Mapping[str, str] = MappingProxyType({}),
    **more: Any,
) -> Any:
    """Draw a widget with options, such as `st.selectbox` or `st.pills`, and return its value; `lacking` as in
    `segments`."""
    titles = {text: format_func(option) for option in options for text in (str(option), format_func(option))}

    def canonical(text: str) -> str:
        text = link.RENAMED.get(key, {}).get(text, text)
        if text == "" and more.get("selection_mode") == "multi":  # nothing is selected
            return text
        if text in lacking:
            raise SpecError(f"{key}: {lacking[text]}")
        shown = list(dict.fromkeys(titles.values()))
        rest = f" and {len(shown) - LISTED} more" if len(shown) > LISTED else ""
        require(text in titles, key, text, ", ".join(shown[:LISTED]) + rest)
        return titles[text]

    link.offer(key, canonical)
    return draw(label, options, key=key, bind="query-params", format_func=format_func, **more)


def number(draw: Callable[..., Any], label: str, low: Any, high: Any, value: Any, *, key: str, **more: Any) -> Any:
    """Draw a slider or a number input from `low` to `high` that starts at `value`, and return its value."""
    kind = type(value)

    def canonical(text: str) -> str:
        number = coerced(key, kind, text)
        require(low <= number <= high, key, text, f"{low:,} to {high:,}")
        return f"{number:g}" if kind is float else str(number)

    link.offer(key, canonical)
    return draw(label, low, high, value, key=key, bind="query-params", **more)


def switch(draw: Callable[..., Any], label: str, *, key: str, **more: Any) -> bool:
    """Draw a toggle that starts off, and return whether it is on."""
    link.offer(key, lambda text: str(coerced(key, bool, text)).lower())
    return bool(draw(label, key=key, bind="query-params", **more))


def text(place: DeltaGenerator, label: str, *, key: str, check: Callable[[str], object], **more: Any) -> str:
    """Draw a text input and return its text. `check` raises an `AecoreError` for a text that a link cannot set."""

    def canonical(text: str) -> str:
        require(len(text) <= more["max_chars"], key, text, f"up to {more['max_chars']} characters")
        if text:
            check(text)
        return text

    link.offer(key, canonical)
    return place.text_input(label, key=key, bind="query-params", **more)
