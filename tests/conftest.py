"""Fixtures that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# No deadline: what an example takes says more about the machine's other work than about the code.
settings.register_profile("aecore", deadline=None)
settings.load_profile("aecore")


# Files and folders that take longest start first, so that two xdist workers end together.
FIRST = (
    "tests/browser/",
    "tests/jobs/test_faults.py",
    "tests/worker/training/test_training.py",
    "tests/worker/training/test_knobs.py",
    "tests/pages/test_pages.py",
    "tests/pages/test_compare.py",
    "tests/worker/",
    "tests/estimator/",
    "tests/jobs/",
    "tests/commands/",
    "tests/export/",
    "tests/pages/",
)
# One xdist worker has all files of such a folder, which share a server, a browser and a worker process with TensorFlow;
# or what numba compiles for UMAP.
TOGETHER = ("tests/browser/", "tests/worker/projection/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((i for i, path in enumerate(FIRST) if item.nodeid.startswith(path)), len(FIRST)))


class Scheduler(LoadFileScheduling):
    """xdist's `--dist loadfile`, for which a folder of `TOGETHER` is one file."""

    def _split_scope(self, nodeid: str) -> str:
        return next((path for path in TOGETHER if nodeid.startswith(path)), super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return Scheduler(config, log)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder that `aecore.store.runs` and every process started from the test use."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("AECORE_CACHE", str(folder))
    return folder


@pytest.fixture
def eager() -> Iterator[None]:
    """TensorFlow's steps run as Python calls: tracing one takes longer than the few that most tests make."""
    import tensorflow as tf  # most tests need none

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
