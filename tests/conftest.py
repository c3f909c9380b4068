"""Fixtures that several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: what an example takes says more about the machine's other work than about the code.
settings.register_profile("aecore", deadline=None)
settings.load_profile("aecore")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder that `aecore.store.runs` and every process started from the test use."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("AECORE_CACHE", str(folder))
    return folder
