"""One image file as pixels: header, decoding, and scaling to a size. Pillow reads the files."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from aecore.errors import UploadError
from aecore.uploads.files import reason

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_BYTES = 20 * 2**20  # of one file
MAX_PIXELS = 25_000_000  # of one file; 100 MB while it is decoded
_TURNED = (5, 6, 7, 8)  # orientations of EXIF with width and height exchanged
_GREY = ("1", "L", "LA", "La", "I", "F")


@dataclass(frozen=True)
class Header:
    """What the first bytes of an image file say: the upright size, and what will be changed."""

    height: int
    width: int
    grey: bool
    frames: int = 1
    turned: bool = False
    converted: str = ""  # the mode, if it is neither grey nor RGB of 8 bits


def header(content: bytes) -> Header:
    """The header of an image file. Raises `UploadError`, whose text is the reason only."""
    with _open(content) as image:
        try:
            orientation = int(image.getexif().get(0x0112) or 1)
            frames = int(getattr(image, "n_frames", 1))
        except Exception:  # damaged EXIF data, or later frames
            orientation, frames = 1, 1
        turned = orientation in _TURNED
        width, height = image.size[::-1] if turned else image.size
        grey = image.mode in _GREY or image.mode.startswith("I;16")
        converted = "" if image.mode in ("L", "RGB") else image.mode
        return Header(height, width, grey, frames, orientation > 1, converted)


def pixels(content: bytes, size: tuple[int, int], fit: str, grey: bool) -> np.ndarray:
    """The first frame upright, as uint8 (height, width[, 3]) of `size` = (height, width).

    `fit`: 'pad' keeps the whole picture and fills the rest with the colour of its border, 'crop' keeps its middle,
    'stretch' ignores its proportions. Raises `UploadError`, whose text is the reason only.
    """
    with _open(content) as image:
        try:
            image.draft("RGB", (4 * size[1], 4 * size[0]))  # a JPEG is decoded at a smaller scale
            image.load()
            upright = ImageOps.exif_transpose(_eight_bits(image))
            return fitted(upright.convert("L" if grey else "RGB"), size, fit)
        except UploadError:
            raise
        except Exception as error:  # Pillow's decoders raise many types on damaged bytes
            raise UploadError(f"damaged ({reason(error)})") from None


def fitted(image: Image.Image, size: tuple[int, int], fit: str) -> np.ndarray:
    """An image of mode L or RGB as uint8 (height, width[, 3]) of `size` = (height, width)."""
    height, width = size
    if image.size == (width, height):
        return np.asarray(image)
    if fit == "stretch":
        return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0))
    if fit == "crop":
        return np.asarray(ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS))
    scale = min(height / image.height, width / image.width)
    inner = max(1, min(width, round(image.width * scale))), max(1, min(height, round(image.height * scale)))
    small = np.asarray(image.resize(inner, Image.Resampling.LANCZOS, reducing_gap=3.0))
    whole = np.empty((height, width, *small.shape[2:]), np.uint8)
    whole[:] = _border(small)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    whole[top : top + small.shape[0], left : left + small.shape[1]] = small
    return whole


def _border(pixels: np.ndarray) -> np.ndarray:
    """The median colour of an image's outermost pixels."""
    sides = pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]
    return np.median(np.concatenate(sides), axis=0).astype(np.uint8)


def _open(content: bytes) -> Image.Image:
    if len(content) > MAX_BYTES:
        raise UploadError(f"a file of {len(content) / 2**20:,.0f} MB, more than {MAX_BYTES // 2**20}")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)  # reads the header only
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UploadError(f"more than {MAX_PIXELS // 10**6} megapixels") from None
    except Exception:  # a plugin may fail in any way on bytes that were made to break it
        raise UploadError("no PNG, JPEG, WebP, BMP, GIF or TIFF image") from None
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise UploadError(f"{image.width:,} × {image.height:,} pixels, more than {MAX_PIXELS // 10**6} megapixels")
    return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """An image of mode L or RGB: deeper modes are scaled, transparent pixels become white."""
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image, np.float32), posinf=0.0, neginf=0.0).astype(np.float64)
        spread = float(np.ptp(values)) or 1.0
        return _copy_exif(Image.fromarray(((values - values.min()) * (255 / spread)).astype(np.uint8)), image)
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip, not scale, to 8
        return _copy_exif(Image.fromarray((np.asarray(image, np.float32) / 257).clip(0, 255).astype(np.uint8)), image)
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    if image.mode in ("1", "CMYK", "YCbCr", "LAB", "HSV"):
        return _copy_exif(image.convert("L" if image.mode == "1" else "RGB"), image)
    grey = image.mode in ("LA", "La", "L")
    layers = image.convert("RGBA")
    opaque = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return _copy_exif(opaque.convert("L" if grey else "RGB"), image)


def _copy_exif(converted: Image.Image, image: Image.Image) -> Image.Image:
    """`converted` with the orientation of `image`, which some conversions lose."""
    orientation = image.getexif().get(0x0112)
    if orientation:
        converted.getexif()[0x0112] = orientation
    return converted
