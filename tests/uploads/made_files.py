"""Files as visitors upload them, made by the tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aecore.specs.upload import UploadSpec
from aecore.uploads import reading
from aecore.uploads.files import UploadedFile
from aecore.uploads.samples import Samples


def upload(folder: Path, content: bytes, name: str = "upload") -> UploadedFile:
    path = folder / f"file-{len(list(folder.iterdir()))}"
    path.write_bytes(content)
    return UploadedFile(name, path)


def read(folder: Path, *contents: bytes, names: tuple[str, ...] = (), **spec: Any) -> Samples:
    files = [upload(folder, one, names[i] if names else f"file {i}") for i, one in enumerate(contents)]
    return reading.read(files, UploadSpec(**spec))


def image_file(pixels: np.ndarray, kind: str = "PNG", mode: str | None = None, **options: Any) -> bytes:
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def coloured(n: int, side: int = 12, seed: int = 0) -> list[bytes]:
    random = np.random.default_rng(seed)
    return [image_file(random.integers(0, 256, (side, side, 3), np.uint8)) for _ in range(n)]


def zip_file(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def npy(array: np.ndarray, pickled: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=pickled)
    return buffer.getvalue()


def npz(pickled: bool = False, **arrays: np.ndarray) -> bytes:
    return zip_file({f"{name}.npy": npy(array, pickled) for name, array in arrays.items()})


def idx(array: np.ndarray) -> bytes:
    shape = np.array(array.shape, ">i4").tobytes()
    return bytes((0, 0, 8, array.ndim)) + shape + np.asarray(array, np.uint8).tobytes()
