"""Sheets of images: every image is where the browser will look for it, and no sheet grows too large."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.widgets.images import sprite_sheet


def cut(sheet: sprite_sheet.Sheet, i: int) -> np.ndarray:
    """Image i of a sheet, as latent_map/card.js cuts it out."""
    picture = np.array(Image.open(io.BytesIO(sheet.file)))
    row, column = divmod(i, sheet.columns)
    return picture[row * sheet.height :, column * sheet.width :][: sheet.height, : sheet.width]


@pytest.mark.parametrize("shape", [(7, 5, 4), (1, 3, 9), (10, 6, 6, 3), (30, 2, 8)])
def test_every_image_is_where_it_is_looked_for(shape):
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    sheet = sprite_sheet.sheet(images)
    assert not sheet.halved
    facts = {"kind": "image/png", "columns": sheet.columns, "height": shape[1], "width": shape[2], "halved": False}
    assert sheet.facts() == {"version": sprite_sheet.fingerprint(images), **facts}
    for i in range(len(images)):
        np.testing.assert_array_equal(cut(sheet, i), images[i])


def test_one_channel_is_grey():
    images = np.arange(60, dtype=np.uint8).reshape(5, 3, 4, 1)
    np.testing.assert_array_equal(cut(sprite_sheet.sheet(images), 3), images[3, ..., 0])


@pytest.mark.parametrize(
    "images", [np.zeros((2, 3, 3)), np.zeros((2, 9), "u1"), np.zeros((2, 3, 3, 2), "u1"), np.zeros((0, 3, 3), "u1")]
)
def test_what_is_no_stack_of_images_is_refused(images):
    with pytest.raises(ValueError, match="images: got"):
        sprite_sheet.sheet(images)


def test_beyond_the_limits_a_sheet_is_lossy_then_smaller(monkeypatch):
    images = np.repeat(np.arange(0, 240, 12, dtype=np.uint8), 15 * 15).reshape(20, 15, 15)
    monkeypatch.setattr(sprite_sheet, "EXACT", 1000)
    lossy = sprite_sheet.sheet(images)
    assert (lossy.kind, lossy.width, lossy.halved) == ("image/webp", 15, False)
    sprite_sheet._sheet.clear()
    monkeypatch.setattr(sprite_sheet, "PIXELS", 2000)
    halved = sprite_sheet.sheet(images)
    assert (halved.width, halved.height, halved.halved) == (7, 7, True)
    assert abs(cut(halved, 13).mean() - images[13].mean()) < 12
    sprite_sheet._sheet.clear()
    monkeypatch.setattr(sprite_sheet, "PIXELS", 10**9)
    monkeypatch.setattr(sprite_sheet, "BYTES", len(lossy.file) // 2)
    assert sprite_sheet.sheet(images).width < 15
    sprite_sheet._sheet.clear()


def test_the_same_images_are_drawn_once(monkeypatch):
    sprite_sheet._sheet.clear()
    drawn = []
    draw = sprite_sheet._encoded
    monkeypatch.setattr(sprite_sheet, "_encoded", lambda *given: drawn.append(1) or draw(*given))
    images = np.zeros((3, 4, 4), np.uint8)
    sprite_sheet.sheet(images)
    sprite_sheet.sheet(images.copy())
    assert len(drawn) == 1
    sprite_sheet.sheet(images + 1)
    assert len(drawn) == 2


def test_a_fingerprint_tells_content_shape_and_dtype_apart():
    a = np.zeros(8, np.uint8)
    names = {sprite_sheet.fingerprint(x) for x in (a, a.reshape(2, 4), a.view(np.uint16), a + 1, None)}
    assert len(names) == 5
    assert sprite_sheet.fingerprint(a.reshape(4, 2).T) != sprite_sheet.fingerprint(
        np.arange(8, dtype=np.uint8).reshape(4, 2).T
    )
    assert sprite_sheet.fingerprint(a) == sprite_sheet.fingerprint(a.copy())


def test_with_losses_a_sheet_is_another_and_smaller() -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8)
    exact, lossy = sprite_sheet.sheet(images), sprite_sheet.sheet(images, lossy=True)
    assert (exact.kind, lossy.kind) == ("image/png", "image/webp")
    assert lossy.version != exact.version and len(lossy.file) < len(exact.file) / 2
