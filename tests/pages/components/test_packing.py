"""The container that canvas components take apart: what was packed is found where the header says."""

import json

import numpy as np
import pytest

from aecore.figures import DARK, LIGHT
from pages.widgets.components.shared import packing


def unpacked(packed: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """The same steps as shared/unpack.js."""
    length = int.from_bytes(packed[:4], "little")
    header = json.loads(packed[4 : 4 + length])
    arrays = {
        name: np.frombuffer(packed, place["dtype"], int(np.prod(place["shape"])), 4 + length + place["offset"]).reshape(
            place["shape"]
        )
        for name, place in header["arrays"].items()
    }
    return header, arrays


def test_what_is_packed_comes_out_again():
    points = np.arange(10, dtype=np.float32).reshape(5, 2)
    odd = np.array([1, 2, 3], np.uint8)
    header, arrays = unpacked(
        packing.pack({"title": "<b>Émile</b>"}, odd=odd, points=points, turned=points.T, empty=points[:0], file=b"PNG")
    )
    assert header["title"] == "<b>Émile</b>"
    assert list(arrays) == ["odd", "points", "turned", "empty", "file"]
    np.testing.assert_array_equal(arrays["odd"], odd)
    np.testing.assert_array_equal(arrays["points"], points)
    np.testing.assert_array_equal(arrays["turned"], points.T)
    assert arrays["empty"].shape == (0, 2)
    assert arrays["file"].tobytes() == b"PNG"


@pytest.mark.parametrize("padding", range(9))
def test_every_buffer_begins_at_a_multiple_of_eight(padding):
    packed = packing.pack({"text": "x" * padding}, a=np.zeros(padding, np.uint8), b=np.zeros(3), c=b"abc", d=np.ones(1))
    length = int.from_bytes(packed[:4], "little")
    header, arrays = unpacked(packed)
    assert (4 + length) % 8 == 0
    assert all(place["offset"] % 8 == 0 for place in header["arrays"].values())
    assert arrays["d"] == [1.0]


@pytest.mark.parametrize("dtype", ["int64", "float16", "bool", "complex64", ">f4"])
def test_a_dtype_without_a_typed_array_is_refused(dtype):
    with pytest.raises(ValueError, match="numbers: got dtype"):
        packing.pack({}, numbers=np.zeros(2, dtype))


def test_a_header_that_json_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        packing.pack({"loss": float("nan")})
    with pytest.raises(ValueError, match="'arrays'"):
        packing.pack({"arrays": 1})


def test_the_look_gives_a_class_its_colour_shape_and_name():
    told = packing.style_header(DARK, [3, 11], ["a", "b", "c", "<i>"])
    assert told["classes"] == [
        {"name": "<i>", "colour": DARK.class_colour(3), "symbol": DARK.class_symbol(3)},
        {"name": "class 11", "colour": DARK.class_colour(11), "symbol": DARK.class_symbol(11)},
    ]
    assert packing.style_header(LIGHT)["theme"]["background"] == "#ffffff"
