from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aecore.jobs import Queue, TrainTask
from aecore.store import runs
from aecore.store.runs import Run
from tests.jobs import fakes
from tests.jobs.small_trainings import training


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


@pytest.fixture(scope="module")
def patient() -> Iterator[None]:
    """Time to import TensorFlow twice; and no probes, so that the only worker is the one that trains."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakes, "PATIENCE", 300.0)
        patch.setattr(TrainTask, "follow_up", lambda self: None)
        yield


@pytest.fixture(scope="module")
def finished(patient: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with one finished run; tests work on copies of it."""
    cache = tmp_path_factory.mktemp("finished")
    queue = Queue(cache, "inline")
    assert queue.submit(training(0), "ann").state == "finished"
    queue.close()
    return cache


@pytest.fixture
def copy(finished: Path, inline: Queue) -> Run:
    """The finished run in the cache of `inline`."""
    shutil.copytree(finished, inline.cache, dirs_exist_ok=True)
    return runs.run_of(training(0).spec, inline.cache)
