"""Text that this program did not write itself (messages, names, labels, what a link says), escaped for Markdown.

Streamlit reads Markdown in notices, captions, progress bars, headings and the labels and help of widgets. Whatever
comes from a link, a lesson, a file or a status goes through `plain` on its way there, notices always. The entries of a
select box are no Markdown, those of a select slider are.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore.errors import AecoreError

LONGEST = 300  # characters of a name or message
LONGEST_NOTICE = 600  # of a whole notice, which may hold several messages
# What the browser turns into a link, an emoji or an icon although it is escaped is found by its letters: those are
# parted by a character that is not seen.
JOINER = "\u2060"
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]+")
_SIGN = re.compile(r"[\\`*_{}\[\]()#+!|~$<>&^]|:(?!\s)|^[-=]|^\d+[.)]")
_PARTED = re.compile(r"(?<=:)(?!\s)|(?<=@)|(?<=www)(?=\.)", re.IGNORECASE)


def plain(text: object, most: int = LONGEST) -> str:
    """Markdown that shows `text` letter by letter, in one line and cut to `most` characters."""
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
    """Inside the block an `AecoreError` ends the block and is drawn as a warning."""
    try:
        yield
    except AecoreError as raised:
        warning(str(raised))


def caption(text: str, icon: str = "", place: DeltaGenerator | None = None) -> None:
    """Draw `text` as a caption, after an icon such as ':material/info:'."""
    (place or st).caption(f"{icon} {plain(text, LONGEST_NOTICE)}".strip())


def progress(fraction: float | None, text: str, place: DeltaGenerator | None = None) -> None:
    """Draw a bar of the `fraction` that a status names, None for nothing yet, below `text`."""
    (place or st).progress(float(fraction or 0.0), text=plain(text))


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    return f"{sign[:-1]}\\{sign[-1]}"
