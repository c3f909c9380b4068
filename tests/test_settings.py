"""What a host can set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aecore import settings
from aecore.errors import SpecError
from aecore.jobs import Queue

ROOT = Path(__file__).resolve().parents[1]


def test_defaults_hold_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in settings.TABLE:
        monkeypatch.setenv(setting.name, "")
        assert settings.get(setting.name) == setting.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("AECORE_WARM", "0", False),
        ("AECORE_WAITING", "17", 17),
        ("AECORE_BUDGET", "2.5", 2.5),
        ("AECORE_DATA", "a", "a"),
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


def test_the_readme_has_the_table() -> None:
    rows = re.findall(r"^\| `(AECORE_\w+)` \| (.*) \| (.*) \|$", (ROOT / "DEPLOYMENT.md").read_text(), re.MULTILINE)
    assert [(name, meaning) for name, meaning, _ in rows] == [(s.name, s.meaning) for s in settings.TABLE]
