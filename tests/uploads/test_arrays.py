"""Arrays of NumPy's and MNIST's files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.uploads.prepare import prepare
from tests.uploads.made_files import idx, npy, npz, read

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (30, 9, 8), np.uint8)
ROWS = RANDOM.normal(size=(40, 5))


@pytest.mark.parametrize(
    ("array", "form", "shape"),
    [
        (PICTURES, "images", (9, 8)),
        (PICTURES / 255, "images", (9, 8)),
        (PICTURES.astype(np.int64), "images", (9, 8)),
        (PICTURES[..., None], "images", (9, 8)),
        (np.stack([PICTURES] * 3, axis=1), "images", (9, 8, 3)),
        (np.stack([PICTURES] * 4, axis=3), "images", (9, 8, 3)),
        (RANDOM.integers(0, 256, (12, 100, 50), np.uint8), "images", (64, 32)),
        (ROWS, "table", (5,)),
        (ROWS.astype(np.float16), "table", (5,)),
        (np.asfortranarray(ROWS), "table", (5,)),
        (ROWS.astype(">f8"), "table", (5,)),
        (ROWS > 0, "table", (5,)),
        (RANDOM.normal(size=(12, 20, 3)), "sequences", (20, 3)),
        (RANDOM.normal(size=(12, 700, 1)), "sequences", (512, 1)),
    ],
)
def test_shape_and_values_say_what_an_array_is(tmp_path: Path, array: np.ndarray, form: str, shape: tuple) -> None:
    samples = read(tmp_path, npy(array))
    assert (samples.form, samples.x.shape) == (form, (len(array), *shape))
    if form == "images":
        assert samples.x.dtype == np.uint8
    elif array.shape[1:] == shape:
        np.testing.assert_allclose(samples.x, array, rtol=1e-6)


def test_pixels_from_0_to_1_are_kept_as_bytes(tmp_path: Path) -> None:
    assert (read(tmp_path, npy(PICTURES / 255)).x == PICTURES).all()
    scaled = read(tmp_path, npy(PICTURES * 2.0 - 300), read_as="images")
    assert (scaled.x.min(), scaled.x.max()) == (0, 255) and "scaled to bytes" in scaled.facts[0]


def test_read_as_overrides_the_guess(tmp_path: Path) -> None:
    assert read(tmp_path, npy(PICTURES), read_as="table").x.shape == (30, 72)
    assert read(tmp_path, npy(PICTURES), read_as="sequences").x.shape == (30, 9, 8)
    assert read(tmp_path, npy(ROWS), read_as="sequences").x.shape == (40, 5, 1)


def test_npz_with_labels_of_any_kind(tmp_path: Path) -> None:
    names = np.array(["b", "<i>a</i>", "\u202eevil", "10"])[RANDOM.integers(0, 4, 40)]
    samples = read(tmp_path, npz(x=ROWS, y=names))
    assert samples.classes == ("10", "‹i›a‹/i›", "b", "evil") and samples.labels is not None
    whole = read(tmp_path, npz(X=ROWS, labels=np.repeat([10.0, 2.0], 20)))
    assert whole.classes == ("2", "10")
    one_hot = read(tmp_path, npz(x=ROWS, y=np.eye(4)[np.arange(40) % 4]))
    assert one_hot.classes == ("0", "1", "2", "3")
    target = read(tmp_path, npz(x=ROWS, y=ROWS[:, 0]))
    assert target.labels is None and "not whole" in target.facts[-1]
    many = read(tmp_path, npz(x=np.tile(ROWS, (250, 1)), y=np.arange(10_000)))
    assert many.labels is None and "10,000 different values" in many.facts[-1]
    single = read(tmp_path, npz(x=ROWS, y=np.zeros(40)))
    assert single.labels is None


def test_keras_style_npz_is_split_as_it_says(tmp_path: Path) -> None:
    y = np.arange(30) % 3
    samples = read(tmp_path, npz(x_train=PICTURES[:22], y_train=y[:22], x_test=PICTURES[22:], y_test=y[22:]))
    assert samples.n_test == 8 and (samples.x == PICTURES).all() and samples.labels.tolist() == y.tolist()
    data = prepare(samples, UploadSpec())
    assert (data.train == PICTURES[:22]).all() and (data.validation == PICTURES[22:]).all()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_files_as_mnist_has_them(tmp_path: Path, pack: Any) -> None:
    y = np.arange(30) % 3
    contents = [pack(idx(one)) for one in (PICTURES[:22], y[:22], PICTURES[22:], y[22:])]
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    samples = read(tmp_path, *contents, names=names)
    assert samples.n_test == 8 and (samples.x == PICTURES).all() and samples.classes == ("0", "1", "2")
    assert read(tmp_path, contents[0]).x.shape == (22, 9, 8)


def test_missing_values_are_filled_or_their_rows_left_out(tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[3, 1], rows[4, 2], rows[5, 0] = np.nan, -np.inf, 1e300
    filled = read(tmp_path, npy(rows))
    assert filled.x[3, 1] == np.median(np.delete(rows[:, 1], 3)) and np.isfinite(filled.x).all()
    assert filled.facts == (
        "1 infinite value counted as missing.",
        "1 value beyond ±1e+30 counted as missing.",
        "3 missing values filled with the median of the column.",
    )
    dropped = read(tmp_path, npz(x=rows, y=np.arange(40) % 2), missing="drop")
    assert len(dropped.x) == len(dropped.labels) == 37
    broken = PICTURES / 255
    broken[0, 0, 0] = np.nan
    assert len(read(tmp_path, npy(broken)).x) == 29


class Evil:
    def __reduce__(self) -> tuple:
        return os.mkdir, ("unpickled",)


REFUSED = {
    "pickled npy": (lambda: npy(np.array([Evil()] * 20), pickled=True), "Python objects"),
    "pickled npz": (lambda: npz(True, x=np.array([[Evil()]] * 20)), "Python objects"),
    "complex": (lambda: npy(ROWS.astype(complex)), "complex numbers"),
    "texts": (lambda: npy(np.full((20, 3), "a")), "texts"),
    "dates": (lambda: npy(np.full((20, 3), "2020-01-01", "M8[D]")), "dates"),
    "records": (lambda: npy(np.zeros((20, 2), [("a", "f4")])), "records"),
    "scalar": (lambda: npy(np.array(3.0)), r"allowed: \(n, …\)"),
    "one axis": (lambda: npy(np.arange(30.0)), r"allowed: \(n, …\)"),
    "five axes": (lambda: npy(np.zeros((12, 2, 2, 2, 2))), "allowed: "),
    "no samples": (lambda: npy(np.zeros((0, 4))), "empty array of shape"),
    "one row": (lambda: npy(ROWS[:1]), "got 1 sample "),
    "one column": (lambda: npy(ROWS[:, :1]), "samples of 1 number, allowed: 2 to"),
    "no columns": (lambda: npy(np.zeros((20, 0))), "empty array of shape"),
    "too wide": (lambda: npy(np.zeros((20, 13_000))), "allowed: 2 to 12,288"),
    "all equal": (lambda: npy(np.ones((20, 4))), "all equal"),
    "only NaN": (lambda: npy(np.full((20, 4), np.nan)), "without any value"),
    "pictures of NaN": (lambda: npy(np.full((20, 9, 9, 3), np.nan)), "NaN or infinite values in every sample"),
    "too many": (lambda: npy(np.zeros((200_001, 2), np.uint8)), "got 200,001 samples, allowed: at most 200,000"),
    "labels": (lambda: npz(x=ROWS, y=np.arange(39)), "got 39 labels for 40 samples"),
    "no x": (lambda: npz(alpha=ROWS, beta=ROWS), "got alpha, beta; allowed: x and y"),
    "cut off": (lambda: npy(ROWS)[:-9], "cut off"),
    "claims": (lambda: npy(ROWS).replace(b"(40, 5)", b"(4**9,)"), "damaged"),
    "claims terabytes": (lambda: npy(np.zeros((1111111, 5))).replace(b"1111111", b"9999999")[:500], "samples|bytes"),
    "idx": (lambda: idx(PICTURES)[:-1], "fewer bytes than the shape"),
    "idx and more": (lambda: gzip.compress(idx(PICTURES) + b"x"), "more bytes than the shape"),
    "gzip": (lambda: gzip.compress(b"hello"), "no IDX file"),
    "cut gzip": (lambda: gzip.compress(idx(PICTURES))[:-40], "damaged|fewer"),
    "gzip bomb": (lambda: gzip.compress(bytes((0, 0, 8, 3)) + b"\x7f\xff\xff\xff" * 3 + bytes(10**6)), "at most"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_samples_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make, reason = REFUSED[name]
    content = make()
    with pytest.raises(UploadError, match=f"(?s)^(?!.*\n).*({reason})"):
        read(tmp_path, content)
    assert not (tmp_path / "unpickled").exists()
