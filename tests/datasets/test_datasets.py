from __future__ import annotations

import gzip
import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import datasets
from aecore.datasets import Data, fashion_mnist, files, mnist
from aecore.errors import DatasetError, SpecError
from aecore.specs.run import RunSpec
from aecore.worker import embed

EMBEDDED = ("fashion-mnist-12k", "digits", "plane-3d")


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No Debian package and an empty Keras cache; returns the folder that AECORE_DATA names."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    datasets.registered.cache_clear()
    yield tmp_path / "data"
    datasets.registered.cache_clear()


def load(name: str) -> Data:
    try:
        return datasets.load(name)
    except DatasetError as error:
        pytest.skip(str(error))


def write_idx(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes(), 1))


def test_names_are_what_info_knows() -> None:
    assert datasets.names()[0] == RunSpec().dataset
    assert [datasets.info(name).name for name in datasets.names()] == datasets.names()


@pytest.mark.parametrize("ask", [datasets.info, datasets.load])
@pytest.mark.parametrize("name", ["cifar", "", "../digits"])
def test_unknown_name_lists_what_is_allowed(ask: Callable[[str], object], name: str) -> None:
    with pytest.raises(DatasetError) as raised:
        ask(name)
    assert repr(name) in str(raised.value)
    assert all(known in str(raised.value) for known in datasets.names())


@pytest.mark.parametrize("name", datasets.names())
def test_arrays_are_what_info_says(name: str) -> None:
    data, info = load(name), datasets.info(name)
    for array, labels, n in (
        (data.train, data.train_labels, info.n_train),
        (data.validation, data.validation_labels, info.n_validation),
    ):
        assert array.shape == (n, *info.shape)
        assert array.dtype == (np.uint8 if info.is_image else np.float32)
        assert not array.flags.writeable
        values = datasets.as_float(array)
        assert values.dtype == np.float32
        assert (values.min() >= 0 and values.max() <= 1) == info.unit_range
        if info.classes:
            assert labels is not None
            assert labels.dtype == np.int64
            assert not labels.flags.writeable
            assert np.bincount(labels).shape == (len(info.classes),)
        else:
            assert labels is None


@pytest.mark.parametrize("name", [name for name in datasets.names() if name != "mnist"])
def test_fingerprint_is_that_of_the_content(name: str) -> None:
    assert embed.fingerprint(load(name)) == datasets.info(name).fingerprint


def test_fingerprint_of_mnist_is_the_published_one() -> None:
    path = files.keras_folder() / "mnist.npz"
    if not path.exists():
        pytest.skip("Keras has not downloaded mnist.npz")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == mnist.SHA256


def test_fingerprints_and_names_are_unique() -> None:
    infos = [datasets.info(name) for name in datasets.names()]
    assert len({info.fingerprint for info in infos}) == len(infos)
    assert all(re.fullmatch("[0-9a-f]{16}", info.fingerprint) for info in infos)


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_data_needs_no_files_of_the_machine(name: str, empty_machine: Path) -> None:
    assert len(datasets.load(name).train) == datasets.info(name).n_train


def test_load_keeps_what_it_read() -> None:
    assert datasets.load("digits") is datasets.load("digits")


def test_sample_is_balanced_and_shuffled() -> None:
    data = datasets.load("fashion-mnist-12k")
    assert data.train_labels is not None and data.validation_labels is not None
    assert np.bincount(data.train_labels).tolist() == [1_000] * 10
    assert np.bincount(data.validation_labels).tolist() == [200] * 10
    assert len(set(data.train_labels[:20].tolist())) > 5


def test_sample_is_what_the_published_images_give() -> None:
    full = load("fashion-mnist")
    again, shipped = embed.fashion_mnist_sample(), datasets.load("fashion-mnist-12k")
    for name, array in embed.arrays(again).items():
        np.testing.assert_array_equal(array, getattr(shipped, name))
    seen = {image.tobytes() for image in full.train}
    assert all(image.tobytes() in seen for image in shipped.train)


def test_sample_fits_into_the_package() -> None:
    assert (files.EMBEDDED / "fashion-mnist-12k.npz").stat().st_size < 7_000_000
    notice = (files.EMBEDDED / "LICENSE").read_text(encoding="utf-8")
    assert "Copyright © 2017 Zalando SE, https://tech.zalando.com" in notice


def test_digits_are_what_scikit_learn_has() -> None:
    again, shipped = embed.digits_split(), datasets.load("digits")
    for name, array in embed.arrays(again).items():
        np.testing.assert_array_equal(array, getattr(shipped, name))
    assert len(np.unique(shipped.train)) == 17


def test_plane_has_the_published_pca_floor() -> None:
    data = datasets.load("plane-3d")
    train = data.train.astype(float)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-6)
    axes = np.linalg.svd(train)[2][:2]
    assert np.mean((train - train @ axes.T @ axes) ** 2) == pytest.approx(0.00339, abs=5e-6)
    assert not np.array_equal(data.train, data.validation)


@pytest.mark.parametrize(
    ("name", "ways"), [("fashion-mnist", ["dataset-fashion-mnist", "Keras"]), ("mnist", ["Keras"])]
)
def test_missing_data_names_the_ways_to_get_it(name: str, ways: list[str], empty_machine: Path) -> None:
    with pytest.raises(DatasetError) as raised:
        datasets.load(name)
    message = str(raised.value)
    assert message.startswith(f"{name}: ")
    assert all(way in message for way in [*ways, "AECORE_DATA", "internet"])
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("folder", ["data", "data/fashion-mnist", "keras/datasets/fashion-mnist"])
def test_fashion_mnist_is_found_and_split(folder: str, empty_machine: Path) -> None:
    place = empty_machine.parent / folder
    images = np.zeros((60_000, 28, 28), np.uint8)
    images[0], images[55_000] = 1, 2
    write_idx(place / fashion_mnist.IMAGES, images)
    write_idx(place / fashion_mnist.LABELS, np.arange(60_000).astype(np.uint8) % 10)
    data = datasets.load("fashion-mnist")
    assert (data.train[0] == 1).all() and (data.validation[0] == 2).all()
    assert data.train_labels is not None and data.train_labels[:3].tolist() == [0, 1, 2]


@pytest.mark.parametrize("folder", ["data", "keras/datasets"])
def test_mnist_is_found(folder: str, empty_machine: Path) -> None:
    place = empty_machine.parent / folder
    place.mkdir(parents=True)
    np.savez_compressed(
        place / "mnist.npz",
        x_train=np.full((60_000, 28, 28), 1, np.uint8),
        x_test=np.full((10_000, 28, 28), 2, np.uint8),
        y_train=np.full(60_000, 3, np.uint8),
        y_test=np.full(10_000, 4, np.uint8),
    )
    data = datasets.load("mnist")
    assert [data.train.max(), data.validation.max()] == [1, 2]
    assert data.train_labels is not None and data.validation_labels is not None
    assert [data.train_labels[0], data.validation_labels[0]] == [3, 4]


# Named, since gzip writes the time: the names of tests must be the same in every process.
@pytest.mark.parametrize(
    "content",
    [b"", b"not gzip", gzip.compress(b""), gzip.compress(b"\0\0\x08\x01\0\0\0\x09short")],
    ids=["empty", "not gzip", "nothing packed", "too short"],
)
def test_a_damaged_idx_file_is_named(content: bytes, empty_machine: Path) -> None:
    empty_machine.mkdir()
    for name in (fashion_mnist.IMAGES, fashion_mnist.LABELS):
        (empty_machine / name).write_bytes(content)
    with pytest.raises(DatasetError, match="fashion-mnist: .* is damaged"):
        datasets.load("fashion-mnist")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04torn"])
def test_a_damaged_npz_file_is_named(content: bytes, empty_machine: Path) -> None:
    empty_machine.mkdir()
    (empty_machine / "mnist.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="mnist: .* is damaged"):
        datasets.load("mnist")


def test_other_data_under_the_name_is_refused(empty_machine: Path) -> None:
    for name, array in ((fashion_mnist.IMAGES, np.zeros((100, 8, 8))), (fashion_mnist.LABELS, np.zeros(100))):
        write_idx(empty_machine / name, array.astype(np.uint8))
    with pytest.raises(DatasetError, match=re.escape("(100, 8, 8)")):
        datasets.load("fashion-mnist")


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("plane-3d", np.nan, "plane-3d: got NaN or infinite values in 1 of 60 samples, allowed: finite numbers"),
        ("plane-3d", -np.inf, "plane-3d: got NaN or infinite values in 1 of 60 samples, allowed: finite numbers"),
        ("digits", np.inf, "digits: got NaN or infinite values in 1 of MANY samples, allowed: finite numbers"),
        ("digits", 255.0, "digits: got values from 0 to 255, allowed: 0 to 1, or bytes from 0 to 255"),
        ("digits", -0.5, "digits: got values from -0.5 to 1, allowed: 0 to 1, or bytes from 0 to 255"),
        ("digits", 1.0001, "digits: got values from 0 to 1.0001, allowed: 0 to 1, or bytes from 0 to 255"),
    ],
)
@pytest.mark.parametrize("part", ["train", "validation"])
def test_values_that_nothing_can_learn_from_are_refused(
    part: str, name: str, value: float, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = datasets.load(name)
    samples = datasets.as_float(getattr(whole, part)).copy()
    samples[7].flat[0] = value
    module = sys.modules[f"aecore.datasets.{name.replace('-', '_')}"]
    monkeypatch.setattr(module, "read", lambda: replace(whole, **{part: samples}))
    datasets.registered.cache_clear()
    try:
        with pytest.raises(DatasetError) as refusal:
            datasets.load(name)
    finally:
        datasets.registered.cache_clear()
    assert str(refusal.value) == line.replace("MANY", f"{len(samples):,}")


def test_values_that_a_rounding_moved_out_of_the_unit_range_are_clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = datasets.load("digits")
    parts = {name: datasets.as_float(getattr(whole, name)) for name in ("train", "validation")}
    moved = {name: np.where(x == 0, np.float32(-1e-7), np.nextafter(x, np.float32(2))) for name, x in parts.items()}
    monkeypatch.setattr(sys.modules["aecore.datasets.digits"], "read", lambda: replace(whole, **moved))
    datasets.registered.cache_clear()
    try:
        data = datasets.load("digits")
    finally:
        datasets.registered.cache_clear()
    for samples in (data.train, data.validation):
        assert (samples.min(), samples.max(), samples.dtype) == (0, 1, np.float32)


def test_as_float_leaves_vectors_as_they_are() -> None:
    np.testing.assert_array_equal(datasets.as_float(np.array([[-2.0, 3.0]])), np.array([[-2, 3]], np.float32))
    np.testing.assert_array_equal(
        datasets.as_float(np.array([0, 51, 255], np.uint8)), np.array([0, 0.2, 1], np.float32)
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("plane-3d", {"loss": "bce"}),
        ("plane-3d", {"loss": "mse", "architecture": "convolutional"}),
        ("plane-3d", {"loss": "mse", "architecture": "recurrent"}),
        ("plane-3d", {"loss": "mse", "noise_rate": 0.1, "noise_clip": True}),
        ("digits", {"architecture": "convolutional", "hidden": (4, 4, 4, 4)}),
        ("fashion-mnist-12k", {"architecture": "convolutional", "hidden": (4,) * 5}),
    ],
    ids=str,
)
def test_check_refuses_what_the_data_cannot_serve(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as raised:
        datasets.check(RunSpec(dataset=name, **values), datasets.info(name))
    assert "got " in str(raised.value) and "allow" in str(raised.value)


@pytest.mark.parametrize(("name", "stages"), [("digits", 3), ("fashion-mnist-12k", 4)])
def test_check_lets_as_many_poolings_pass_as_the_pixels_allow(name: str, stages: int) -> None:
    datasets.check(RunSpec(dataset=name, architecture="convolutional", hidden=(4,) * stages), datasets.info(name))


def test_samples_are_named_by_class_and_number() -> None:
    plane, digits = datasets.load("plane-3d"), datasets.load("digits")
    assert plane.captions_of([7, 0]) == plane.names_of(np.array([7, 0])) == ["no. 7", "no. 0"]
    train = digits.info.n_validation + 3
    names = [digits.info.classes[digits.validation_labels[2]], digits.info.classes[digits.train_labels[3]]]
    assert digits.names_of([2, train]) == names
    assert digits.captions_of([2, train]) == [f"{names[0]}, no. 2", f"{names[1]}, no. {train}"]


def test_classes_are_left_out_of_the_training_samples_only() -> None:
    data = datasets.load("digits")
    without = datasets.without_classes(data, (3, 7))
    kept = ~np.isin(data.train_labels, (3, 7))
    assert 0 < without.info.n_train == kept.sum() < len(data.train)
    assert np.array_equal(without.train, data.train[kept]) and not np.isin(without.train_labels, (3, 7)).any()
    assert without.validation is data.validation and without.validation_labels is data.validation_labels
    assert datasets.without_classes(data, ()) is data


@pytest.mark.parametrize(
    ("dataset", "classes", "line"),
    [
        ("digits", (10,), "leave_out: got class 10 of digits, allowed: 0 to 9"),
        ("digits", tuple(range(10)), "leave_out: got all 10 classes, allowed: fewer"),
        ("plane-3d", (0,), "leave_out: got class 0 of plane-3d, allowed: none, since it has no classes"),
    ],
)
def test_classes_that_cannot_be_left_out(dataset: str, classes: tuple[int, ...], line: str) -> None:
    with pytest.raises(SpecError, match=line):
        datasets.check(RunSpec(dataset=dataset, loss="mse", leave_out=classes), datasets.info(dataset))
