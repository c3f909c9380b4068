"""Text that is drawn into pictures: all of it can be read, and it is no wider than its place."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFont

from aecore.export import raster


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("784 → 100 → 30", "784 > 100 > 30"),
        ("28×28 − 2²", "28x28 - 22"),
        ("café, Åse", "cafe, Ase"),
        ("cafe\u0301\u00a01\u202f000", "cafe 1 000"),
        ("0.5 ± 0.1 · 20°…", "0.5 ± 0.1 · 20°…"),
        ("日 T-shirt", "? T-shirt"),
    ],
)
def test_what_the_font_lacks_is_written_otherwise(text: str, drawn: str) -> None:
    assert raster.drawable(text) == drawn
    assert np.array_equal(raster.letters(text, 12), raster.letters(drawn, 12))


def test_every_sign_that_replaces_another_can_be_drawn() -> None:
    box = bytes(ImageFont.load_default(16).getmask("\uffff"))
    for other in raster.OTHERWISE.values():
        assert all(bytes(ImageFont.load_default(16).getmask(sign)) != box for sign in other), other


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("C", ["C"]),
        ("T-shirt/top, no. 2", ["T-shirt/top", "no. 2"]),
        ("a dress and a coat", ["a dress and a", "coat"]),
        ("Unpronounceablename", ["Unpronounceablename"]),
    ],
)
def test_a_text_is_parted_where_it_still_fits(text: str, lines: list[str]) -> None:
    assert raster.wrapped(text, 12, 84) == lines
    assert all(raster.letters(line, 12, 84).shape[1] <= 86 for line in lines)
