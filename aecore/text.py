"""How numbers are written, on figures and on pages alike."""

from __future__ import annotations

import math

NOTHING = "–"


def error_text(value: float | None) -> str:
    """Four decimals without a leading zero: `.0131`, `-.0020`, `1.2500`; two digits and a power for less: `3.1e-5`."""
    return _decimals(value, 4)


def share_text(value: float | None) -> str:
    """Three decimals without a leading zero: `.937`, `1.000`."""
    return _decimals(value, 3)


def count_text(value: float | None) -> str:
    """Thousands with a comma: `163,814`."""
    return NOTHING if _missing(value) else f"{value:,.0f}"


def seconds_text(value: float | None) -> str:
    """One decimal: `3.9 s`."""
    return NOTHING if _missing(value) else f"{value:,.1f} s"


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
