"""Numbers as text."""

from __future__ import annotations

import pytest

from aecore.text import counted, duration_text, percent_text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (1.6, "2 s"), (99.4, "99 s"), (100, "2 min"), (610, "10 min")]
)
def test_duration_text(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(("n", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1024, "1,024 runs")])
def test_counted(n: int, text: str) -> None:
    assert counted(n, "run") == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.005, "under 1 %"),
        (0.006, "1 %"),
        (0.12, "12 %"),
        (0.994, "99 %"),
        (0.995, "over 99 %"),
        (1, "100 %"),
    ],
)
def test_percent_text(share: float, text: str) -> None:
    assert percent_text(share) == text
