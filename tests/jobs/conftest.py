from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aecore.jobs import Queue


@pytest.fixture
def inline(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "cache", "inline")
    yield queue
    queue.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "cache")
    yield queue
    queue.close()


@pytest.fixture
def log(tmp_path: Path) -> str:
    (tmp_path / "log").touch()
    return str(tmp_path / "log")
