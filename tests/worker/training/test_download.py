"""Data sets that Keras fetches: asked for only where there is no copy, and one line when that fails."""

from __future__ import annotations

import pytest

from aecore import datasets
from aecore.errors import DamagedError, DatasetError
from aecore.worker.training import download


def _no_copy(name: str) -> datasets.Data:
    raise DatasetError(f"{name}: no copy on this machine")


def test_a_copy_on_this_machine_is_never_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "download", lambda name: pytest.fail("downloaded"))
    assert download.fetch("digits").info.name == "digits"


def test_a_missing_one_is_downloaded_and_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    digits = datasets.load("digits")
    monkeypatch.setattr(datasets, "load", lambda name: digits if fetched else _no_copy(name))
    monkeypatch.setitem(download._LOADERS, "mnist", lambda: fetched.append("mnist"))
    assert download.fetch("mnist") is digits
    assert fetched == ["mnist"]


def test_without_internet_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline() -> None:
        raise Exception("URL fetch failure on https://example.org:\nName or service not known")

    monkeypatch.setattr(datasets, "load", _no_copy)
    monkeypatch.setitem(download._LOADERS, "mnist", offline)
    with pytest.raises(DatasetError) as caught:
        download.fetch("mnist")
    assert str(caught.value).startswith("mnist: no copy on this machine, and downloading one failed (URL fetch failure")
    assert "\n" not in str(caught.value)


def test_a_damaged_copy_that_cannot_be_replaced_is_called_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(name: str) -> datasets.Data:
        raise DamagedError(f"{name}: /somewhere/mnist.npz is damaged")

    def offline() -> None:
        raise Exception("URL fetch failure")

    monkeypatch.setattr(datasets, "load", damaged)
    monkeypatch.setitem(download._LOADERS, "mnist", offline)
    with pytest.raises(DamagedError, match="^mnist: /somewhere/mnist.npz is damaged$"):
        download.fetch("mnist")


def test_what_keras_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match="got 'digits', allowed: fashion-mnist, mnist"):
        download.download("digits")
    monkeypatch.setattr(datasets, "load", _no_copy)
    with pytest.raises(DatasetError, match="plane-3d: no copy"):
        download.fetch("plane-3d")
