"""`train` measures what it trained, `probe` any run, `demo` the demonstrations, which it keeps small."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore.__main__ import main
from aecore.analysis import probe_numbers
from aecore.commands import probe, workers
from aecore.errors import DatasetError
from aecore.jobs.worker_process import InlineExecutor
from aecore.presets import demonstrations as demo
from aecore.presets.demonstrations import Demonstration
from aecore.store import listing, runs
from aecore.worker.probe import measure

SMALL = {"dataset": "digits", "hidden": "12", "coding_size": "6", "epochs": "2"}
TRAIN = ["train", "stacked", *(part for name, value in SMALL.items() for part in ("--set", f"{name}={value}"))]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, which the commands use."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("AECORE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a run that was trained without a probe."""
    folder = tmp_path_factory.mktemp("cache")
    assert main(["--cache", str(folder), *TRAIN, "--no-probe", "--json"]) == 0
    (run,) = listing.list_runs(folder)
    assert probe_numbers.result(run) is None and not (run.folder / "probe").exists()
    return folder


@pytest.fixture
def run(trained: Path, cache: Path) -> runs.Run:
    shutil.copytree(trained / "runs", cache / "runs")
    return listing.list_runs(cache)[0]


def answer(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> Any:
    assert main([*argv, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_train_says_what_the_run_is_worth(run: runs.Run, capsys: pytest.CaptureFixture) -> None:
    found = answer(capsys, *TRAIN)["probe"]
    assert found["val_mse"] == pytest.approx(run.metrics["val_mse"], rel=1e-5)
    assert 0.2 < found["knn_accuracy"] < found["pixels_knn_accuracy"] and found["logistic_accuracy"] > 0.2
    assert found["about"]["knn_accuracy"]["better"] == "higher"
    assert probe_numbers.result(run) is not None
    assert answer(capsys, *TRAIN, "--no-probe")["probe"] is None


def test_a_run_is_there_when_it_cannot_be_measured(
    run: runs.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def refuse(*arguments: object) -> None:
        raise DatasetError("digits: no copy")

    monkeypatch.setattr(measure, "compute", refuse)
    monkeypatch.setattr(workers, "_workers", {})
    monkeypatch.setattr(workers, "process_executor", lambda *arguments: InlineExecutor())
    assert main([*TRAIN, "--json"]) == 0
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert value["probe"] is None and value["val_mse"] > 0
    assert captured.err.splitlines()[-1] == "not measured: digits: no copy"
    assert main(["probe", run.key]) == 1


def test_probing_a_run(run: runs.Run, capsys: pytest.CaptureFixture) -> None:
    value = answer(capsys, "probe", run.key)
    assert value["run"] == run.key and value["cached"] is False and value["about"]["elbo"]["explanation"]
    assert value["elbo"] is None and "variational" in value["reasons"]["elbo"]
    assert answer(capsys, "probe", run.key)["cached"] is True
    assert answer(capsys, "probe", run.key, "--set", "k=50")["key"] != value["key"]
    assert main(["probe", run.key]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["number", "this"] and any(line.startswith("kNN accuracy") for line in lines)
    assert "no ELBO, KL divergence, KL of each coding: only variational codings have a distribution" in lines


def test_the_divergence_of_each_coding_is_in_the_table_the_most_telling_first() -> None:
    found: dict[str, Any] = {"val_mse": 0.01, "kl": 6.5, "kl_per_dimension": [0.0, 1.5, 0.25, 4.0, 0.75], "reasons": {}}
    line = next(line for line in probe.as_text(found).splitlines() if line.startswith("KL of each coding"))
    assert "4.00, 1.50, 0.75, …, 0.00" in line and "neither" in line and "each coding alone" in line
    assert probe_numbers.ranked([1.0, 3.0, 2.0, 0.0], str) == "3.0, 2.0, 1.0, 0.0"


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["0123456789abcdef"], "missing in this cache"),
        (["../../etc"], "allowed: 16 digits"),
        (["KEY", "--set", "k=0"], "k: got 0, allowed: 1 to 100"),
        (["KEY", "--set", "n=5"], "'n'; allowed: k, n_train"),
    ],
)
def test_bad_input_is_one_line(run: runs.Run, argv: list[str], told: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["probe", *(part.replace("KEY", run.key) for part in argv)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and told in captured.err


@pytest.fixture
def demonstrations(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(demo, "DEMONSTRATIONS", (Demonstration("small", "stacked", SMALL),))
    demo.keys.cache_clear()
    yield
    demo.keys.cache_clear()


def test_demonstrations_that_are_there_get_a_probe_and_are_made_smaller_where_they_must(
    run: runs.Run, demonstrations: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (row,) = answer(capsys, "demo")["runs"]
    assert row["cached"] is True and probe_numbers.result(run) is not None and row["knn_accuracy"] > 0.2
    before = json.loads((run.folder / "DONE").read_text())
    assert before == {name: (run.folder / name).stat().st_size for name in before}  # there was room: nothing changed

    from aecore.worker.training import keras_file

    def weights() -> list[np.ndarray]:
        return keras_file.read(run.folder / "model.keras").get_weights()

    kept, history = weights(), run.history
    monkeypatch.setattr(demo, "MAX_BYTES", row["bytes"] - 1)
    (smaller,) = answer(capsys, "demo")["runs"]
    assert smaller["bytes"] < row["bytes"] and run.state == "finished"
    for one, other in zip(kept, weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [list(step) for step in run.history["steps"]] == [list(step) for step in history["steps"]]
    for step, full in zip(run.history["steps"], history["steps"], strict=True):
        assert step == pytest.approx(full, rel=1e-5, nan_ok=True)


def test_the_committed_demonstrations_are_measured() -> None:
    folder = Path(probe.__file__).parents[2] / "cache"
    if not (folder / "runs" / ".gitignore").exists():
        pytest.skip("make demo-runs was not run yet")
    for name, key in demo.keys().items():
        found = probe_numbers.result(runs.open_run(key, folder))
        assert found is not None and (found["knn_accuracy"] or 0) > 0.5, name
