"""Conversion of JSON, text or NumPy's numbers to the values of spec fields; one line for invalid values.

Settings come from JSON files, the command line, links, lessons and Python; all are converted here, so one notation and
one set of types holds for all.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_origin

import numpy as np

from aecore.errors import SpecError

_KIND_NAMES: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[int, ...]: "whole numbers with commas between, such as 300,100",
}
_NUMBERS = (int, float, Fraction, Decimal)
_WHOLE = "-?[0-9]+"  # ASCII digits only, and neither 1_000 nor +5, which int() would take
_DECIMAL = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?|-?inf|nan", re.IGNORECASE)
_LIST = re.compile(rf"{_WHOLE}(\s*,\s*{_WHOLE}|\s+{_WHOLE})*")
_SWITCHES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def coerced(name: str, kind: Any, value: Any, allowed: str = "") -> Any:
    """`value` as `kind` (str, int, float, bool or tuple[int, ...]).

    Raises `SpecError` with field `name`'s kind, followed by the `allowed` values if they are given.
    """
    try:
        if get_origin(kind) is tuple:
            return _whole_numbers(plain(value))
        if kind is bool:
            return _switch(plain(value))
        if kind is int:
            return whole_number(value)
        if kind is float:
            return number(value)
        return _text(plain(value))
    except (TypeError, ValueError, KeyError, OverflowError):
        allowed = ", ".join(filter(None, (_KIND_NAMES[kind], allowed)))
        raise SpecError(f"{name}: got {shown(value)}, allowed: {allowed}") from None


def require(ok: bool, name: str, value: Any, allowed: str) -> None:
    """Raise `SpecError` with "name: got value, allowed: …" unless `ok`."""
    if not ok:
        raise SpecError(f"{name}: got {shown(value)}, allowed: {allowed}")


def shown(value: Any) -> str:
    """`repr(value)` for a message: in one line of at most 80 characters."""
    try:
        text = repr(value)
    except ValueError:
        text = "a number of thousands of digits"  # Python writes none of more than 4300
    return (text if isinstance(value, str) else " ".join(text.split()))[:80]


def unknown(name: str, value: Any, choices: Iterable[str]) -> str:
    """The message for a value that is none of `choices`: "name: got value, allowed: …; did you mean …?"."""
    names = tuple(choices)
    return f"{name}: got {shown(value)}, allowed: {', '.join(names)}{did_you_mean(value, names)}"


def did_you_mean(value: Any, choices: Iterable[str]) -> str:
    """ "; did you mean …?" with the choice that is nearest to a mistyped `value`; "" if none is near."""
    text, names = str(value)[:80].lower(), {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(text, names, n=1)
    if not near and len(text) > 2:
        near = [name for name in names if name.startswith(text)]
    return f"; did you mean {names[near[0]]}?" if near else ""


def plain(value: Any) -> Any:
    """NumPy's scalars and arrays, and what converts to them such as tensors, as Python's numbers, texts and lists.

    A float of lower precision becomes the shortest decimal that denotes it: float32 0.002 becomes 0.002, so that both
    are the same setting with the same key. Dates, durations, bytes and masked values are returned unchanged.
    """
    if not hasattr(type(value), "__array__") or np.ma.is_masked(value):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "biufUO":
        return value
    return (array.astype(str).astype(float) if array.dtype.kind == "f" else array).tolist()


def whole_number(value: Any) -> int:
    """`value` as int, from text or any type of number; `ValueError` for a bool and for what is not whole."""
    value = plain(value)
    if isinstance(value, str):
        if not re.fullmatch(_WHOLE, value.strip()):
            raise ValueError
    elif isinstance(value, bool) or not isinstance(value, _NUMBERS) or value != int(value):
        raise ValueError
    return int(value)


def number(value: Any) -> float:
    """`value` as float, from text or any type of number; `ValueError` for a bool."""
    value = plain(value)
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value.strip()):
            raise ValueError
    elif isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise ValueError
    return float(value) + 0.0  # -0.0, which has another JSON text, becomes 0.0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value.strip().lower()


def _switch(value: Any) -> bool:
    return value if isinstance(value, bool) else _SWITCHES[str(value).strip().lower()]


def _whole_numbers(value: Any) -> tuple[int, ...]:
    if isinstance(value, str):
        if value.strip() and not _LIST.fullmatch(value.strip()):
            raise ValueError
        return tuple(map(int, re.findall(_WHOLE, value)))
    if isinstance(value, Mapping | Set | bytes | bytearray):  # without an order, or not numbers
        raise ValueError
    return tuple(map(whole_number, [value] if isinstance(value, _NUMBERS) else value))
