"""HTML of one sample: a pixelated `<img>` for an image, bars for a vector or a sequence.

`st.html` strips inline SVG, so bars are plain boxes and images are data URLs.
"""

from __future__ import annotations

import base64
import html
import struct
import zlib
from functools import lru_cache

import numpy as np

TOO_BRIGHT = np.array([255, 150, 40], np.float32)
TOO_DARK = np.array([50, 115, 255], np.float32)
MID_GREY = 128.0
DIFFERENCE_GAIN = 2.0  # a difference of half the range gets the full colour, because most differences are small
SMALL = 4000  # bytes up to which an image's file is cached
MAX_BARS = 96  # of a sample; a bar of a wider one is the mean of neighbours
FEW_FEATURES = 3  # up to which sequences are drawn as bars, the features one after the other
MAX_NUMBERS = 4  # features up to which a vector's values are written below its bars


def to_uint8(samples: np.ndarray) -> np.ndarray:
    """Images as uint8: floats are clipped to [0, 1] and scaled, NaN becomes 0; uint8 is returned unchanged."""
    samples = np.asarray(samples)
    if samples.dtype == np.uint8:
        return samples
    values = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def difference_image(original: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Signed difference as an image: orange where the reconstruction is too bright, blue where too dark, else grey.

    Takes one image or a stack, uint8 or floats in [0, 1]: (…, height, width) or (…, height, width, channels) with 1 or
    3 channels, whose differences are averaged. Returns uint8 (…, height, width, 3).
    """
    signed = (to_uint8(reconstruction).astype(np.float32) - to_uint8(original)) / 255
    if signed.ndim >= 3 and signed.shape[-1] in (1, 3):
        signed = signed.mean(axis=-1)
    signed = np.clip(signed * DIFFERENCE_GAIN, -1, 1)[..., None]
    colour = np.where(signed > 0, TOO_BRIGHT, TOO_DARK)
    return (MID_GREY + np.abs(signed) * (colour - MID_GREY) + 0.5).astype(np.uint8)


def difference(original: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Differences of two stacks of samples: `difference_image` for images, `reconstruction - original` for others."""
    if np.ndim(original) >= 3 and not is_sequence(np.shape(original)[1:]):
        return difference_image(original, reconstruction)
    return np.asarray(reconstruction, np.float32) - np.asarray(original, np.float32)


def png(image: np.ndarray) -> bytes:
    """An image (height, width), (height, width, 1) or (height, width, 3) as a PNG file.

    Written without Pillow, whose set-up takes longer than the compression of a thumbnail (Portable Network Graphics
    Specification, W3C).
    """
    image = to_uint8(image)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[-1] != 3) or 0 in image.shape:
        raise ValueError(f"image: got shape {image.shape}, allowed: (height, width), with 1 or 3 channels last")
    write = _cached_png if image.size <= SMALL else _png
    height, width = image.shape[:2]
    return write(image.tobytes(), height, width, image.ndim == 3)


def _png(pixels: bytes, height: int, width: int, coloured: bool) -> bytes:
    lines = np.frombuffer(pixels, np.uint8).reshape(height, -1)
    rows = np.zeros((height, 1 + lines.shape[1]), np.uint8)  # each row begins with its filter, 0: none
    rows[:, 1:] = lines
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if coloured else 0, 0, 0, 0)
    data = zlib.compress(rows.tobytes(), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


_cached_png = lru_cache(maxsize=2000)(_png)  # sessions of one class look at the same images


def image_html(image: np.ndarray, alt: str) -> str:
    """An `<img>` with a data URL, decoded synchronously so that images replaced during training do not flicker."""
    data = base64.b64encode(png(image)).decode()
    height, width = np.shape(image)[:2]
    return (
        f'<img width="{width}" height="{height}" decoding="sync" alt="{html.escape(alt, quote=True)}" '
        f'src="data:image/png;base64,{data}">'
    )


def vector_html(vector: np.ndarray, alt: str, limit: float) -> str:
    """A vector as HTML: a bar per feature around a zero line, scaled to ±`limit`, with up to `MAX_NUMBERS` values
    below."""
    values = np.nan_to_num(np.asarray(vector, np.float64).ravel())
    heights = np.clip(np.abs(values) / limit, 0, 1) * 50
    bars = "".join(
        f'<i class="{"ae-up" if value >= 0 else "ae-down"}" style="height:{height:.1f}%"></i>'
        for value, height in zip(values, heights, strict=True)
    )
    texts = [f"{value:.2f}".replace("-0.00", "0.00") for value in values[:MAX_NUMBERS]]
    label = f"{alt}: {', '.join(texts)}{', …' if values.size > MAX_NUMBERS else ''}"
    gap = min(6.0, 30 / max(values.size, 1))
    spans = "".join(f"<span>{text}</span>" for text in texts) if values.size <= MAX_NUMBERS else ""
    return (
        f'<div class="ae-vector" role="img" aria-label="{html.escape(label, quote=True)}">'
        f'<div class="ae-bars" style="--gap:{gap:.2g}%">{bars}</div><div class="ae-numbers">{spans}</div></div>'
    )


def sample_html(sample: np.ndarray, alt: str, limit: float = 1.0) -> str:
    """HTML of one sample: `image_html` for two dimensions or more, else, and for sequences, `vector_html`."""
    if not is_bars(sample):
        return image_html(sample, alt)
    values = np.asarray(sample, np.float64).T.ravel()
    if values.size > MAX_BARS:
        values = np.array([part.mean() for part in np.array_split(values, MAX_BARS)])
    return vector_html(values, alt, limit)


def is_bars(sample: np.ndarray) -> bool:
    """True for a sample that is drawn as bars: a vector, or a sequence of few features."""
    return np.ndim(sample) < 2 or is_sequence(np.shape(sample))


def is_sequence(shape: tuple[int, ...]) -> bool:
    """True for the shape of a sample (steps, features) of few features, which is too narrow for an image."""
    return len(shape) == 2 and shape[1] <= FEW_FEATURES


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
