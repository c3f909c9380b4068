"""Files that were made to break the readers: only `UploadError` leaves them, in one line, and nothing is written.

Each test starts from a whole file and damages it, so that the damage reaches deep into the parsers.
"""

from __future__ import annotations

import gzip
import io
import itertools
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.uploads.files import UploadedFile
from aecore.uploads.prepare import prepare
from aecore.uploads.reading import read as read_files
from tests.uploads.made_files import coloured, idx, image_file, npy, npz, zip_file

CASES = int(os.environ.get("FUZZ_CASES", 40))  # of each damaged file; four times as many of the other tests
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (16, 12, 3), np.uint8)
FRAME = pd.DataFrame(RANDOM.normal(size=(15, 4)), columns=list("abcd")).assign(kind=["x", "y", "z"] * 5)


def parquet() -> bytes:
    buffer = io.BytesIO()
    FRAME.to_parquet(buffer)
    return buffer.getvalue()


def tiff16() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257).save(buffer, "TIFF")
    return buffer.getvalue()


SEEDS = {
    "png": image_file(PIXELS),
    "palette": image_file(PIXELS, "PNG", "P"),
    "jpeg": image_file(PIXELS, "JPEG"),
    "webp": image_file(PIXELS, "WEBP"),
    "gif": image_file(PIXELS, "GIF"),
    "bmp": image_file(PIXELS, "BMP"),
    "tiff": image_file(PIXELS, "TIFF"),
    "tiff16": tiff16(),
    "zip": zip_file({f"{'ab'[i % 2]}/{i}.png": one for i, one in enumerate(coloured(12, 6))}),
    "npy": npy(RANDOM.normal(size=(15, 4))),
    "npz": npz(x=RANDOM.normal(size=(15, 4)), y=np.arange(15) % 3),
    "idx": idx(RANDOM.integers(0, 256, (15, 6, 6), np.uint8)),
    "idx.gz": gzip.compress(idx(RANDOM.integers(0, 256, (15, 6, 6), np.uint8))),
    "csv": FRAME.to_csv(index=False).encode(),
    "csv;": FRAME.to_csv(index=False, sep=";", decimal=",").encode(),
    "utf-16": FRAME.to_csv(index=False).encode("utf-16"),
    "parquet": parquet(),
}


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with some bytes changed, taken out, put in or cut off."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.sampled_from(("set", "flip", "take", "put", "cut", "repeat")))
        if how == "set":
            data[at : at + 1] = bytes([draw(st.sampled_from((0, 1, 127, 128, 255, 44, 34, 10)))])
        elif how == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "take":
            del data[at : at + draw(st.integers(1, 40))]
        elif how == "put":
            data[at:at] = draw(st.binary(min_size=1, max_size=20))
        elif how == "repeat":
            data[at:at] = data[at : at + draw(st.integers(1, 60))]
        else:
            del data[at:]
    return bytes(data)


SPECS = st.builds(
    UploadSpec,
    read_as=st.sampled_from(("auto", "images", "table", "sequences")),
    scale=st.sampled_from(("auto", "unit", "standard", "none")),
    missing=st.sampled_from(("median", "drop")),
    side=st.integers(4, 64),
    fit=st.sampled_from(("pad", "crop", "stretch")),
    colour=st.sampled_from(("auto", "grey", "colour")),
    lengths=st.sampled_from(("pad", "resample")),
    label=st.sampled_from(("", "-", "kind", "a")),
)


def read(spec: UploadSpec, *contents: bytes) -> Any:
    """The prepared data, None if they are refused; fails for any other error and for files written anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        files = [UploadedFile(f"../{i}", Path(folder, f"in{i}")) for i in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.path.write_bytes(content)
        data, refused = None, ""
        try:
            data = prepare(read_files(files, spec), spec)
        except UploadError as error:
            refused = str(error)
        assert "\n" not in refused and len(refused) < 400
        assert {path.name for path in Path(folder).iterdir()} == {file.path.name for file in files}
        if data is None:
            return None
        for part in (data.train, data.validation):
            assert part.dtype in (np.uint8, np.float32) and np.isfinite(part).all()
            assert not data.unit_range or part.dtype == np.uint8 or (part.min() >= 0 and part.max() <= 1)
        return data


@pytest.mark.parametrize("name", SEEDS)
def test_no_damage_of_a_file_leaves_a_traceback(name: str) -> None:
    @settings(max_examples=CASES)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        broken, spec = data.draw(damaged(SEEDS[name])), data.draw(SPECS)
        single = name in ("png", "palette", "jpeg", "webp", "gif", "bmp", "tiff", "tiff16")
        read(spec, *((*coloured(11, 6), broken) if single else (broken,)))

    run()


@settings(max_examples=4 * CASES)
@given(st.binary(max_size=400), SPECS)
def test_no_bytes_leave_a_traceback(content: bytes, spec: UploadSpec) -> None:
    read(spec, content)


cells = st.one_of(
    st.sampled_from(("", "nan", "inf", "-inf", "1e300", "1e-300", "0", "1,5", "2020-01-01", "=cmd|' /C calc'!A0", "?")),
    st.floats(width=32).map(str),
    st.integers().map(str),
    st.text(max_size=8),
)


@settings(max_examples=4 * CASES)
@given(
    st.lists(st.lists(cells, min_size=1, max_size=6), min_size=1, max_size=30),
    st.sampled_from((",", ";", "\t")),
    st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252")),
    SPECS,
)
def test_no_table_leaves_a_traceback(rows: list[list[str]], separator: str, encoding: str, spec: UploadSpec) -> None:
    read(spec, "\n".join(separator.join(row) for row in rows).encode(encoding, "replace"))


dtypes = ("?", "u1", "i1", "i8", "u8", "f2", ">f4", "f8", "c8", "U3", "S2", "M8[D]", "m8[s]", "f4,i2")


@settings(max_examples=4 * CASES)
@given(
    st.sampled_from(dtypes),
    st.lists(st.integers(0, 14), max_size=5),
    st.binary(min_size=8, max_size=64),
    st.booleans(),
    SPECS,
)
def test_no_array_leaves_a_traceback(
    dtype: str, shape: list[int], seed: bytes, labelled: bool, spec: UploadSpec
) -> None:
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=int)) * kind.itemsize
    if size > 200_000:
        return
    content = bytes(itertools.islice(itertools.cycle(seed), size))
    array = np.frombuffer(content, kind).reshape(shape) if size else np.zeros(shape, kind)
    read(spec, npz(x=array, y=array.reshape(-1)[: len(array) if array.ndim else 0]) if labelled else npy(array))


def test_whole_files_are_read() -> None:
    for name, content in SEEDS.items():
        if name in ("zip", "npy", "npz", "idx", "idx.gz", "csv", "csv;", "utf-16", "parquet"):
            assert read(UploadSpec(), content) is not None, name
