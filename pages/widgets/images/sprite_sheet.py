"""Many small images as one picture file, a sheet, that a browser cuts up again.

One file compresses better and decodes faster than thousands. What 60,000 images need is bounded twice: by the bytes on
their way and by the memory of the decoded sheet (4 bytes a pixel in the browser). Up to 5,000 Fashion-MNIST images are
kept exactly (PNG, 2.2 MB); 20,000 in full resolution, but lossy (WebP, about 170 bytes an image); 60,000 at half the
resolution (WebP, 3.4 MB).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

EXACT = 4_200_000  # values of a sheet up to which it is a PNG
PIXELS = 16_000_000  # of a sheet, 64 MB decoded; also keeps its sides far below a browser's 16,384
BYTES = 4_500_000  # of a sheet's file: three of them, neighbours and positions make a map of 60,000 points
QUALITY = 60


@dataclass(frozen=True)
class Sheet:
    """Images row by row in a near-square picture: image i of `count` stands in row i // columns, column i % columns.
    `width` and `height` are one image's in the sheet; `halved` says that this is less than it was; `version`
    names the content of the images."""

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
        """Header that the browser needs to cut the sheet up."""
        return {name: value for name, value in vars(self).items() if name not in ("file", "count")}


def sheet(images: np.ndarray, lossy: bool = False) -> Sheet:
    """The sheet of these images; computed once for the same content.

    Parameters
    ----------
    images : (n, height, width) or with 1 or 3 channels last, uint8; n ≥ 1.
    lossy : where the bytes are needed for something else; large sheets are so anyway.

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
def kept(of: tuple[Hashable, ...], _images: Callable[[], np.ndarray]) -> Sheet:
    """The sheet of what `_images` gives, which is not even called for `of` that is known: down to every argument that
    changes them."""
    return sheet(_images())


def fingerprint(*arrays: np.ndarray | bytes | None) -> str:
    """A short name of the content, shapes and dtypes included."""
    digest = hashlib.sha1(usedforsecurity=False)  # the processor has instructions for it: a millisecond a megabyte
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
    made = _drawn(images, content, images is not _images, lossy)
    while len(made.file) > BYTES and min(images.shape[1:3]) > 1:
        images = _halved(images)
        made = _drawn(images, content, True, lossy)
    return made


def _drawn(images: np.ndarray, content: str, halved: bool, lossy: bool) -> Sheet:
    count, height, width = images.shape[:3]
    columns = max(1, round((count * height / width) ** 0.5))
    rows = -(-count // columns)
    filled = np.zeros((rows * columns, *images.shape[1:]), np.uint8)
    filled[:count] = images
    picture = filled.reshape(rows, columns, *images.shape[1:]).swapaxes(1, 2)
    drawn = Image.fromarray(np.ascontiguousarray(picture).reshape(rows * height, columns * width, *images.shape[3:]))
    file = io.BytesIO()
    exact = images.size <= EXACT and not lossy
    if exact:
        drawn.save(file, "PNG", compress_level=1)
    else:
        drawn.save(file, "WEBP", quality=QUALITY, method=0)
    kind = "image/png" if exact else "image/webp"
    return Sheet(file.getvalue(), content, kind, count, columns, width, height, halved)


def _halved(images: np.ndarray) -> np.ndarray:
    """Half as high and wide, each pixel the mean of four; an odd last row or column is left out."""
    height, width = images.shape[1] // 2 * 2, images.shape[2] // 2 * 2
    even = images[:, :height, :width].astype(np.uint16)
    rows = even[:, 0::2] + even[:, 1::2]
    return ((rows[:, :, 0::2] + rows[:, :, 1::2] + 2) // 4).astype(np.uint8)
