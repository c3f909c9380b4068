"""What a host can set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aecore import settings
from aecore.datasets import files as local
from aecore.errors import SpecError
from aecore.jobs import Queue

ROOT = Path(__file__).resolve().parents[1]


def test_defaults_hold_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLANK", "")
    for setting in settings.TABLE:
        for text in ["", " ", *(["''", "$BLANK"] if setting.is_folder else [])]:
            monkeypatch.setenv(setting.name, text)
            assert settings.get(setting.name) == setting.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("AECORE_WARM", "0", False),
        ("AECORE_WAITING", "17", 17),
        ("AECORE_BUDGET", "2.5", 2.5),
        ("AECORE_DATA", "a", "a"),
        ("AECORE_WAITING", " 17 ", 17),
        ("AECORE_SCHEDULER", " tcp://host:8786\n", "tcp://host:8786"),
    ],
)
def test_text_is_read_as_what_the_setting_is(monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object):
    monkeypatch.setenv(name, text)
    assert settings.get(name) == value


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("AECORE_WAITING", "many", "AECORE_WAITING: got 'many', allowed: a whole number"),
        ("AECORE_WAITING_EACH", "0", "AECORE_WAITING_EACH: got '0', allowed: 1 or more"),
        ("AECORE_CACHE_GB", "-1", "AECORE_CACHE_GB: got '-1', allowed: 0 or more"),
        ("AECORE_CACHE_GB", "inf", "AECORE_CACHE_GB: got 'inf', allowed: 0 or more"),
        ("AECORE_BUDGET", "nan", "AECORE_BUDGET: got 'nan', allowed: 0 or more"),
        ("AECORE_WARM", "perhaps", "AECORE_WARM: got 'perhaps', allowed: true or false"),
        ("AECORE_CACHE_GIG", "3", "AECORE_CACHE_GIG: got an unknown variable"),
    ],
)
def test_no_queue_starts_with_what_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, line: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SpecError, match=re.escape(line)):
        Queue(tmp_path, "inline")


FOLDERS = [
    ("~/aecache", "/home/ada/aecache"),
    ("~", "/home/ada"),
    (" ~/aecache\n", "/home/ada/aecache"),
    ("$HOME/aecache", "/home/ada/aecache"),
    ("${HOME}/aecache", "/home/ada/aecache"),
    ("$SCRATCH/$HOME", "/tmp//home/ada"),
    ('"~/aecache"', "/home/ada/aecache"),
    ("'/tmp/my cache'", "/tmp/my cache"),
    ("~root/aecache", "/root/aecache"),
    ("./~/aecache", "~/aecache"),
    ("a/~b", "a/~b"),
    ("/tmp/./a$/", "/tmp/a$"),
]


@pytest.mark.parametrize(("text", "path"), FOLDERS)
def test_a_folder_is_written_as_in_a_shell(monkeypatch: pytest.MonkeyPatch, text: str, path: str) -> None:
    for name, value in {"HOME": "/home/ada", "SCRATCH": "/tmp", "AECORE_CACHE": text, "AECORE_DATA": text}.items():
        monkeypatch.setenv(name, value)
    assert settings.folder("-o", text) == Path(path)
    assert settings.cache_folder() == Path(path)
    assert local.local_folder() == Path(path)
    monkeypatch.setenv("KERAS_HOME", text)
    assert local.keras_folder() == Path(path, "datasets")


@pytest.mark.parametrize("name", ["AECORE_CACHE", "AECORE_DATA"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("~nobody_here/a", "~nobody_here is unknown"),
        ("$NOWHERE/a", "$NOWHERE is not set"),
        ("/tmp/${NOWHERE}", "$NOWHERE is not set"),
        (__file__, f"{__file__} is not one"),
        (f"{__file__}/a/b", f"{__file__} is not one"),
        ("/dev/null", "/dev/null is not one"),
    ],
)
def test_what_cannot_be_a_folder_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, reason: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SpecError) as raised:
        Queue(tmp_path, "inline")
    assert str(raised.value) == f"{name}: got {text!r:.80}, allowed: a folder ({reason})"


def test_keras_looks_where_the_data_sets_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    assert local.keras_folder() == Path("/tmp/.keras/datasets")


def test_the_readme_has_the_table() -> None:
    rows = re.findall(r"^\| `(AECORE_\w+)` \| (.*) \| (.*) \|$", (ROOT / "DEPLOYMENT.md").read_text(), re.MULTILINE)
    assert [(name, meaning) for name, meaning, _ in rows] == [(s.name, s.meaning) for s in settings.TABLE]
