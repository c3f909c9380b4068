"""When snapshots are taken, and what is written while a fit runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecore.store.files import read_json
from aecore.store.runs import Run
from aecore.worker.training import record
from aecore.worker.training.record import FINISH_SECONDS, MAX_STEPS, Recorder, compact, projection, snapshot_steps


@pytest.mark.parametrize(("epochs", "batches"), [(1, 3), (1, 100), (5, 157), (12, 313), (1000, 10)])
def test_snapshots_begin_untrained_end_trained_and_are_bounded(epochs: int, batches: int) -> None:
    total = epochs * batches
    steps = snapshot_steps(total, batches)
    assert {0, 1, total} <= steps
    assert all(0 <= step <= total for step in steps)
    assert min(20, total) < len(steps) <= 60
    if epochs <= 30:
        assert {batches * epoch for epoch in range(1, epochs + 1)} <= steps


def test_wide_codings_are_projected_on_a_fixed_orthonormal_basis() -> None:
    assert projection(30) is None
    basis = projection(300)
    np.testing.assert_allclose(basis.T @ basis, np.eye(30), atol=1e-5)
    np.testing.assert_array_equal(basis, projection(300))


def test_compact_keeps_pictures_as_bytes_and_the_rest_as_halves() -> None:
    assert compact(np.array([-1.0, 0.5, 2.0]), True).tolist() == [0, 128, 255]
    assert compact(np.array([-1.5]), False).dtype == np.float16


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    folder = tmp_path / ("0" * 16)
    folder.mkdir()
    return Recorder(Run(folder), total_steps=4000, epochs=4, batches=1000, is_image=True)


def test_status_counts_epochs_from_one_and_batches_within_them(recorder: Recorder) -> None:
    recorder.status("")
    status = recorder.run.status()
    assert (status["epoch"], status["batch"], status["loss"], status["fraction"], status["eta"]) == (
        1,
        0,
        None,
        0,
        None,
    )
    recorder.steps_done(np.full(200, 0.5), np.full(200, 0.5))
    recorder.steps_done(np.full(1050, 0.25), np.full(1050, 0.25))
    recorder.status("layer 1 of 2")
    status = recorder.run.status()
    assert (status["epoch"], status["epochs"], status["batch"], status["batches"]) == (2, 4, 250, 1000)
    assert (status["loss"], status["phase"], status["state"]) == (0.25, "layer 1 of 2", "running")
    assert 0.25 < status["fraction"] < 0.35


def test_the_seconds_left_are_estimated_from_the_later_chunks_once_they_took_long_enough(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(record.time, "time", lambda: now[0])
    seconds_left = []
    # The first chunk takes a second for a step, the others half a second for 100.
    for steps, seconds in [(1, 1.0)] + 8 * [(100, 0.5)]:
        now[0] += seconds
        recorder.steps_done(np.full(steps, 0.5), np.full(steps, 0.5))
        recorder.status("")
        seconds_left.append(recorder.run.status()["eta"])
    assert seconds_left[:3] == [None, None, None]
    assert seconds_left[4:] == pytest.approx([(4000 - 1 - 100 * n) / 200 + FINISH_SECONDS for n in (4, 5, 6, 7, 8)])


def test_history_is_thinned(recorder: Recorder) -> None:
    recorder.steps_done(np.arange(3999.0), np.arange(3999.0))
    recorder.status("")
    steps = read_json(recorder.run.folder / "history.json", {})["steps"]
    assert 250 <= len(steps) <= MAX_STEPS
    assert steps[1]["loss"] == steps[1]["step"] - 1
    assert steps[1]["epoch"] == pytest.approx(steps[1]["step"] / 1000)


def test_snapshots_are_readable_one_by_one_and_merged(recorder: Recorder) -> None:
    rng = np.random.default_rng(0)
    originals = []
    for _ in range(3):
        originals.append(rng.standard_normal((50, 4)))
        recorder.snapshot(originals[-1], rng.random((16, 8, 8)), 0.5)
        recorder.steps_done(np.full(500, 0.25), np.full(500, 0.25))
    apart = recorder.run.snapshots()
    assert recorder.run.latest_snapshot()["step"] == 1000
    recorder.merge_snapshots()
    merged = recorder.run.snapshots()
    assert not recorder.folder.exists()
    assert merged["step"].tolist() == [0, 500, 1000]
    assert merged["epoch"].tolist() == [0, 0.5, 1]
    np.testing.assert_array_equal(merged["reconstructions"], apart["reconstructions"])
    assert np.abs(merged["codings"] - np.array(originals)).max() < np.ptp(originals) / 96
