from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from aecore import datasets
from aecore.datasets import own_image
from aecore.datasets.base import DatasetInfo
from aecore.datasets.own_image import DRAWING_SIDE, from_drawing, from_upload, read_drawing
from aecore.errors import AecoreError

FASHION, DIGITS = datasets.info("fashion-mnist-12k"), datasets.info("digits")
MNIST, VECTORS = datasets.info("mnist"), datasets.info("plane-3d")
IMAGES = [FASHION, DIGITS, MNIST]


def encoded(pixels: np.ndarray | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def thing(height: int = 60, width: int = 30, size: tuple[int, int] = (120, 100), grey: int = 200) -> np.ndarray:
    """A bright rectangle on black, off the middle."""
    pixels = np.zeros(size, np.uint8)
    pixels[10 : 10 + height, 20 : 20 + width] = grey
    return pixels


def extent(sample: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row, first and last column of what is not background."""
    rows, columns = np.flatnonzero(sample.max(axis=1) > 20), np.flatnonzero(sample.max(axis=0) > 20)
    return rows[0], rows[-1], columns[0], columns[-1]


def huge_png(side: int) -> bytes:
    """A PNG of one bit a pixel and `side` × `side` pixels that was never made as an image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("info", IMAGES, ids=lambda info: info.name)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_format_becomes_a_sample(info: DatasetInfo, kind: str) -> None:
    sample = from_upload(encoded(thing(), kind), info)
    assert sample.dtype == np.uint8 and sample.shape == info.shape and sample.max() > 180


def test_channels() -> None:
    one, three = (dataclasses.replace(FASHION, shape=(28, 28, channels)) for channels in (1, 3))
    plain = from_upload(encoded(thing()), FASHION)
    np.testing.assert_array_equal(from_upload(encoded(thing()), one)[..., 0], plain)
    colour = from_upload(encoded(thing()), three)
    assert colour.shape == (28, 28, 3) and (colour == plain[..., None]).all()
    assert from_drawing(thing(), three).shape == (28, 28, 3)


def test_fashion_is_trimmed_to_the_longest_edge_and_stands_in_the_middle() -> None:
    top, bottom, left, right = extent(from_upload(encoded(thing(60, 30)), FASHION))
    assert (top, bottom, left, right) == (0, 27, 7, 20)
    assert extent(from_upload(encoded(thing(20, 70)), FASHION)) == (10, 17, 0, 27)
    assert from_upload(encoded(thing(grey=120)), FASHION).max() == pytest.approx(120, abs=2)  # grey stays grey


def test_mnist_has_its_centre_of_mass_in_the_middle_of_28_and_20_pixels_of_ink() -> None:
    seven = np.zeros((90, 90), np.uint8)
    seven[10:22, 20:70] = 150
    seven[22:80, 58:70] = 150
    sample = from_upload(encoded(seven), MNIST).astype(float)
    top, bottom, left, right = extent(sample)
    assert bottom - top + 1 == 20 and right - left + 1 < 20
    assert sample.max() > 240  # ink is white
    for axis in (0, 1):
        weights = sample.sum(axis=1 - axis)
        assert (weights * np.arange(28)).sum() / weights.sum() == pytest.approx(13.5, abs=0.51)
    assert (left, right) != (27 - right, 27 - left)  # so its box is off the middle


def test_small_digits_fill_the_height_and_leave_the_outer_columns() -> None:
    assert extent(from_upload(encoded(thing(60, 15)), DIGITS))[:2] == (0, 7)
    assert extent(from_upload(encoded(thing(40, 40)), DIGITS)) == (0, 7, 1, 6)


@pytest.mark.parametrize("info", [FASHION, DIGITS], ids=lambda info: info.name)
def test_a_sample_saved_and_uploaded_is_the_same(info: DatasetInfo) -> None:
    for image in datasets.load(info.name).validation[:20]:
        np.testing.assert_array_equal(from_upload(encoded(image), info), image)
        large = np.kron(image, np.ones((DRAWING_SIDE // len(image),) * 2, np.uint8))
        np.testing.assert_array_equal(from_drawing(large, info, framed=True), image)


def test_photographs_of_the_data_set_come_out_as_the_data_set() -> None:
    """Put on a bright sheet, enlarged and compressed: the way back is the data set's own, to a pixel's shift."""
    differences = []
    for image in datasets.load(FASHION.name).validation[:40]:
        photo = 255 - np.kron(np.pad(image, 6), np.ones((20, 20), np.uint8))
        found = from_upload(encoded(photo, "JPEG", quality=90), FASHION).astype(int)
        moved = [np.roll(found, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        differences.append(min(np.abs(one - image).mean() for one in moved))
    assert np.median(differences) < 6


def test_a_bright_background_is_inverted_and_becomes_black() -> None:
    for background, ink in ((255, 0), (230, 40), (160, 20)):
        paper = np.where(thing() > 0, ink, background).astype(np.uint8)
        sample = from_upload(encoded(paper), FASHION)
        assert extent(sample) == extent(from_upload(encoded(thing()), FASHION))
        assert sample[0, 0] == 0 and sample.max() > 200
    # A bright thing on grey is not inverted, although the grey is bright.
    assert from_upload(encoded(np.where(thing() > 0, 255, 150).astype(np.uint8)), FASHION)[14, 14] > 240


def test_transparency_shows_dark_things_on_white_and_bright_ones_on_black() -> None:
    shape = thing()
    for grey in (0, 60, 250):
        pixels = np.dstack([np.full((*shape.shape, 3), grey, np.uint8), np.where(shape > 0, 255, 0).astype(np.uint8)])
        sample = from_upload(encoded(pixels), FASHION)
        assert extent(sample) == (0, 27, 7, 20) and sample[14, 14] > 180
    palette = Image.fromarray(shape).convert("P")
    file = encoded(palette, transparency=palette.getpixel((0, 0)))
    assert extent(from_upload(file, FASHION)) == (0, 27, 7, 20)


def test_an_orientation_in_the_exif_data_is_followed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    upright = extent(from_upload(encoded(thing(60, 30)), FASHION))
    turned = extent(from_upload(encoded(thing(60, 30), "JPEG", exif=exif), FASHION))
    assert np.abs(np.subtract(turned, (*upright[2:], *upright[:2]))).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixel(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(thing().astype(np.uint16) * 257)
    else:
        image = Image.fromarray(thing(grey=255)).convert(mode)
    sample = from_upload(encoded(image), FASHION)
    assert extent(sample) == (0, 27, 7, 20) and sample[14, 14] > 190


def test_large_images_are_reduced_and_the_first_frame_counts() -> None:
    large = np.kron(thing(), np.ones((40, 40), np.uint8))  # 19 megapixels
    small = from_upload(encoded(thing()), FASHION).astype(int)
    for kind in ("PNG", "JPEG"):
        assert np.abs(from_upload(encoded(large, kind), FASHION).astype(int) - small).mean() < 3
    frames = [Image.fromarray(thing()), Image.fromarray(thing(20, 70))]
    assert extent(from_upload(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), FASHION))[:2] == (
        0,
        27,
    )


def refused(data: bytes, info: DatasetInfo = FASHION) -> str:
    with pytest.raises(AecoreError) as caught:
        from_upload(data, info)
    message = str(caught.value)
    assert "\n" not in message and (("got " in message and "allowed: " in message) or "; " in message)
    return message


@pytest.mark.parametrize(
    "data", [b"", b"only words\n", b"<html><img></html>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"GIF89a"]
)
def test_what_is_no_image(data: bytes) -> None:
    assert "no image" in refused(data)


def test_other_formats_are_no_images_here() -> None:
    for kind in ("TIFF", "PPM", "ICO"):
        assert "no image" in refused(encoded(thing(), kind))


@pytest.mark.filterwarnings("ignore:Image size")  # Pillow's own, between 89 and 179 megapixels
@pytest.mark.parametrize("side", [5_001, 10_000, 20_000])
def test_too_many_pixels_are_refused_before_one_is_decoded(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert f"{side * side / 1e6:.0f} megapixels, allowed: at most 25 megapixels" in refused(huge_png(side))


def test_too_many_bytes_are_refused() -> None:
    assert "20.0 MB, allowed: at most 20 MB" in refused(bytes(own_image.MAX_BYTES + 1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_damaged_files(kind: str) -> None:
    whole = encoded(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8), kind)
    message = refused(whole[: len(whole) // 2])
    assert "damaged" in message or "no image" in message


@given(some.binary(max_size=200), some.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"]), some.integers(0, 400))
def test_no_bytes_break_it(junk: bytes, kind: str, at: int) -> None:
    whole = encoded(thing(8, 8, (20, 40)), kind)
    data = whole[:at] + junk + whole[at + len(junk) :]
    with contextlib.suppress(AecoreError):  # any other error fails
        assert from_upload(data, DIGITS).shape == (8, 8)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_one_colour_everywhere(grey: int) -> None:
    assert "nothing stands out" in refused(encoded(np.full((50, 50), grey, np.uint8)))


def test_one_pixel_and_one_row() -> None:
    speck = np.zeros((300, 300), np.uint8)
    speck[7, 9] = 255
    assert from_upload(encoded(speck), FASHION).all()
    assert extent(from_upload(encoded(np.pad(np.full((1, 200), 255, np.uint8), 40)), FASHION))[2:] == (0, 27)


def test_vectors_are_refused() -> None:
    assert "plane-3d, which holds vectors" in refused(encoded(thing()), VECTORS)
    with pytest.raises(AecoreError, match="holds vectors"):
        from_drawing(thing(), VECTORS)


def test_drawings_are_cropped_like_uploads_unless_framed() -> None:
    np.testing.assert_array_equal(from_drawing(thing(), FASHION), from_upload(encoded(thing()), FASHION))
    framed = from_drawing(thing(size=(112, 112)), FASHION, framed=True)
    assert framed[0].max() == 0 and framed.max() == 200
    for empty in (True, False):
        with pytest.raises(AecoreError, match="drawing: nothing stands out .*; draw"):
            from_drawing(np.zeros((112, 112), np.uint8), FASHION, framed=empty)
    for bad in (np.zeros((4, 4)), np.zeros((3, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)):
        with pytest.raises(AecoreError, match=re.escape("allowed: uint8 (height, width)")):
            from_drawing(bad, FASHION)


def test_what_the_canvas_sends_is_read() -> None:
    pixels = thing(size=(DRAWING_SIDE, DRAWING_SIDE))
    for mode in ("L", "RGBA"):
        text = base64.b64encode(encoded(Image.fromarray(pixels).convert(mode))).decode()
        read = read_drawing(text)
        assert read is not None
        np.testing.assert_array_equal(read, pixels)
    assert read_drawing("") is None and read_drawing(None) is None


@pytest.mark.parametrize(
    "sent",
    [
        5,
        {"image": 1},
        "not base64!",
        "aGVsbG8=",
        "x" * 100_000,
        "é",
        base64.b64encode(encoded(thing())).decode(),
        base64.b64encode(huge_png(20_000)).decode(),
        base64.b64encode(encoded(np.zeros((112, 112), np.uint8), "JPEG")).decode(),
        base64.b64encode(encoded(thing(size=(112, 112)))[:80]).decode(),
    ],
)
def test_what_no_canvas_sends_is_refused(sent: object) -> None:
    with pytest.raises(AecoreError, match="drawing: got .*, allowed: a PNG of 112 × 112 pixels") as caught:
        read_drawing(sent)
    assert "\n" not in str(caught.value)
