"""Class labels from values of any type, and names from strangers as plain text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

MAX_CLASSES = 256
LONGEST_NAME = 40  # characters
_ANGLES = str.maketrans("<>", "‹›")  # a name is drawn as part of HTML by Plotly, which reads tags


def plain_name(text: object, longest: int = LONGEST_NAME) -> str:
    """Text as a name: without control characters, marks of direction and line breaks, with ‹ › for < >."""
    letters = (" " if letter.isspace() else letter for letter in str(text)[: 4 * longest])
    kept = "".join(letter for letter in letters if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    name = " ".join(kept.split()).translate(_ANGLES)
    return (name if len(name) <= longest else f"{name[: longest - 1]}…") or "–"


def unique_names(names: Iterable[object], longest: int = LONGEST_NAME) -> list[str]:
    """`plain_name` of each, equal ones numbered: 'a', 'a (2)'."""
    taken: dict[str, int] = {}
    unique = []
    for one in names:
        base = name = plain_name(one, longest)
        while name in taken:
            taken[base] += 1
            name = f"{base} ({taken[base]})"
        taken[name] = 1
        unique.append(name)
    return unique


def encoded(values: Sequence[Any] | np.ndarray, what: str) -> tuple[np.ndarray | None, tuple[str, ...], list[str]]:
    """(labels, classes, facts) of one value a sample.

    Labels are None, with a sentence that says why, for numbers that are not whole, a single class, and more classes
    than `MAX_CLASSES`. A missing value belongs to the class 'no label'.
    """
    texts = [_text(value) for value in np.asarray(values).tolist()]
    if any(text is None for text in texts):
        return None, (), [f"{what} has numbers that are not whole: no classes."]
    names = sorted({str(text) for text in texts}, key=_order)
    if len(names) > MAX_CLASSES:
        return None, (), [f"{what} has {len(names):,} different values, more than {MAX_CLASSES}: no classes."]
    if len(names) < 2:
        return None, (), [f"{what} has the same value everywhere: no classes."]
    index = {name: i for i, name in enumerate(names)}
    missing = sum(text == "" for text in texts)
    facts = [f"{what}: {len(names)} classes."]
    if missing:
        facts.append(f"{missing:,} samples have no label; they are a class of their own.")
    classes = unique_names(name or "no label" for name in names)
    return np.array([index[str(text)] for text in texts], np.int64), tuple(classes), facts


def _text(value: Any) -> str | None:
    """The label's text; '' for a missing one, None for a number that is not whole."""
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return str(int(value)) if abs(value) < 1e15 and value.is_integer() else None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _order(name: str) -> tuple[int, float, str]:
    """Numbers by value, then texts by their letters, the missing one last."""
    if not name:
        return 2, 0.0, ""
    try:
        number = float(name)
    except ValueError:
        return 1, 0.0, name
    return (0, number, name) if np.isfinite(number) else (1, 0.0, name)
