"""Sheets of images: every image is where the browser will look for it, and no sheet grows too large."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.widgets import sprites


def cut(sheet: sprites.Sheet, i: int) -> np.ndarray:
    """Image i of a sheet, as canvas/card.js cuts it out."""
    picture = np.array(Image.open(io.BytesIO(sheet.file)))
    row, column = divmod(i, sheet.columns)
    return picture[row * sheet.height :, column * sheet.width :][: sheet.height, : sheet.width]


@pytest.mark.parametrize("shape", [(7, 5, 4), (1, 3, 9), (10, 6, 6, 3), (30, 2, 8)])
def test_every_image_is_where_it_is_looked_for(shape):
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    sheet = sprites.sheet(images)
    assert not sheet.halved
    facts = {"kind": "image/png", "columns": sheet.columns, "height": shape[1], "width": shape[2], "halved": False}
    assert sheet.facts() == {"version": sprites.fingerprint(images), **facts}
    for i in range(len(images)):
        np.testing.assert_array_equal(cut(sheet, i), images[i])


def test_one_channel_is_grey():
    images = np.arange(60, dtype=np.uint8).reshape(5, 3, 4, 1)
    np.testing.assert_array_equal(cut(sprites.sheet(images), 3), images[3, ..., 0])


@pytest.mark.parametrize("images", [np.zeros((2, 3, 3)), np.zeros((2, 9), "u1"), np.zeros((2, 3, 3, 2), "u1"), np.zeros((0, 3, 3), "u1")])  # fmt: skip  # noqa: E501
def test_what_is_no_stack_of_images_is_refused(images):
    with pytest.raises(ValueError, match="images: got"):
        sprites.sheet(images)


def test_beyond_the_limits_a_sheet_is_lossy_then_smaller(monkeypatch):
    images = np.repeat(np.arange(0, 240, 12, dtype=np.uint8), 15 * 15).reshape(20, 15, 15)
    monkeypatch.setattr(sprites, "EXACT", 1000)
    lossy = sprites.sheet(images)
    assert (lossy.kind, lossy.width, lossy.halved) == ("image/webp", 15, False)
    sprites._sheet.clear()
    monkeypatch.setattr(sprites, "PIXELS", 2000)
    halved = sprites.sheet(images)
    assert (halved.width, halved.height, halved.halved) == (7, 7, True)
    assert abs(cut(halved, 13).mean() - images[13].mean()) < 12
    sprites._sheet.clear()
    monkeypatch.setattr(sprites, "PIXELS", 10**9)
    monkeypatch.setattr(sprites, "BYTES", len(lossy.file) // 2)
    assert sprites.sheet(images).width < 15
    sprites._sheet.clear()


def test_the_same_images_are_drawn_once(monkeypatch):
    sprites._sheet.clear()
    drawn = []
    draw = sprites._drawn
    monkeypatch.setattr(sprites, "_drawn", lambda *given: drawn.append(1) or draw(*given))
    images = np.zeros((3, 4, 4), np.uint8)
    sprites.sheet(images)
    sprites.sheet(images.copy())
    assert len(drawn) == 1
    sprites.sheet(images + 1)
    assert len(drawn) == 2


def test_a_fingerprint_tells_content_shape_and_dtype_apart():
    a = np.zeros(8, np.uint8)
    names = {sprites.fingerprint(x) for x in (a, a.reshape(2, 4), a.view(np.uint16), a + 1, None)}
    assert len(names) == 5
    assert sprites.fingerprint(a.reshape(4, 2).T) != sprites.fingerprint(np.arange(8, dtype=np.uint8).reshape(4, 2).T)
    assert sprites.fingerprint(a) == sprites.fingerprint(a.copy())


def test_with_losses_a_sheet_is_another_and_smaller() -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8)
    exact, lossy = sprites.sheet(images), sprites.sheet(images, lossy=True)
    assert (exact.kind, lossy.kind) == ("image/png", "image/webp")
    assert lossy.version != exact.version and len(lossy.file) < len(exact.file) / 2
