"""The command line as a person or a script uses it: answers on stdout, one line for each mistake, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import demo, export, presets, runs
from aecore.__main__ import COMMANDS, main
from aecore.commands import reproduce
from aecore.demo import Demonstration
from aecore.errors import DatasetError
from aecore.jobs.lease import Lease
from aecore.mapping.spec import MapSpec

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"dataset": "digits", "hidden": "24", "coding_size": "6", "epochs": "4"}
SETTINGS = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
HEAVY = {"tensorflow", "keras", "umap", "numba", "sklearn"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """A small run, trained by a process of its own, whose output `test_one_json_value` looks at."""
    cache = tmp_path_factory.mktemp("cache")
    arguments = ["-m", "aecore", "--cache", str(cache), "train", "stacked", *SETTINGS, "--json"]
    process = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    (cache / "stdout").write_text(process.stdout)
    (cache / "stderr").write_text(process.stderr)
    assert process.returncode == 0, process.stderr
    return runs.open_run(json.loads(process.stdout)["key"], cache)


@pytest.fixture
def cache(trained: runs.Run, cache: Path) -> Path:
    """The cache of this test, with the trained run in it."""
    shutil.copytree(trained.folder, cache / "runs" / trained.key)
    return cache


def answer(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> Any:
    """The JSON value that a command prints."""
    assert main([*argv, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_one_json_value(trained: runs.Run) -> None:
    cache = trained.folder.parent.parent
    value = json.loads((cache / "stdout").read_text())  # anything else on stdout would not parse
    assert value["key"] == trained.key and value["preset"] == "stacked" and value["cached"] is False
    assert value["parameters"] == 64 * 24 + 24 + 24 * 6 + 6 + 6 * 24 + 24 + 24 * 64 + 64
    assert 0 < value["val_mse"] < 0.2 and 0 < value["val_bce"] < 0.7 and 0.5 < value["rounded_accuracy"] <= 1
    for epoch in range(1, 5):
        assert f"epoch {epoch} of 4: loss" in (cache / "stderr").read_text()


def test_presets_does_not_import_what_is_heavy() -> None:
    code = "import sys; from aecore.__main__ import main; main(['presets', '--json']); print(*sys.modules)"
    lines = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [row["name"] for row in json.loads(lines[0])] == list(presets.PRESETS)
    assert set(lines[1].split()) & HEAVY == set()


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "title", "dataset", "parameters", "description"]
    assert [line.split()[0] for line in lines[1:]] == list(presets.PRESETS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_what_is_trained_is_not_trained_again(cache: Path, trained: runs.Run, capsys: pytest.CaptureFixture) -> None:
    value = answer(capsys, "train", "stacked", *SETTINGS)
    assert value["cached"] is True
    assert value["val_mse"] == trained.metrics["val_mse"]
    (cache / "runs" / trained.key / "codings.npy").write_bytes(b"")
    value = answer(capsys, "train", "stacked", *SETTINGS)
    assert value["cached"] is False
    assert value["val_mse"] == pytest.approx(trained.metrics["val_mse"], abs=1e-6)


def test_numbers_that_do_not_apply_are_null(cache: Path, capsys: pytest.CaptureFixture) -> None:
    value = answer(capsys, "train", "geron-linear", "--set", "epochs=2", "--set", "learning_rate=0.1")
    assert value["val_bce"] is None and value["rounded_accuracy"] is None
    assert value["val_mse"] > 0 and value["parameters"] == 17


BAD = {
    "no command": ([], "COMMAND"),
    "unknown command": (["trane"], "'trane'"),
    "unknown preset": (["train", "staked"], "'staked', allowed: stacked, linear"),
    "unknown setting": (["train", "stacked", "--set", "codings=3"], "'codings'; allowed: dataset, architecture"),
    "no setting": (["train", "stacked", "--set", "epochs"], "'epochs', allowed: name=value"),
    "out of range": (["train", "stacked", "--set", "epochs=0"], "got 0, allowed: 1 to 1,000"),
    "no number": (["train", "stacked", "--set", "coding_size=two"], "'two', allowed: a whole number"),
    "unknown data": (["train", "stacked", "--set", "dataset=cifar"], "'cifar', allowed: fashion-mnist-12k"),
    "data that does not fit": (["train", "stacked", "--set", "dataset=plane-3d"], "allowed: mse"),
    "unpublished": (["reproduce", "stacked"], "'stacked', allowed: geron-linear"),
    "no seeds": (["reproduce", "geron-linear", "--seeds", "0"], "got 0, allowed: 1 to 100"),
    "unknown run": (["project", "0123456789abcdef", "--method", "pca"], "missing"),
    "key that leaves": (["project", "../../etc", "--method", "pca"], "'../../etc', allowed: 16 digits"),
    "key that leaves on export": (["export", "../runs/KEY", "--format", "zip", "-o", "OUT"], "allowed: 16 digits"),
    "unknown method": (["project", "KEY", "--method", "mds"], "'mds'"),
    "unknown layer": (
        ["project", "KEY", "--method", "pca", "--layer", "hidden 9"],
        "'hidden 9', allowed: codings, hid",
    ),
    "unknown map setting": (["project", "KEY", "--method", "pca", "--set", "p=3"], "'p'; allowed: method"),
    "perplexity": (["project", "KEY", "--method", "tsne", "--set", "n=90", "--set", "perplexity=30"], "below 30.0"),
    "too many codings": (["project", "KEY", "--method", "none"], "'none' for 6 codings, allowed: pca"),
    "unknown format": (["export", "KEY", "--format", "pdf", "-o", "OUT"], "'pdf'"),
    "no folder": (["export", "KEY", "--format", "onnx", "-o", "FILE/x"], "allowed: a folder that can be written"),
}


@pytest.mark.parametrize(("argv", "told"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line(
    argv: list[str], told: str, cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    places = {"KEY": trained.key, "OUT": str(tmp_path / "out"), "FILE": str(tmp_path / "file")}
    for name, place in places.items():
        argv = [argument.replace(name, place) for argument in argv]
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1 and told in captured.err
    assert not (tmp_path / "out").exists()


def test_a_cache_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--cache", str(tmp_path / "file"), "train", "stacked", *SETTINGS]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and str(tmp_path / "file") in captured.err


def test_what_diverges_has_failed(cache: Path, capsys: pytest.CaptureFixture) -> None:
    wild = ["optimizer=sgd", "learning_rate=10", "coding=variational", "kl_weight=1000"]
    arguments = [part for setting in wild for part in ("--set", setting)]
    assert main(["train", "stacked", *SETTINGS, *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "smaller learning rate" in captured.err.splitlines()[-1]


def test_two_processes_do_not_train_one_run(cache: Path, trained: runs.Run, capsys: pytest.CaptureFixture) -> None:
    run = runs.open_run(trained.key, cache)
    (run.folder / "DONE").unlink()
    (run.folder / "status.json").unlink()
    lease = Lease(run.folder)
    assert lease.acquire()
    assert main(["train", "stacked", *SETTINGS]) == 2
    assert "another process works on it" in capsys.readouterr().err
    assert (run.folder / "codings.npy").exists()


def test_interrupting_keeps_what_there_is(cache: Path, capsys: pytest.CaptureFixture) -> None:
    spec = presets.get("stacked").spec.replace(**{**SMALL, "epochs": 1000})
    run = runs.run_of(spec, cache)

    def interrupt() -> None:
        while not run.history["epochs"]:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    value = answer(capsys, "train", "stacked", *SETTINGS, "--set", "epochs=1000", code=130)
    assert value["state"] == run.state == "stopped"
    assert 1 <= value["epochs"] < 1000
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_map(cache: Path, trained: runs.Run, capsys: pytest.CaptureFixture) -> None:
    value = answer(capsys, "project", trained.key, "--method", "pca")
    assert 0.5 < value["trustworthiness"] <= 1 and value["n"] == 360 and value["cached"] is False
    assert np.load(Path(value["folder"]) / "points.npy").shape == (360, 2)
    assert answer(capsys, "project", trained.key, "--method", "pca")["cached"] is True


def test_a_map_of_a_layer_with_settings(cache: Path, trained: runs.Run, capsys: pytest.CaptureFixture) -> None:
    layer = trained.metrics["layers"][0]["name"]
    argv = ["project", trained.key, "--method", "tsne", "--layer", layer, "--set", "n=100", "--set", "perplexity=12"]
    value = answer(capsys, *argv)
    spec = MapSpec(method="tsne", layer=layer, n=100, perplexity=12)
    assert value["key"] == spec.key(trained.key) and value["n"] == 100 and value["codings"] == 24
    assert sys.modules.get("tensorflow", "not imported") is not None


def exported(run: runs.Run, kind: str, out: Path, capsys: pytest.CaptureFixture) -> dict[str, bytes]:
    value = answer(capsys, "export", run.key, "--format", kind, "-o", str(out))
    return {Path(path).name: Path(path).read_bytes() for path in value["files"]}


def test_exports_of_the_model(cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for kind, names in {"keras": ["model.keras"], "onnx": ["encoder.onnx", "decoder.onnx"]}.items():
        files = exported(trained, kind, tmp_path, capsys)
        assert files == {name: (trained.folder / name).read_bytes() for name in names}
    (archive,) = exported(trained, "zip", tmp_path, capsys).values()
    names = set(zipfile.ZipFile(io.BytesIO(archive)).namelist())
    assert {f"{trained.key}/{name}" for name in json.loads((trained.folder / "DONE").read_text())} < names


def test_exports_of_the_codings(cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    codings = np.load(trained.folder / "codings.npy")
    header, *rows = csv.reader(io.StringIO(exported(trained, "codings", tmp_path, capsys)["codings.csv"].decode()))
    assert header == ["id", "label", *(f"c{i}" for i in range(1, 7))]
    assert [row[0] for row in rows] == [str(i) for i in range(360)] and {row[1] for row in rows} == set("0123456789")
    np.testing.assert_allclose(np.array([row[2:] for row in rows], float), codings, rtol=1e-4, atol=1e-5)
    files = exported(trained, "projector", tmp_path, capsys)
    np.testing.assert_allclose(np.loadtxt(io.BytesIO(files["vectors.tsv"])), codings, rtol=1e-4, atol=1e-5)
    assert files["metadata.tsv"].decode().splitlines()[:2] == ["id\tlabel", f"0\t{rows[0][1]}"]


def test_the_program_runs_alone(cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    files = exported(trained, "script", tmp_path, capsys)
    assert set(files) == {"train.py", "digits.npz"} and trained.key in files["train.py"].decode()
    assert b"aecore." not in files["train.py"] and b"import aecore" not in files["train.py"]
    process = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    (line,) = [line for line in process.stdout.splitlines() if line.startswith("validation MSE")]
    assert float(line.split()[-1]) == pytest.approx(trained.metrics["val_mse"], rel=0.1)


def test_reproducing(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("tensorflow")
    from aecore.learning import fit

    real = fit.fetch

    def fetch(name: str) -> Any:
        if name == "mnist":
            raise DatasetError("mnist: no copy")
        return real(name)

    monkeypatch.setattr(fit, "fetch", fetch)
    rows = answer(capsys, "reproduce", "geron-linear", "hubens-vanilla", "--seeds", "2")
    assert [(row["preset"], row["seed"]) for row in rows] == [
        (name, seed) for name in ("geron-linear", "hubens-vanilla") for seed in (42, 43)
    ]
    assert rows[0]["agrees"] is True and rows[0]["published"]["train_loss"] == 0.0055
    assert rows[0]["obtained"]["train_loss"] != rows[1]["obtained"]["train_loss"]
    assert rows[2]["agrees"] is None and "no copy" in rows[2]["error"] and rows[2]["obtained"] is None
    assert main(["reproduce", "hubens-vanilla"]) == 1
    assert "no copy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("preset", "change", "agree"),
    [
        ("geron-stacked", {}, True),
        ("geron-stacked", {"val_loss": 0.0039}, True),
        ("geron-stacked", {"val_loss": 0.0041}, False),
        ("geron-stacked", {"rounded_accuracy": -0.011}, False),
        ("geron-variational", {"val_loss": 0.0059}, True),
        ("hubens-vanilla", {"val_loss": 0.0005}, True),
        ("hubens-vanilla", {"val_loss": 0.0007}, False),
        ("geron-linear", {"train_loss": 0.03}, False),
    ],
)
def test_agreement(preset: str, change: dict[str, float], agree: bool) -> None:
    printed = presets.get(preset).published or {}
    published = {name: printed.get(name) for name in reproduce.NUMBERS}
    found = {name: (value or 0.0) + change.get(name, 0.0) for name, value in published.items()}
    assert reproduce.agrees(presets.get(preset).spec, published, found) is agree


def test_warming(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    from aecore.mapping import engines

    drawn: list[MapSpec] = []
    monkeypatch.setattr(engines, "embed", lambda x, spec, report: drawn.append(spec))  # compiling takes a minute
    value = answer(capsys, "warm")
    assert set(value["seconds"]) == {"mapping", "learning"}
    assert [spec.method for spec in drawn] == ["umap"] and "aecore.learning" in sys.modules


def test_demonstrations_have_names_and_keys() -> None:
    keys = demo.keys()
    assert {"stacked", "linear", "sparse-kl", "sparse-baseline", "variational-2", "hashing"} <= set(keys)
    assert len(set(keys.values())) == len(demo.DEMONSTRATIONS)
    assert keys["stacked"] == runs.run_key(presets.get("stacked").spec)
    specs = {demonstration.name: demonstration.spec for demonstration in demo.DEMONSTRATIONS}
    assert specs["variational-2"].coding_size == 2 and specs["sparse-baseline"].sparsity_weight == 0


def listed_by_git(folder: Path) -> set[str]:
    """The first two parts below cache/ of every file that `git add` would take."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    listing = ["git", "ls-files", "--others", "--exclude-standard", "cache"]
    lines = subprocess.run(listing, cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
    return {"/".join(Path(line).parts[1:3]) for line in lines}


def test_demonstrations_are_made_and_committed(
    cache: Path, trained: runs.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    first = Demonstration("small", "stacked", SMALL)
    other = Demonstration("other", "linear", {"dataset": "digits", "epochs": 1, "coding_size": 2}, ())
    shutil.copy(ROOT / ".gitignore", cache.parent / ".gitignore")

    def made(*demonstrations: Demonstration, prune: bool = False, code: int = 0) -> Any:
        monkeypatch.setattr(demo, "DEMONSTRATIONS", demonstrations)
        demo.keys.cache_clear()
        return answer(capsys, "demo", *(["--prune"] if prune else []), code=code)

    try:
        value = made(first)
        assert [(row["name"], row["cached"], row["maps"]) for row in value["runs"]] == [("small", True, ["pca"])]
        files = [path for path in (cache / "runs" / trained.key).rglob("*") if path.is_file()]
        assert len(files) > 15 and value["bytes"] == sum(path.stat().st_size for path in files)
        assert listed_by_git(cache.parent) == {"runs/.gitignore", f"runs/{first.key}"}
        assert made(other)["pruned"] == [] and (cache / "runs" / first.key).exists()
        assert listed_by_git(cache.parent) == {"runs/.gitignore", f"runs/{other.key}"}
        assert made(first, prune=True)["pruned"] == [other.key] and not (cache / "runs" / other.key).exists()
        monkeypatch.setattr(demo, "MAX_BYTES", 1000)
        made(first, code=1)
    finally:
        demo.keys.cache_clear()


def test_the_committed_demonstrations_are_those_of_the_list() -> None:
    folder = ROOT / "cache" / "runs"
    if not (folder / ".gitignore").exists():
        pytest.skip("make demo-runs was not run yet")
    assert demo.committed(folder) == sorted(demo.keys().values())
    for demonstration in demo.DEMONSTRATIONS:
        run = runs.open_run(demonstration.key, ROOT / "cache")
        assert run.state == "finished", demonstration.name
        for spec in demonstration.maps:
            assert runs.Work(run.folder / "map" / spec.key(run.key)).state == "finished", demonstration.name


def test_exports_of_a_run_that_is_not_there(cache: Path) -> None:
    with pytest.raises(runs.RunError, match="missing"):
        export.files(runs.open_run("0" * 16, cache), "keras")
