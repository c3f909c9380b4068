"""Sprite sheets: many small images in one picture file, from which the browser cuts them out.

One file compresses better and decodes faster than thousands. Its size is bounded by the bytes of the file and by the
memory of the decoded sheet (4 bytes a pixel in the browser): small sheets are lossless (PNG), larger ones lossy (WebP),
and the largest are halved in resolution.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from aecore.export.sprites import side_by_side

EXACT = 4_200_000  # array values up to which a sheet is a PNG
PIXELS = 16_000_000  # largest sheet, 64 MB decoded; its sides stay far below the browsers' limit of 16,384
BYTES = 4_500_000  # largest file; a map of 60,000 points sends three sheets
QUALITY = 60


@dataclass(frozen=True)
class Sheet:
    """A near-square picture of `count` images; image i is in row i // columns and column i % columns.

    `width` and `height` are those of one image in the sheet; `halved` is true if its resolution was reduced; `version`
    is a fingerprint of the images.
    """

    file: bytes
    version: str
    kind: str
    count: int
    columns: int
    width: int
    height: int
    halved: bool

    def __len__(self) -> int:
        return self.count

    def facts(self) -> dict[str, int | str]:
        """The fields that the browser needs to cut images out of the sheet."""
        return {name: value for name, value in vars(self).items() if name not in ("file", "count")}


def sheet(images: np.ndarray, lossy: bool = False) -> Sheet:
    """The sprite sheet of these images, cached by their content.

    Parameters
    ----------
    images : (n, height, width) or with 1 or 3 channels last, uint8; n ≥ 1.
    lossy : WebP also for a small sheet, to save bytes; large sheets are always WebP.

    Raises
    ------
    ValueError : for another shape or dtype.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    fits = images.ndim == 3 or (images.ndim == 4 and images.shape[-1] == 3)
    if images.dtype != np.uint8 or not fits or 0 in images.shape:
        raise ValueError(f"images: got {images.dtype} {images.shape}, allowed: uint8 (n, height, width[, 1 or 3])")
    return _sheet(fingerprint(images) + "~" * lossy, images, lossy)


@st.cache_resource(show_spinner=False, max_entries=24)
def cached_sheet(of: tuple[Hashable, ...], _images: Callable[[], np.ndarray]) -> Sheet:
    """The sheet of the images that `_images()` returns, cached by `of`, which has to contain everything that they
    depend on."""
    return sheet(_images())


def fingerprint(*arrays: np.ndarray | bytes | None) -> str:
    """Hash of the arrays' contents, shapes and dtypes: 16 hexadecimal digits."""
    digest = hashlib.sha1(usedforsecurity=False)  # SHA-1 has processor instructions
    for array in arrays:
        if isinstance(array, np.ndarray):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        else:
            digest.update(b"-" if array is None else array)
        digest.update(b"|")
    return digest.hexdigest()[:16]


@st.cache_resource(show_spinner=False, max_entries=8)
def _sheet(content: str, _images: np.ndarray, lossy: bool) -> Sheet:
    images = _images
    while int(np.prod(images.shape[:3])) > PIXELS and min(images.shape[1:3]) > 1:
        images = _halved(images)
    sheet = _encoded(images, content, images is not _images, lossy)
    while len(sheet.file) > BYTES and min(images.shape[1:3]) > 1:
        images = _halved(images)
        sheet = _encoded(images, content, True, lossy)
    return sheet


def _encoded(images: np.ndarray, content: str, halved: bool, lossy: bool) -> Sheet:
    count, height, width = images.shape[:3]
    picture, columns = side_by_side(images)
    image = Image.fromarray(picture)
    file = io.BytesIO()
    exact = images.size <= EXACT and not lossy
    if exact:
        image.save(file, "PNG", compress_level=1)
    else:
        image.save(file, "WEBP", quality=QUALITY, method=0)
    kind = "image/png" if exact else "image/webp"
    return Sheet(file.getvalue(), content, kind, count, columns, width, height, halved)


def _halved(images: np.ndarray) -> np.ndarray:
    """Images at half the resolution: each pixel is the mean of four; an odd last row or column is dropped."""
    height, width = images.shape[1] // 2 * 2, images.shape[2] // 2 * 2
    even = images[:, :height, :width].astype(np.uint16)
    rows = even[:, 0::2] + even[:, 1::2]
    return ((rows[:, :, 0::2] + rows[:, :, 1::2] + 2) // 4).astype(np.uint8)
