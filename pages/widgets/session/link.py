"""The query parameters with which a page was opened: each is used, or refused in one line and cut from the address.

`begin` notes them before a page is drawn. A control takes its parameter by `offer`, other code by `read` or `take`;
what nothing has taken when the page is drawn is refused by `finish`. Of several values of a parameter the last counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from aecore.errors import AecoreError
from aecore.specs.fields import coerced, require
from pages.widgets.session import keys, knobs

IN_FULL, MANY = 3, 12  # refused parameters whose reasons are given, the others are only named; one reason beyond many
LONGEST_NAME, LONGEST_REASON = 40, 150
# Parameters of all pages; read when a session begins.
EVERYWHERE = (keys.RUN, keys.LESSON, keys.PRESENTATION, keys.VARIANT, *knobs.NAMES)
SEVERAL = (keys.LAYERS,)  # parameters that may have several values
# {parameter: {former option: its name}}: stored links and lessons contain titles and names of options.
RENAMED = {
    keys.VIEW: {
        "Journeys": "interpolation",
        "journeys": "interpolation",
        "Holes": "off_manifold",
        "holes": "off_manifold",
        "Your own picture": "own",
        "While it learned": "training",
        "Board": "board",
    },
    keys.LAYERS: {"Holes": "drift", "holes": "drift"},
}

Value = TypeVar("Value")


def begin(page: str) -> None:
    """Note the parameters of the link that opens `page`; without effect while a session stays on the page."""
    state = st.session_state
    if state.get(keys.LINK_PAGE) == page:
        return
    state[keys.NOTICE], state[keys.REFUSED] = _other_notice(), {}
    state[keys.LINK_PAGE] = page
    state[keys.LINK] = _noted()
    doubled = {name: values for name, values in state[keys.LINK].items() if len(values) > 1 and name not in SEVERAL}
    for name, values in doubled.items():
        refuse(name, f"{name[:LONGEST_NAME]}: got {len(values)} values, the last counts")
        st.query_params[name] = state[keys.LINK][name] = values[-1:]
    if doubled:
        st.rerun()


def take(name: str) -> str | None:
    """The text of a parameter of the link that opened the page, once; None without it."""
    values = _take(name)
    return values[-1] if values else None


def read(name: str, parse: Callable[[str], Value]) -> Value | None:
    """The value of a parameter, once; None without it. One that `parse` refuses is left out, and the page is drawn
    anew."""
    text = take(name)
    if text is None:
        return None
    try:
        return parse(text)
    except AecoreError as error:
        refuse(name, str(error))
        st.query_params.pop(name, None)
        st.rerun()


def whole_number(name: str, low: int, high: int) -> Callable[[str], int]:
    """A function for `read` that accepts whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        number: int = coerced(name, int, text)
        require(low <= number <= high, name, text, f"{low:,} to {high:,}")
        return number

    return parse


def offer(name: str, canonical: Callable[[str], str]) -> None:
    """Prepare the parameter for the widget with key `name` that is drawn next and bound to it.

    `canonical` returns a value as the widget writes it, or raises `SpecError`. The page is drawn anew if that changes
    the address, since Streamlit reads it at the start of a script run.
    """
    values = _take(name)
    if values is None:
        return
    used = []
    for value in values:
        try:
            used.append(canonical(value))
        except AecoreError as error:
            refuse(name, str(error))
    used = list(dict.fromkeys(used))
    if used != values:
        if used:
            st.query_params[name] = used
        else:
            del st.query_params[name]
        st.rerun()


def drop(name: str) -> None:
    """Remove a parameter that the page wrote and another view of it uses; one of the opening link is left to
    `finish`."""
    if name not in pending():
        st.query_params.pop(name, None)


def refuse(name: str, reason: str) -> None:
    """Add a parameter to the line of those that are not used."""
    state = st.session_state
    other = _other_notice()
    before = state.get(keys.REFUSED, {}) if other != state.get(keys.NOTICE, "") else {}
    state[keys.REFUSED] = {**before, name: reason}
    state[keys.NOTICE] = f"{other} {_sentence(state[keys.REFUSED])}".strip()


def settle(name: str) -> None:
    """Remove a parameter from that line, since the visitor has set it."""
    state, other = st.session_state, _other_notice()
    state[keys.REFUSED] = {
        refused: reason for refused, reason in state.get(keys.REFUSED, {}).items() if refused != name
    }
    line = _sentence(state[keys.REFUSED]) if state[keys.REFUSED] and other != state.get(keys.NOTICE, "") else ""
    state[keys.NOTICE] = f"{other} {line}".strip()


def finish(whole: bool) -> None:
    """Refuse what nothing has taken, and draw the page anew if there is any.

    `whole` is False for a page that waits for a training and has not drawn its controls: it keeps the parameters that a
    page may have.
    """
    waiting = pending()
    left = [name for name in waiting if name in st.query_params and (whole or name not in keys.PARAMETERS)]
    for name in left:
        known = "nothing here uses it" if name in keys.PARAMETERS else "no such parameter"
        refuse(name, f"{name[:LONGEST_NAME]}: {known}")
        del waiting[name], st.query_params[name]
    if whole:
        waiting.clear()
    if left:
        st.rerun()


def pending() -> dict[str, list[str]]:
    """{name: values} of the parameters that are not taken yet."""
    return st.session_state.setdefault(keys.LINK, _noted())


def _noted() -> dict[str, list[str]]:
    names = [name for name in st.query_params if keys.RUN not in st.session_state or name not in EVERYWHERE]
    return {name: st.query_params.get_all(name) for name in names}


def _take(name: str) -> list[str] | None:
    values = pending().pop(name, None)
    return values if values and st.query_params.get_all(name) == values else None


def _sentence(refused: dict[str, str]) -> str:
    reasons = [
        reason.rstrip(".") if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"
        for reason in refused.values()
    ][: IN_FULL if len(refused) <= MANY else 1]
    names = ", ".join(name[:LONGEST_NAME] for name in list(refused)[len(reasons) :])
    return f"Not used from the link: {'; '.join(reasons)}{f'; and {names}' if names else ''}."


def _other_notice() -> str:
    """The notice without the line of refused parameters."""
    line, refused = st.session_state.get(keys.NOTICE, ""), st.session_state.get(keys.REFUSED)
    return line.removesuffix(_sentence(refused)).strip() if refused else line
