from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from aecore import datasets, settings
from aecore.errors import DatasetError, RunError, SpecError
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run

KEY = "0123456789abcdef"


@pytest.fixture
def run(cache: Path) -> Run:
    """A run that has begun and written some results, without a mark."""
    run = runs.open_run(KEY)
    run.begin(RunSpec(epochs=3))
    files.write_array(run.folder / "codings.npy", np.ones((4, 2), np.float32))
    files.write_arrays(run.folder / "reconstructions.npz", {"x": np.ones((4, 28, 28), np.uint8)})
    files.write_json(run.folder / "metrics.json", {"val_mse": 0.1})
    return run


def test_the_cache_is_where_the_environment_says(cache: Path) -> None:
    assert settings.cache_folder() == cache
    assert runs.open_run(KEY).folder == cache / "runs" / KEY


def test_the_cache_is_beside_the_package_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AECORE_CACHE", raising=False)
    assert settings.cache_folder() == Path(runs.__file__).parents[2] / "cache"


BAD_KEYS = [
    "",
    "..",
    "../" + KEY,
    "../../../etc/passwd",
    KEY + "/",
    KEY + "/..",
    KEY + "\n",
    KEY + "\0",
    KEY[:-1],
    KEY + "0",
    KEY.upper(),
    "0123456789abcdeg",
    "٠" * 16,
    "x" * 10_000,
]


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: f"{key!r:.30}")
def test_a_key_that_is_none_is_refused(key: str, cache: Path) -> None:
    with pytest.raises(RunError) as raised:
        runs.open_run(key)
    assert "got " in str(raised.value) and "allowed: 16 digits" in str(raised.value)
    assert len(str(raised.value)) < 200 and "\n" not in str(raised.value)


def test_the_same_spec_is_the_same_run(cache: Path) -> None:
    run = runs.run_of(RunSpec(epochs=3))
    assert run.key == RunSpec(epochs=3).key(datasets.info(RunSpec().dataset).fingerprint)
    assert run.key != runs.run_of(RunSpec(epochs=4)).key != runs.run_of(RunSpec(epochs=4, dataset="digits")).key
    assert run.state == "missing"


def test_a_run_its_data_cannot_serve_has_no_key() -> None:
    with pytest.raises(SpecError):
        runs.run_key(RunSpec(dataset="plane-3d"))
    with pytest.raises(DatasetError):
        runs.run_key(RunSpec(dataset="nonsense"))


def test_states(run: Run) -> None:
    assert run.state == "missing" and not run.readable
    for state in ("waiting", "running", "failed"):
        run.write_status(state=state)
        assert run.state == state and not run.readable
    run.mark("STOPPED")
    assert run.state == "stopped" and run.readable
    run.mark("DONE")
    assert run.state == "finished" and run.readable


def test_the_manifest_lists_results_and_nothing_that_still_changes(run: Run) -> None:
    run.write_status(state="running")
    run.ask_to_stop()
    (run.folder / "model.keras.123.tmp").touch()
    (run.folder / "map").mkdir()
    run.mark("DONE")
    manifest = json.loads((run.folder / "DONE").read_text())
    assert manifest == {
        name: (run.folder / name).stat().st_size
        for name in ("codings.npy", "metrics.json", "reconstructions.npz", "spec.json")
    }
    run.write_status(state="finished", message="a longer one than before")
    assert run.state == "finished"


@pytest.mark.parametrize("mark", ["DONE", "STOPPED"])
@pytest.mark.parametrize("name", ["codings.npy", "metrics.json", "reconstructions.npz", "spec.json"])
def test_a_truncated_file_is_noticed(run: Run, mark: str, name: str) -> None:
    run.mark(mark)
    assert run.readable
    path = run.folder / name
    os.truncate(path, path.stat().st_size - 1)
    assert run.state == "damaged" and not run.readable


def test_a_missing_file_is_noticed(run: Run) -> None:
    run.mark("DONE")
    (run.folder / "codings.npy").unlink()
    assert run.state == "damaged"


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b'["codings.npy"]', b"3", b"\xff\xfe", b"null"])
def test_a_mark_that_is_no_manifest_is_damage(run: Run, content: bytes) -> None:
    (run.folder / "DONE").write_bytes(content)
    assert run.state == "damaged"


@pytest.mark.parametrize("content", [b"", b'{"state": "runn', b"[1, 2]", b"3", b"null", b'"running"', b"\xff\xfe\x00"])
def test_a_torn_status_counts_as_none(run: Run, content: bytes) -> None:
    (run.folder / "status.json").write_bytes(content)
    assert run.status() == {}
    assert run.state == "missing"
    (run.folder / "metrics.json").write_bytes(content)
    assert run.metrics == {}
    (run.folder / "history.json").write_bytes(content)
    assert run.history == {"steps": [], "epochs": []}


def test_status_tells_when_it_was_written(run: Run) -> None:
    run.write_status(state="running", epoch=2)
    assert run.status()["epoch"] == 2
    assert run.status()["updated"] > 0


def test_stop(run: Run) -> None:
    assert not run.stop_asked()
    run.ask_to_stop()
    run.ask_to_stop()
    assert run.stop_asked()


def test_begin_writes_the_whole_description(run: Run) -> None:
    assert run.spec == RunSpec(epochs=3)
    values = json.loads((run.folder / "spec.json").read_text())
    assert values["format"] == files.FORMAT
    assert values["key"] == KEY
    assert values["fingerprint"] == datasets.info("fashion-mnist-12k").fingerprint
    assert set(values["spec"]) == set(RunSpec().to_dict())


def test_another_format_is_refused(run: Run) -> None:
    values = json.loads((run.folder / "spec.json").read_text())
    files.write_json(run.folder / "spec.json", {**values, "format": 99})
    with pytest.raises(RunError, match=rf"format 99, allowed: {files.FORMAT}"):
        _ = run.spec


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format": 1}'])
def test_a_damaged_description_is_told(run: Run, content: bytes) -> None:
    (run.folder / "spec.json").write_bytes(content)
    with pytest.raises(RunError, match=KEY):
        _ = run.spec


def test_arrays_come_back(run: Run) -> None:
    assert run.array("codings").tolist() == np.ones((4, 2)).tolist()
    assert isinstance(run.array("codings"), np.memmap)
    assert run.reconstructions().dtype == np.uint8


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04torn", b"x" * 500])
def test_an_unreadable_array_says_what_to_do(run: Run, content: bytes) -> None:
    for name, read in (("codings.npy", lambda: run.array("codings")), ("reconstructions.npz", run.reconstructions)):
        (run.folder / name).write_bytes(content)
        with pytest.raises(RunError, match=rf"run {KEY}: .* cannot be read .*; train it again"):
            read()


def test_a_missing_array_says_what_to_do(run: Run) -> None:
    with pytest.raises(RunError, match="train it again"):
        run.array("nothing")
    with pytest.raises(RunError, match="train it again"):
        run.arrays("nothing")


def test_pickles_are_never_read(run: Run) -> None:
    objects = np.array([{"a": 1}], dtype=object)
    np.save(run.folder / "objects.npy", objects, allow_pickle=True)
    np.savez(run.folder / "objects.npz", x=objects)
    with pytest.raises(RunError):
        run.array("objects")
    with pytest.raises(RunError):
        run.arrays("objects")
    assert files.read_npz(run.folder / "objects.npz") == {}


def test_snapshots_are_read_while_they_are_written(run: Run) -> None:
    assert run.snapshots() == {} and run.latest_snapshot() == {} and run.untrained_error() is None
    (run.folder / "snapshots").mkdir()
    for step in (0, 5, 40):
        files.write_arrays(
            run.folder / "snapshots" / f"{step:05}.npz",
            {"step": np.array(step), "codings": np.full((3, 2), step), "val_loss": np.array(0.5 - step / 100)},
        )
    assert run.untrained_error() == 0.5
    assert run.snapshots()["step"].tolist() == [0, 5, 40]
    assert run.snapshots()["codings"].shape == (3, 3, 2)
    assert run.latest_snapshot()["step"] == 40
    (run.folder / "snapshots" / "00005.npz").write_bytes(b"torn")
    assert run.snapshots()["step"].tolist() == [0, 40]
    files.write_arrays(run.folder / "snapshots.npz", {"step": np.arange(7)})
    assert run.snapshots()["step"].tolist() == list(range(7))


def test_set_aside_leaves_nothing(run: Run) -> None:
    files.set_aside(run.folder)
    assert list(run.folder.parent.iterdir()) == []
    files.set_aside(run.folder)


def test_clear_starts_an_empty_folder(run: Run) -> None:
    run.mark("STOPPED")
    run.ask_to_stop()
    run.clear()
    assert list(run.folder.iterdir()) == [] and run.state == "missing"
    assert [path.name for path in run.folder.parent.iterdir()] == [KEY]


def test_touching_what_is_gone_is_no_error(cache: Path) -> None:
    runs.open_run(KEY).touch()
    assert not runs.open_run(KEY).folder.exists()
