"""Escaping of text for Markdown, and warnings, errors, captions and progress bars with escaped text.

Streamlit renders Markdown in notices, captions, progress bars, headings and the labels and help of widgets. Text from a
link, a lesson, a file or a status must be passed through `plain` there; the functions of this module do it themselves.
The options of a select box are not Markdown, those of a select slider are.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore.errors import AecoreError

LONGEST = 300  # characters of a name or message
LONGEST_NOTICE = 1200  # characters of a notice, which may hold several messages
# The browser turns some escaped texts into links, emojis or icons; an invisible character between their letters
# prevents that.
JOINER = "\u2060"
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]+")
_SIGN = re.compile(r"[\\`*_{}\[\]()#+!|~$<>&^]|:(?!\s)|^[-=]|^\d+[.)]")
_PARTED = re.compile(r"(?<=:)(?!\s)|(?<=@)|(?<=www)(?=\.)", re.IGNORECASE)


def plain(text: object, most: int = LONGEST) -> str:
    """Markdown that renders as the literal `text`, in one line and truncated to `most` characters."""
    line = _UNSEEN.sub(" ", str(text)).strip()
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    return _PARTED.sub(JOINER, _SIGN.sub(_escaped, line))


def warning(text: str, place: DeltaGenerator | None = None) -> None:
    """Draw `text` as a warning, in `place` or where the page is drawn."""
    (place or st).warning(plain(text, LONGEST_NOTICE), icon=":material/info:")


def error(text: str, place: DeltaGenerator | None = None) -> None:
    """Draw `text` as an error."""
    (place or st).error(plain(text, LONGEST_NOTICE), icon=":material/error:")


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """Context manager that catches an `AecoreError` of its block and draws it as a warning."""
    try:
        yield
    except AecoreError as raised:
        warning(str(raised))


def caption(text: str, icon: str = "", place: DeltaGenerator | None = None) -> None:
    """Draw `text` as a caption, after an icon such as ':material/info:'."""
    (place or st).caption(f"{icon} {plain(text, LONGEST_NOTICE)}".strip())


def progress(fraction: float | None, text: str, place: DeltaGenerator | None = None) -> None:
    """Draw a progress bar below `text`; `fraction` is 0 to 1, None counts as 0."""
    (place or st).progress(float(fraction or 0.0), text=plain(text))


def _escaped(match: re.Match[str]) -> str:
    sign = match[0]
    return f"{sign[:-1]}\\{sign[-1]}"
