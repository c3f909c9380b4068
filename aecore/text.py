"""Formatting of numbers as text, the same on figures, pages and the command line."""

from __future__ import annotations

import math

NOTHING = "–"


def error_text(value: float | None) -> str:
    """The value with four decimals and no leading zero: `.0131`, `-.0020`, `1.2500`; smaller ones as `3.1e-5`."""
    return _decimals(value, 4)


def share_text(value: float | None) -> str:
    """The value with three decimals and no leading zero: `.937`, `1.000`."""
    return _decimals(value, 3)


def count_text(value: float | None) -> str:
    """The value as a whole number with commas: `163,814`."""
    return NOTHING if _missing(value) else f"{value:,.0f}"


def seconds_text(value: float | None) -> str:
    """Seconds with one decimal: `3.9 s`."""
    return NOTHING if _missing(value) else f"{value:,.1f} s"


def duration_text(seconds: float) -> str:
    """A rough duration in whole seconds, or minutes from 100 s on: `1 s`, `99 s`, `2 min`."""
    return f"{max(1, round(seconds))} s" if seconds < 100 else f"{round(seconds / 60)} min"


def counted(n: int, noun: str) -> str:
    """A number with its noun, in the plural (an s added) unless it is 1: `1 coding`, `1,024 codings`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def percent_text(share: float) -> str:
    """A share in whole percent, '12 %'; 'under 1 %' or 'over 99 %' for one that would be rounded to 0 or 100."""
    if 0 < share <= 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def _decimals(value: float | None, places: int) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{value:,.{places}f}"
    if value and float(text.replace(",", "")) == 0 and places == 4:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
    return text.lstrip("-") if not text.strip("-.0") else text
