"""Arrays of NumPy's and MNIST's files, and what their shapes mean. Nothing is unpickled."""

from __future__ import annotations

import gzip
import math
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from PIL import Image

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.text import counted
from aecore.uploads import archive, labels, pictures
from aecore.uploads.cleaning import as_numbers, finite_rows, without_missing
from aecore.uploads.files import UploadedFile, reason
from aecore.uploads.samples import MAX_VALUES, Samples, check_size
from aecore.uploads.sequences import as_sequences

X = ("x", "data", "images", "samples", "features", "embeddings", "arr_0")
Y = ("y", "labels", "label", "target", "targets", "classes", "arr_1")
X_TRAIN, Y_TRAIN = ("x_train", "train_x", "train_images", "train"), ("y_train", "train_y", "train_labels")
X_TEST = ("x_test", "test_x", "test_images", "test", "x_val", "x_valid", "validation")
Y_TEST = ("y_test", "test_y", "test_labels", "y_val", "y_valid", "validation_labels")
IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
MAX_BYTES = 8 * MAX_VALUES  # of one array in memory
IMAGE_SIDE = 8  # arrays (n, a, b) of pixel values are images if both sides have as many pixels


def read_npy(file: UploadedFile, spec: UploadSpec) -> Samples:
    """The samples of an `.npy` file. Raises `UploadError`."""
    with file.path.open("rb") as stream:
        _check_header(stream, file.title, file.path.stat().st_size)
    try:
        array = np.load(file.path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy raises many types on damaged bytes
        raise _damaged(file.title, error) from None
    return from_arrays({"x": array}, file.title, spec)


def read_npz(file: UploadedFile, spec: UploadSpec) -> Samples:
    """The samples of an `.npz` file with x and perhaps y, or x_train, y_train, x_test, y_test. Raises `UploadError`."""
    arrays = {}
    with archive.opened(file) as zip_file:
        for entry in zip_file.members:
            if not entry.filename.endswith(".npy"):
                continue
            title = f"{file.title}: {labels.plain_name(entry.filename)}"
            with zip_file.opened(entry) as stream:
                _check_header(stream, title, entry.file_size)
            with zip_file.opened(entry) as stream:
                try:
                    array = np.lib.format.read_array(stream, allow_pickle=False)
                except Exception as error:
                    raise _damaged(title, error) from None
            arrays[entry.filename.removesuffix(".npy")] = array
    return from_arrays(arrays, file.title, spec)


def is_npz(file: UploadedFile) -> bool:
    """True for a ZIP with an array in it. Raises `UploadError` for a damaged or hostile one."""
    with archive.opened(file) as zip_file:
        return any(entry.filename.endswith(".npy") for entry in zip_file.members)


def read_idx(files: Sequence[UploadedFile], spec: UploadSpec) -> Samples:
    """The samples of IDX files, gzipped or not: images, their labels, and those of a test set, whose names begin with
    t10k or test. Raises `UploadError`."""
    arrays: dict[str, np.ndarray] = {}
    for file in files:
        array = _idx(file)
        part = "test" if file.title.lower().startswith(("t10k", "test")) else "train"
        name = f"{'y' if array.ndim == 1 else 'x'}_{part}"
        if name in arrays:
            raise UploadError(f"{file.title}: got a second file of the same kind, allowed: one file of each")
        arrays[name] = array
    if "x_train" not in arrays and "x_test" in arrays:
        arrays = {name.replace("test", "train"): array for name, array in arrays.items()}
    return from_arrays(arrays, files[0].title, spec)


def from_arrays(arrays: dict[str, np.ndarray], title: str, spec: UploadSpec) -> Samples:
    """`Samples` of named arrays. Raises `UploadError`."""
    x, y, n_test, facts = _parts(arrays, title)
    numbers = as_numbers(x, title)
    if y is not None and len(y) != len(numbers):
        raise UploadError(f"{title}: got {len(y):,} labels for {len(numbers):,} samples, allowed: one a sample")
    samples = _shaped(numbers, title, spec)
    kept, x = samples.kept, samples.x
    n_test = int((kept >= len(numbers) - n_test).sum()) if n_test else 0
    facts += samples.facts
    classes: tuple[str, ...] = ()
    coded = None
    if y is not None:
        coded, classes, said = labels.encoded(y[kept], "Labels")
        facts += said
    return Samples(samples.form, x, coded, classes, n_test=n_test, facts=tuple(facts))


class _Shaped:
    """Samples of an array, and the indices of those that are kept."""

    def __init__(self, form: str, x: np.ndarray, kept: np.ndarray, facts: list[str]) -> None:
        self.form, self.x, self.kept, self.facts = form, x, kept, facts


def _parts(arrays: dict[str, np.ndarray], title: str) -> tuple[np.ndarray, np.ndarray | None, int, list[str]]:
    """(x, y or None, number of test samples at the end, facts) of named arrays."""
    by_name = {name.lower(): array for name, array in arrays.items()}

    def first(names: Sequence[str]) -> str | None:
        return next((name for name in names if name in by_name), None)

    x, y = first(X_TRAIN), first(Y_TRAIN)
    x_test, y_test = (first(X_TEST), first(Y_TEST)) if x else (None, None)
    if x is None:
        x, y = first(X), first(Y)
    if x is None and len(by_name) == 1:
        x = next(iter(by_name))
    if x is None:
        got = ", ".join(labels.plain_name(name, 20) for name in list(arrays)[:8]) or "nothing"
        raise UploadError(f"{title}: got {got}; allowed: x and y, or x_train, y_train, x_test and y_test")
    others = len(by_name) - len({x, y, x_test, y_test} - {None})
    facts = [f"{counted(others, 'other array')} in the file left out."] if others else []
    samples, classes, n_test = by_name[x], by_name[y] if y else None, 0
    for array in (samples, *([by_name[x_test]] if x_test else [])):
        if array.ndim < 2:
            raise UploadError(f"{title}: got an array of shape {array.shape}, allowed: (n, …), a row a sample")
    if classes is not None:
        classes = _labels(classes, title)
    if x_test:
        test = by_name[x_test]
        if test.shape[1:] != samples.shape[1:]:
            raise UploadError(f"{title}: got test samples of shape {test.shape[1:]}, allowed: {samples.shape[1:]}")
        if test.dtype != samples.dtype:  # else joining them might make texts of numbers
            test, samples = as_numbers(test, title), as_numbers(samples, title)
        check_size(len(samples) + len(test), samples.shape[1:], title)
        n_test = len(test)
        if classes is not None and y_test:
            test_classes = _labels(by_name[y_test], title)
            if len(classes) != len(samples) or len(test_classes) != n_test:
                raise UploadError(f"{title}: got labels of another number than samples, allowed: one a sample")
            classes = np.concatenate([classes.astype(object), test_classes.astype(object)])
        elif classes is not None:
            classes = None
            facts.append("The test samples have no labels, so there are no classes.")
        samples = np.concatenate([samples, test])
        if n_test:
            facts.append(f"The file's {counted(n_test, 'test sample')} are the validation set.")
    check_size(len(samples), samples.shape[1:], title)
    if not samples.size:
        raise UploadError(f"{title}: got an empty array of shape {samples.shape}, allowed: samples with numbers")
    return samples, classes, n_test, facts


def _labels(array: np.ndarray, title: str) -> np.ndarray:
    """Labels (n,) of an array (n,), (n, 1), or one-hot (n, k)."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and 1 < array.shape[1] <= labels.MAX_CLASSES and array.dtype.kind in "buif":
        array = array.argmax(axis=1)
    if array.ndim != 1 or array.dtype.kind not in "buifUS":
        raise UploadError(f"{title}: got labels {array.dtype} {array.shape}, allowed: numbers or texts (n,)")
    return array


def _shaped(x: np.ndarray, title: str, spec: UploadSpec) -> _Shaped:
    """The samples of an array by its shape and the spec's choice."""
    check_size(len(x), x.shape[1:], title)
    form = spec.read_as if spec.read_as != "auto" else _form(x)
    if form == "table" or (x.ndim == 2 and form == "sequences"):
        rows = x.reshape(len(x), -1)
        rows, kept, facts = without_missing(rows, spec, title)
        if form == "sequences":
            rows, more = as_sequences(rows[:, :, None], title)
            return _Shaped(form, rows, kept, facts + more)
        if x.ndim > 2:
            facts.append(f"Samples of shape {x.shape[1:]} as rows of {counted(rows.shape[1], 'number')}.")
        return _Shaped(form, rows, kept, facts)
    fits = {"images": x.ndim in (3, 4), "sequences": x.ndim == 3}[form]
    if not fits:
        allowed = {"images": "(n, height, width[, channels])", "sequences": "(n, steps[, features])"}[form]
        raise UploadError(f"{title}: got an array of shape {x.shape}, allowed: {allowed}")
    kept, facts = finite_rows(x, title)
    x = x if len(kept) == len(x) else x[kept]
    if form == "sequences":
        x, more = as_sequences(x, title)
        return _Shaped(form, x, kept, facts + more)
    x, more = _images(x, title, spec)
    return _Shaped(form, x, kept, facts + more)


def _form(x: np.ndarray) -> str:
    """'table', 'images' or 'sequences' by the shape and, for (n, a, b), by whether the values may be pixels."""
    if x.ndim == 2:
        return "table"
    if x.ndim != 3:
        return "images"
    large = min(x.shape[1:]) >= IMAGE_SIDE
    return "images" if x.dtype == np.uint8 or (large and _bytes_factor(x)) else "sequences"


def _bytes_factor(x: np.ndarray) -> float:
    """255 for values in [0, 1], 1 for whole numbers from 0 to 255, 0 for others."""
    if x.dtype == np.uint8:
        return 255.0 if x.max() <= 1 else 1.0
    with np.errstate(invalid="ignore"):
        if not x.min() >= 0:
            return 0.0
        high = x.max()
        if high <= 1:
            return 255.0
        return 1.0 if high <= 255 and all((part == np.floor(part)).all() for part in x) else 0.0


def _images(x: np.ndarray, title: str, spec: UploadSpec) -> tuple[np.ndarray, list[str]]:
    """Images (n, height, width[, 3]) uint8, not larger than the spec's side."""
    facts = []
    if x.ndim == 4 and x.shape[3] not in (1, 3, 4) and x.shape[1] in (1, 3):
        x = np.moveaxis(x, 1, 3)
        facts.append("Channels moved from the first axis to the last.")
    if x.ndim == 4 and x.shape[3] == 4:
        x = x[..., :3]
        facts.append("The fourth channel is left out.")
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.ndim == 4 and x.shape[3] != 3:
        raise UploadError(f"{title}: got images of shape {x.shape[1:]}, allowed: (height, width[, 1, 3 or 4 channels])")
    pixels, said = _as_bytes(x)
    facts += said
    if spec.colour == "grey" and pixels.ndim == 4:
        weights = np.array([299, 587, 114])  # of Pillow's and ITU-R 601's grey
        pixels = np.stack([(image @ weights // 1000).astype(np.uint8) for image in pixels])
        facts.append("Colours kept as grey.")
    height, width = pixels.shape[1:3]
    if max(height, width) > spec.side:
        scale = spec.side / max(height, width)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        small = [pictures.fitted(Image.fromarray(image), size, "stretch") for image in pixels]
        pixels = np.stack(small)
        facts.append(f"Images of {height:,} × {width:,} pixels, scaled to {size[0]} × {size[1]}.")
    return np.ascontiguousarray(pixels), facts


def _as_bytes(x: np.ndarray) -> tuple[np.ndarray, list[str]]:
    factor = _bytes_factor(x)
    if x.dtype == np.uint8 and factor == 1:
        return x, []
    if factor == 1:
        return x.astype(np.uint8), []
    if factor:
        return _scaled(x, 0.0, factor), ["Pixels from 0 to 1 kept as bytes from 0 to 255."]
    low, high = (float(x.min()), float(x.max()))
    spread = (high - low) or 1.0
    return _scaled(x, low, 255 / spread), [f"Pixels from {low:.4g} to {high:.4g} scaled to bytes from 0 to 255."]


def _scaled(x: np.ndarray, low: float, factor: float) -> np.ndarray:
    result = np.empty(x.shape, np.uint8)
    for i, image in enumerate(x):  # one at a time: the copy in floats is small
        result[i] = np.clip((image.astype(np.float64) - low) * factor + 0.5, 0, 255)
    return result


def _check_header(stream: IO[bytes], title: str, size: int) -> None:
    """Raise `UploadError` for an array of objects, and for one that is too large or cut off, before it is read."""
    try:
        version = np.lib.format.read_magic(stream)
        read: Any = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except Exception as error:
        raise _damaged(title, error) from None
    if dtype.hasobject:
        raise UploadError(f"{title}: got Python objects, which would have to be unpickled; allowed: numbers")
    length = math.prod(shape) * dtype.itemsize
    if length > MAX_BYTES:
        raise UploadError(f"{title}: got an array of {length:,} bytes, allowed: at most {MAX_BYTES:,}")
    if len(shape) > 1:
        check_size(shape[0], tuple(shape[1:]), title)
    if stream.tell() + length > size:
        raise UploadError(f"{title}: got a file that is cut off, allowed: a whole one")


def _idx(file: UploadedFile) -> np.ndarray:
    """The array of an IDX file (http://yann.lecun.com/exdb/mnist), gzipped or not."""
    try:
        with gzip.open(file.path) if file.kind() == "gzip" else file.path.open("rb") as stream:
            head = stream.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in IDX_TYPES or not 1 <= head[3] <= 4:
                raise UploadError(f"{file.title}: got no IDX file, allowed: MNIST's format, gzipped or not")
            shape = tuple(np.frombuffer(stream.read(4 * head[3]), ">u4").tolist())
            if len(shape) != head[3]:
                raise UploadError(f"{file.title}: got a file that is cut off, allowed: a whole one")
            check_size(shape[0], shape[1:], file.title)
            dtype = np.dtype(IDX_TYPES[head[2]])
            expected = math.prod(shape) * dtype.itemsize
            content = stream.read(expected + 1)
    except UploadError:
        raise
    except Exception as error:  # gzip and zlib raise several types on damaged bytes
        raise _damaged(file.title, error) from None
    if len(content) != expected:
        more = "more" if len(content) > expected else "fewer"
        raise UploadError(f"{file.title}: got {more} bytes than the shape {shape} needs, allowed: a whole IDX file")
    return np.frombuffer(content, dtype).reshape(shape)


def _damaged(title: str, error: Exception) -> UploadError:
    return UploadError(f"{title}: got a damaged file ({reason(error)}), allowed: a whole one")
