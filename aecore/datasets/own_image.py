"""Conversion of a drawn or uploaded image to a sample, with the preprocessing of the data set's images.

A network reconstructs only images that were preprocessed like its training data. The preprocessing of each data set:

Fashion-MNIST (section 2 of H. Xiao, K. Rasul, R. Vollgraf, 2017, https://arxiv.org/abs/1708.07747): edges within 5 %
of the corners' colour are trimmed, the longest edge becomes 28 pixels, the image is centred, and its intensities are
negated: garments are bright on black. The original resizes by subsampling and sharpens afterwards; here an antialiased
resize replaces both. Any other data set of images is treated the same.

MNIST (Y. LeCun, C. Cortes, C. J. C. Burges, http://yann.lecun.com/exdb/mnist): ink is white; the digit is scaled, its
aspect kept, into 20 × 20 pixels, which are placed so that the centre of mass is the centre of 28 × 28.

The small digits (E. Alpaydin, C. Kaynak, https://doi.org/10.24432/C50P49) come from NIST's size-normalised bitmaps.
In the embedded images every digit is 8 rows high, and nearly all have an empty column on either side: so digits are
scaled to a height of 8 and, if they are wider than 6 then, squeezed to that width.
"""

from __future__ import annotations

import base64
import io
import re
import threading
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from aecore.datasets.base import DatasetInfo
from aecore.errors import AecoreError

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 25_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
ALLOWED = "PNG, JPEG, WebP, GIF or BMP"
WORKING_SIDE = 1024  # pixels to which a larger upload is reduced first
CLOSE = 0.05  # distance from the background, as a share of the range, below which a value counts as background
BORDER = 50  # the background is measured on a border of 1 / 50 of the shorter side
DRAWING_SIDE = 112  # pixels of the canvas's image: four for each of 28
MAX_DRAWING = 64 * 1024  # characters of the drawing's base64; a dense one has about 10,000

_decoding = threading.Lock()  # one image at a time, because 25 megapixels take 100 MB while they are decoded


@dataclass(frozen=True)
class _Frame:
    """The box (height, width) into which content is scaled, and the point that is moved to the sample's centre: the
    middle of the box, or the centre of mass."""

    box: tuple[int, int]
    by_mass: bool = False
    squeezed: bool = False  # to the box's height; wider content loses its aspect ratio
    ink: bool = False  # scaled so that the brightest values are white


_FRAMES = {
    "mnist": _Frame((20, 20), by_mass=True, ink=True),
    "digits": _Frame((8, 6), squeezed=True, ink=True),
}


def from_upload(data: bytes, info: DatasetInfo) -> np.ndarray:
    """An uploaded image file as a sample, uint8 of `info.shape`.

    The first frame of a PNG, JPEG, WebP, GIF or BMP file, rotated by its EXIF orientation. Transparent pixels become
    white, or black for a nearly white picture. The median of the image's border is the background and becomes black; an
    image with more darker than brighter pixels (a photo on a bright background, ink on paper) is inverted, because
    garments and ink are bright on black. Colours become grey, in every channel of the data set. An image of exactly the
    data set's size counts as preprocessed: it is only inverted if its corners are bright.

    Raises `AecoreError` for a data set without images, for other formats, for more than 20 MB or 25 megapixels (by the
    header, before decoding), for a damaged file, and for an image in which nothing stands out from the background.
    """
    _require_images(info)
    grey = _decoded(data)
    if grey.shape == info.shape[:2]:
        corners = grey[[0, 0, -1, -1], [0, -1, 0, -1]]
        return _with_channels((255 - grey if np.median(corners) > 127 else grey).astype(np.uint8), info)
    return _fitted(_on_black(grey), info, "upload")


def from_drawing(pixels: np.ndarray, info: DatasetInfo, framed: bool = False) -> np.ndarray:
    """A drawing as a sample, uint8 of `info.shape`. `pixels` (height, width) uint8 are bright on black.

    A `framed` drawing was made over an image of the data set; it is only scaled, not cropped and centred.

    Raises `AecoreError` for a data set without images and for an empty drawing.
    """
    _require_images(info)
    pixels = np.asarray(pixels)
    if pixels.ndim != 2 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise AecoreError(f"drawing: got {pixels.dtype} {pixels.shape}, allowed: uint8 (height, width)")
    if framed and pixels.any():
        height, width = info.shape[:2]
        return _with_channels(np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX)), info)
    return _fitted(pixels.astype(np.float32), info, "drawing")


def read_drawing(text: object) -> np.ndarray | None:
    """The canvas's message, base64 of a grey PNG of 112 × 112 pixels, as uint8 (112, 112); None for an empty canvas.

    Raises `AecoreError` for any other message.
    """
    allowed = f"allowed: a PNG of {DRAWING_SIDE} × {DRAWING_SIDE} pixels"
    if text is None or text == "":
        return None
    if not isinstance(text, str) or len(text) > MAX_DRAWING:
        raise AecoreError(f"drawing: got {type(text).__name__} of {len(str(text)):,} characters, {allowed}")
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG",)) as image:
            if image.size != (DRAWING_SIDE, DRAWING_SIDE):
                raise AecoreError(f"drawing: got {image.width:,} × {image.height:,} pixels, {allowed}")
            return np.asarray(image.convert("L"))
    except AecoreError:
        raise
    except Exception:  # base64 and Pillow fail in many ways, and Pillow's errors share no base class
        raise AecoreError(f"drawing: got bytes that are no image, {allowed}") from None


def _require_images(info: DatasetInfo) -> None:
    if not info.is_image:
        raise AecoreError(f"own sample: got {info.name}, which holds vectors; allowed: data sets of images")


def _decoded(data: bytes) -> np.ndarray:
    """Grey values (height, width), float32 0 to 255, of an image file; at most about twice WORKING_SIDE a side."""
    if len(data) > MAX_BYTES:
        raise AecoreError(f"upload: got {len(data) / 2**20:,.1f} MB, allowed: at most {MAX_BYTES // 2**20} MB")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)  # reads the header only
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        pixels = re.search(r"\d{6,}", str(error))
        raise _too_large(f"{int(pixels[0]) / 1e6:,.0f}" if pixels else "far too many") from None
    except Exception:  # a plugin may fail in any way on bytes that were made to break it
        raise AecoreError(f"upload: got a file that is no image, allowed: {ALLOWED}") from None
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(f"{image.width:,} × {image.height:,} = {image.width * image.height / 1e6:,.0f}")
        try:
            with _decoding:
                return _grey(image)
        except Exception as error:
            reason = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
            raise AecoreError(
                f"upload: the {image.format} file is damaged ({reason}); save it again or choose another"
            ) from None


def _too_large(received: str) -> AecoreError:
    return AecoreError(f"upload: got {received} megapixels, allowed: at most {MAX_PIXELS // 10**6} megapixels")


def _grey(image: Image.Image) -> np.ndarray:
    """The decoded image: reduced in size, upright, grey on an opaque background."""
    image.draft("RGB", (WORKING_SIDE, WORKING_SIDE))
    image.load()
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip, not scale, to 8
        image = Image.fromarray((np.asarray(image, np.float32) / 257).clip(0, 255).astype(np.uint8))
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGBA")
    factor = max(image.size) // WORKING_SIDE
    if factor > 1:
        image = image.reduce(factor)
    image = ImageOps.exif_transpose(image)
    pixels = np.asarray(image.convert("LA"), np.float32)
    grey, opaque = pixels[..., 0], pixels[..., 1] / 255
    if opaque.min() == 1:
        return grey
    seen = float((grey * opaque).sum() / max(opaque.sum(), 1.0))
    return grey * opaque + (0.0 if seen > 191 else 255.0) * (1 - opaque)


def _on_black(grey: np.ndarray) -> np.ndarray:
    """(height, width) with the background, the median of the border, at 0 and the foreground up to 255."""
    width = max(1, min(grey.shape) // BORDER)
    sides = grey[:width], grey[-width:], grey[:, :width], grey[:, -width:]
    background = float(np.median(np.concatenate([side.ravel() for side in sides])))
    away = grey - background
    if away.sum() < 0:
        away, background = -away, 255 - background
    return np.clip(away, 0, None) * (255 / max(255 - background, 1))


def _fitted(values: np.ndarray, info: DatasetInfo, what: str) -> np.ndarray:
    """(height, width) float32 on black, cropped, scaled and placed as the data set's images are."""
    content = values > CLOSE * 255
    rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
    if not len(rows):
        raise AecoreError(f"{what}: nothing stands out from the background; draw or choose an image with more contrast")
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    crop = values[top:bottom, left:right]
    frame = _FRAMES.get(info.name) or _Frame((info.shape[0], info.shape[1]))
    if frame.ink:
        crop = crop * (255 / np.percentile(crop[content[top:bottom, left:right]], 90))
    height, width = _scaled(crop.shape[0], crop.shape[1], frame)
    picture = Image.fromarray(np.ascontiguousarray(crop, np.float32))
    small = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS)).clip(0, 255)
    sample = np.zeros(info.shape[:2], np.uint8)
    y, x = (_start(small, axis, size, frame) for axis, size in enumerate(sample.shape))
    sample[y : y + height, x : x + width] = (small + 0.5).astype(np.uint8)
    return _with_channels(sample, info)


def _with_channels(grey: np.ndarray, info: DatasetInfo) -> np.ndarray:
    return np.repeat(grey[..., None], info.shape[2], axis=2) if len(info.shape) == 3 else grey


def _scaled(height: int, width: int, frame: _Frame) -> tuple[int, int]:
    """The content's size in the sample."""
    most_height, most_width = frame.box
    scale = most_height / height if frame.squeezed else min(most_height / height, most_width / width)
    return (
        max(1, min(most_height, round(height * scale))),
        max(1, min(most_width, round(width * scale))),
    )


def _start(small: np.ndarray, axis: int, size: int, frame: _Frame) -> int:
    """The first pixel of the content along an axis of `size` pixels."""
    free = size - small.shape[axis]
    if not frame.by_mass:
        return (free + 1) // 2  # as in both data sets, the first margin is the wider one if they differ
    weights = small.sum(axis=1 - axis)
    mass = float((weights * np.arange(len(weights))).sum() / max(weights.sum(), 1e-9))
    return min(max(round((size - 1) / 2 - mass), 0), free)
