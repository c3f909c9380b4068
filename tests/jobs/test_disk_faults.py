"""Real trainings on a disk that is full, read-only, or has kept half of a file."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore.errors import AecoreError
from aecore.jobs import Queue, actual_status
from aecore.store import files as files_module
from aecore.store import lease, listing, runs
from aecore.store.runs import Run
from tests.jobs.small_trainings import complete, training

pytestmark = pytest.mark.usefixtures("patient")
ONE_LINE_FULL = "the disk is full: free some space and start again"


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def test_a_truncated_file_costs_its_run_only(copy: Run, inline: Queue) -> None:
    other = inline.cache / "runs" / ("0" * runs.KEY_LENGTH)
    shutil.copytree(copy.folder, other)
    files = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in other.iterdir()}
    whole = copy.array("codings").copy()
    for name in ("decoder.onnx", "model.keras", "codings.npy"):
        content = (copy.folder / name).read_bytes()
        halve(copy.folder / name)
        assert copy.state == inline.state_of(copy) == "damaged" and not copy.readable, name
        assert [run.folder for run in listing.list_runs(inline.cache)] == [other], name
        if name != "codings.npy":
            (copy.folder / name).write_bytes(content)
    assert inline.submit(training(0), "ann").state == "finished"
    complete(copy)
    np.testing.assert_array_equal(copy.array("codings"), whole)  # the same spec is the same run
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in other.iterdir()} == files


@pytest.mark.parametrize("content", [b"", b'{"state": "runn', b"\x93NUMPY\xff\xfe\x00"])
def test_a_torn_status_loses_no_finished_run_and_blocks_no_other(copy: Run, inline: Queue, content: bytes) -> None:
    (copy.folder / "status.json").write_bytes(content)
    assert inline.submit(training(0), "ann").state == "finished"
    complete(copy)
    (copy.folder / "DONE").unlink()
    assert inline.state_of(copy) == "missing"  # there is nothing to tell how far it was
    if not content:
        assert inline.submit(training(0), "ann").state == "finished"
        complete(copy)


def test_all_files_but_no_mark_is_no_finished_run(copy: Run, inline: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    (copy.folder / "DONE").unlink()
    copy.write_status(**copy.status())  # says 'finished', just now
    assert inline.state_of(copy) == "running"  # somebody may be about to write the mark
    monkeypatch.setattr(lease, "STALE_SECONDS", 0.0)
    assert inline.state_of(copy) == "failed" and listing.list_runs(inline.cache) == []
    (copy.folder / "DONE").write_text('{"codings.npy": 30')
    assert inline.state_of(copy) == "damaged" and listing.list_runs(inline.cache) == []


@contextlib.contextmanager
def broken_disk(name: str, number: int) -> Iterator[list[str]]:
    """From the first time that a file of that name is moved into its place, nothing can be moved any more; on a
    read-only disk nothing can be deleted either. Yields the names of what was refused."""
    refused: list[str] = []
    replace, unlink = os.replace, os.unlink

    def no_replace(source: Any, target: Any) -> None:
        if refused or Path(target).name == name:
            refused.append(Path(target).name)
            raise OSError(number, os.strerror(number), str(source), None, str(target))
        replace(source, target)

    def no_unlink(path: Any, **more: Any) -> None:
        if refused and number == errno.EROFS:
            raise OSError(number, os.strerror(number), str(path))
        unlink(path, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", no_replace)
        patch.setattr(os, "unlink", no_unlink)
        yield refused


def test_a_disk_that_fills_up_at_any_moment_costs_that_job_only(copy: Run, inline: Queue) -> None:
    task = training(1)
    run = runs.run_of(task.spec, inline.cache)
    with broken_disk("spec.json", errno.ENOSPC), pytest.raises(AecoreError) as told:
        inline.submit(task, "ann")
    assert str(told.value) == f"cache {inline.cache}: the disk is full; free some space and start again"
    for name in ("00000.npz", "codings.npy", "model.keras", "encoder.onnx", "DONE"):
        with broken_disk(name, errno.ENOSPC) as refused:
            ticket = inline.submit(task, "ann")
        assert refused[0] == name and "status.json" in refused[1:]  # not even the failure could be written
        assert ticket.state == "failed" and ticket.message == ONE_LINE_FULL
        assert not run.readable and not any((run.folder / mark).exists() for mark in ("DONE", "STOPPED"))
        assert [path.name for path in inline.cache.rglob("*.tmp")] == []
        assert list(run.folder.glob(".*")) == list(inline.cache.glob("runs/.*")) == []
        assert [other.key for other in listing.list_runs(inline.cache)] == [copy.key]
        assert inline.state_of(run) != "running"
        complete(copy)
    assert inline.submit(task, "ann").state == "finished"
    complete(run)


def test_a_disk_that_turns_read_only_is_named_and_the_queue_goes_on(
    inline: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = training(1)
    with broken_disk("codings.npy", errno.EROFS) as refused:
        ticket = inline.submit(task, "ann")
    assert refused[0] == "codings.npy"
    assert ticket.state == "failed" and "read-only" in ticket.message and "\n" not in ticket.message
    assert str(inline.cache) not in ticket.message
    monkeypatch.setattr(lease, "STALE_SECONDS", 0.0)  # its lease and its status could not be taken back
    assert inline.state_of(task.key) == "failed"
    assert inline.submit(task, "ann").state == "finished"
    complete(Run(ticket.folder))


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "aecore", str(small)]
    if not sys.platform.startswith("linux") or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        queue = Queue(small, "inline")
        fits, does_not = queue.submit(training(0), "ann"), queue.submit(training(1), "ann")
        assert fits.state == "finished"
        assert does_not.state == "failed" and does_not.message == ONE_LINE_FULL
        assert actual_status(Run(does_not.folder))["message"] == ONE_LINE_FULL  # there was room for the reason
        complete(Run(fits.folder))
        files_module.set_aside(fits.folder)
        assert queue.submit(training(1), "ann").state == "finished"
        complete(Run(does_not.folder))
    finally:
        subprocess.run(["umount", str(small)], check=True)
