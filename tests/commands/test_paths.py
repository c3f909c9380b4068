"""Folders that the command line gets from variables and options."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aecore.__main__ import main
from aecore.store import runs
from aecore.store.lease import Lease
from tests.commands.conftest import ROOT, SETTINGS, answer


@pytest.fixture
def home(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of this test, which is also the working directory; the cache is in it."""
    monkeypatch.setenv("HOME", str(cache.parent))
    monkeypatch.chdir(cache.parent)
    return cache.parent


def visible(folder: Path) -> list[str]:
    """The names in a folder, without the files that libraries hide in a home."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("text", ["~/cache", "$HOME/cache", " ~/cache ", "cache", "./cache/"])
def test_the_cache(home: Path, trained: runs.Run, text: str, capsys: pytest.CaptureFixture) -> None:
    os.environ["AECORE_CACHE"] = text  # as the fixture of the cache, which restores it
    assert answer(capsys, "train", "stacked", *SETTINGS, "--no-probe")["cached"] is True
    os.environ["AECORE_CACHE"] = str(home / "other")
    assert answer(capsys, f"--cache={text}", "train", "stacked", *SETTINGS, "--no-probe")["cached"] is True
    os.environ["AECORE_CACHE"] = str(home / "cache")
    assert answer(capsys, "--cache", "", "train", "stacked", *SETTINGS, "--no-probe")["cached"] is True
    assert visible(home) == ["cache"]


@pytest.mark.parametrize("text", ["~/a/b", "$HOME/a/b", "a/b"])
def test_an_export(home: Path, trained: runs.Run, text: str, capsys: pytest.CaptureFixture) -> None:
    value = answer(capsys, "export", trained.key, "--format", "keras", f"--out={text}")
    assert Path(value["files"][0]).read_bytes() == (home / "a" / "b" / "model.keras").read_bytes()
    assert Path(value["files"][0]).is_absolute() == (text != "a/b")
    assert visible(home) == ["a", "cache"]


@pytest.mark.parametrize(
    "text", ["", " ", "~nobody_here", "$NOWHERE/a", "cache/runs/KEY/DONE", "cache/runs/KEY/DONE/a"]
)
def test_an_export_without_a_folder(home: Path, trained: runs.Run, text: str, capsys: pytest.CaptureFixture) -> None:
    text = text.replace("KEY", trained.key)
    assert main(["export", trained.key, "--format", "keras", "-o", text]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"aecore: -o: got {text!r:.80}, allowed: a folder that can be written")
    assert captured.err.count("\n") == 1 and captured.out == ""
    assert visible(home) == ["cache"]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_cannot_be_written(
    cache: Path, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def refuse(lease: Lease) -> bool:
        raise OSError(number, os.strerror(number), str(lease.path))

    monkeypatch.setattr(Lease, "acquire", refuse)
    assert main(["train", "linear", "--set", "dataset=digits"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"aecore: cache {cache}: ") and "lease" not in line


def test_the_folder_of_keras(tmp_path: Path) -> None:
    """Keras makes its folder when it is imported."""
    pytest.importorskip("tensorflow")
    code = "import os, aecore.worker.training; import keras; print(keras.src.backend.config.keras_home())"
    variables = {**os.environ, "HOME": str(tmp_path), "KERAS_HOME": "~/of keras", "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == str(tmp_path / "of keras")
    assert [path.name for path in tmp_path.iterdir()] == ["of keras"]
