"""Conversion of JSON or text to the values of spec fields: numbers, switches, lists; one line for invalid values."""

from __future__ import annotations

from typing import Any, get_origin

from aecore.errors import SpecError

_KIND_NAMES: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[int, ...]: "whole numbers with commas between, such as 300,100",
}


def coerced(name: str, kind: Any, value: Any) -> Any:
    """`value` as `kind` (str, int, float, bool or tuple[int, ...]); raises `SpecError` with field `name`'s kind."""
    try:
        if get_origin(kind) is tuple:
            return _whole_numbers(value)
        if kind is bool:
            return _switch(value)
        if kind is int:
            return whole_number(value)
        if kind is float:
            return number(value)
        if not isinstance(value, str):
            raise ValueError
        return value.strip().lower()
    except (TypeError, ValueError, KeyError, OverflowError):
        raise SpecError(f"{name}: got {value!r:.80}, allowed: {_KIND_NAMES[kind]}") from None


def require(ok: bool, name: str, value: Any, allowed: str) -> None:
    """Raise `SpecError` with "name: got value, allowed: …" unless `ok`."""
    if not ok:
        raise SpecError(f"{name}: got {value!r:.80}, allowed: {allowed}")


def whole_number(value: Any) -> int:
    """`value` as int; `ValueError` for a bool and for a number that is not whole."""
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def number(value: Any) -> float:
    """`value` as float; `ValueError` for a bool."""
    if isinstance(value, bool):
        raise ValueError
    return float(value) + 0.0  # -0.0, which has another JSON text, becomes 0.0


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[str(value).lower()]


def _whole_numbers(value: Any) -> tuple[int, ...]:
    if isinstance(value, str):
        value = [part for part in value.replace("-", ",").replace(" ", ",").split(",") if part]
    return tuple(whole_number(part) for part in ([value] if isinstance(value, int) else value))
