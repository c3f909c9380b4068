from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from aecore.errors import SpecError
from aecore.export.map_page import map_page
from aecore.figures import DARK, LIGHT, Theme, latent_map

RNG = np.random.default_rng(0)
POINTS, NUMBERS = RNG.normal(size=(7, 2)), np.arange(7) * 3


def page(theme: Theme = LIGHT, **more: object) -> str:
    return map_page(latent_map(POINTS, theme=theme, numbers=NUMBERS, title="Stacked"), theme, **more)


@pytest.mark.parametrize("shape", [(7, 4, 5), (7, 4, 5, 1), (7, 4, 5, 3)])
def test_every_point_finds_its_image_in_the_sheet(shape: tuple[int, ...]) -> None:
    images = RNG.integers(0, 256, shape, dtype=np.uint8)
    sheet = json.loads(re.search(r"const sheet = ({.*});", page(numbers=NUMBERS, images=images))[1])
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet["file"].split(",")[1]))))
    for place, number in enumerate(sheet["numbers"]):
        row, column = divmod(place, sheet["columns"])
        top, left = row * sheet["height"], column * sheet["width"]
        cut = picture[top : top + sheet["height"], left : left + sheet["width"]]
        np.testing.assert_array_equal(cut, images[number == NUMBERS][0].reshape(cut.shape))


def test_the_page_needs_no_network() -> None:
    text = page()
    assert not re.findall(r"""<(?:script|link|img)[^>]*(?:src|href)=["']http""", text)
    assert "const sheet" not in text and "Plotly.newPlot" in text and len(text) > 2_000_000
    assert DARK.background in page(DARK).split("</head>")[0]


def test_too_many_images_or_too_few_numbers() -> None:
    with pytest.raises(SpecError, match=r"images: got 7 and 3 numbers, allowed: up to 5,000, one each"):
        page(numbers=NUMBERS[:3], images=np.zeros((7, 2, 2), np.uint8))
    with pytest.raises(SpecError, match="images: got 5001 and 5001 numbers"):
        page(numbers=np.arange(5001), images=np.zeros((5001, 1, 1), np.uint8))
