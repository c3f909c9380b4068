"""Fixtures that several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: what an example takes says more about the machine's other work than about the code.
settings.register_profile("aecore", deadline=None)
settings.load_profile("aecore")


# Files and folders that take longest start first, so that two xdist workers end together.
FIRST = (
    "tests/jobs/test_faults.py",
    "tests/worker/training/test_training.py",
    "tests/worker/training/test_knobs.py",
    "tests/pages/test_pages.py",
    "tests/browser/",
    "tests/pages/test_compare.py",
    "tests/worker/",
    "tests/test_estimator.py",
    "tests/jobs/",
    "tests/commands/",
    "tests/export/",
    "tests/pages/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((i for i, path in enumerate(FIRST) if item.nodeid.startswith(path)), len(FIRST)))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder that `aecore.store.runs` and every process started from the test use."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("AECORE_CACHE", str(folder))
    return folder
