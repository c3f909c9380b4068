"""The command line as a person or a script uses it: answers on stdout, one line for each mistake, exit codes."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aecore import datasets, export, presets
from aecore.__main__ import COMMANDS, main
from aecore.export import script
from aecore.export.codings import table
from aecore.specs.map import MapSpec
from aecore.store import files, runs
from aecore.store.lease import Lease
from aecore.store.runs import ResultFolder
from tests.commands.conftest import HEAVY, ROOT, SETTINGS, SMALL, answer


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
    assert lines[0].split() == ["name", "title", "dataset", "parameters", "description", "published"]
    stacked = next(line for line in lines if line.startswith("geron-stacked "))
    assert stacked.endswith("  train_loss 0.2814, val_loss 0.2835, rounded_accuracy 0.937")
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


def test_a_run_that_learned_nothing_says_so(cache: Path, trained: runs.Run, capsys: pytest.CaptureFixture) -> None:
    assert answer(capsys, "train", "stacked", *SETTINGS)["warning"] is None
    run = runs.open_run(trained.key, cache)
    files.write_json(run.folder / "metrics.json", {**run.metrics, "val_mse": 0.2, "mean_mse": 0.1})
    (run.folder / "DONE").unlink()
    run.mark("DONE")
    assert "learned nothing" in answer(capsys, "train", "stacked", *SETTINGS)["warning"]
    assert main(["train", "stacked", *SETTINGS, "--no-probe"]) == 0
    assert "This run learned nothing: its error .2000" in capsys.readouterr().out


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
    "data that does not fit": (["train", "convolutional", "--set", "dataset=plane-3d"], "allowed: dense, or image"),
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
    "unknown autoencoder": (["pretrain", "0123456789abcdef"], "missing"),
    "labels that are no number": (["pretrain", "KEY", "--set", "labels=few"], "'few', allowed: whole numbers"),
    "fewer labels than classes": (["pretrain", "KEY", "--set", "labels=9"], "got 9, allowed: 10 (one of each"),
    "more labels than images": (["pretrain", "KEY", "--set", "labels=1438"], "to 1,437"),
    "data without labels": (["pretrain", "geron-linear"], "'plane-3d', which has no labels"),
    "unknown pretraining setting": (["pretrain", "--set", "label=3"], "'label'; allowed: labels, seeds"),
    "a setting as an option": (
        ["train", "stacked", "--epochs", "3"],
        "allowed: --set epochs=3 (see python -m aecore train",
    ),
    "a setting as an option before the preset": (
        ["train", "--coding-size=2", "stacked"],
        "allowed: --set coding_size=2",
    ),
    "a setting as an argument": (["train", "stacked", "epochs=3"], "allowed: --set epochs=3"),
    "a mistyped option": (
        ["reproduce", "--sedes", "2"],
        "--json, --cache, --seeds; did you mean --seeds?",
    ),
    "a mistyped setting as an option": (["train", "stacked", "--epoch", "3"], "did you mean --set epochs=VALUE?"),
    "one preset too many": (["train", "stacked", "tied"], "train: got 'tied', which is one argument too many"),
    "a method among the settings": (
        ["project", "KEY", "--method", "pca", "--set", "method=tsne"],
        "allowed: --method tsne",
    ),
    "mistyped command": (["prets"], "COMMAND: got 'prets', allowed: presets, train"),
    "nearest command": (["preset"], "did you mean presets?"),
    "nearest preset": (["train", "staked"], "did you mean stacked?"),
    "nearest recipe": (["reproduce", "geron-staked"], "did you mean geron-stacked?"),
    "nearest setting": (["train", "stacked", "--set", "epoch=3"], "did you mean epochs?"),
    "nearest data set": (["train", "stacked", "--set", "dataset=fashion-mnst"], "did you mean fashion-mnist?"),
    "nearest method": (
        ["project", "KEY", "--method", "t-sne"],
        "--method: got 't-sne', allowed: none, pca, tsne, umap; did",
    ),
    "nearest layer": (["project", "KEY", "--method", "pca", "--layer", "coding"], "did you mean codings?"),
    "nearest format": (["export", "KEY", "--format", "notebok", "-o", "OUT"], "did you mean notebook?"),
    "nearest autoencoder": (
        ["pretrain", "convolutionl"],
        "autoencoder: got 'convolutionl', allowed: a run's key (16 digits",
    ),
    "neither key nor preset": (["pretrain", "nope"], "0-9 a-f), stacked, linear"),
    "a preset for a run": (
        ["export", "tied", "--format", "onnx", "-o", "OUT"],
        "a preset; allowed: the key of a finished or",
    ),
    "a part of a key": (["probe", "PART"], "did you mean KEY?"),
    "seeds that are no number": (
        ["reproduce", "--seeds", "1_0"],
        "--seeds: got '1_0', allowed: a whole number, 1 to 100",
    ),
    "unknown format": (["export", "KEY", "--format", "pdf", "-o", "OUT"], "'pdf'"),
    "a file for a folder": (["export", "KEY", "--format", "codings", "-o", "OUT.csv"], "such as -o OUT"),
    "no folder": (["export", "KEY", "--format", "onnx", "-o", "FILE/x"], "allowed: a folder that can be written"),
}


@pytest.mark.parametrize(("argv", "told"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line(
    argv: list[str], told: str, cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    places = {"KEY": trained.key, "OUT": str(tmp_path / "out"), "FILE": str(tmp_path / "file"), "PART": trained.key[:9]}
    for name, place in places.items():
        argv, told = [argument.replace(name, place) for argument in argv], told.replace(name, place)
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
    run, before = runs.run_of(spec, cache), signal.getsignal(signal.SIGINT)

    def interrupt() -> None:
        while not run.history["epochs"]:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    value = answer(capsys, "train", "stacked", *SETTINGS, "--set", "epochs=1000", code=130)
    assert value["state"] == run.state == "stopped"
    assert 1 <= value["epochs"] < 1000
    assert signal.getsignal(signal.SIGINT) is before


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


def exported(run: runs.Run, kind: str, out: Path, capsys: pytest.CaptureFixture, *options: str) -> dict[str, bytes]:
    value = answer(capsys, "export", run.key, "--format", kind, "-o", str(out), *options)
    return {Path(path).name: Path(path).read_bytes() for path in value["files"]}


def test_exports_of_the_model(cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for kind, names in {"keras": ["model.keras"], "onnx": ["encoder.onnx", "decoder.onnx"]}.items():
        files = exported(trained, kind, tmp_path, capsys)
        assert files == {name: (trained.folder / name).read_bytes() for name in names}
    (archive,) = exported(trained, "zip", tmp_path, capsys).values()
    names = set(zipfile.ZipFile(io.BytesIO(archive)).namelist())
    assert {f"{trained.key}/{name}" for name in json.loads((trained.folder / "DONE").read_text())} < names


def test_exports_of_the_codings(cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    codings, data = np.load(trained.folder / "codings.npy"), datasets.load("digits")
    frame = pd.read_csv(io.BytesIO(exported(trained, "codings", tmp_path, capsys)["codings.csv"]))
    names = [f"coding_{i}" for i in range(1, 7)]
    assert list(frame) == ["id", "label", "class", *names]
    assert frame["id"].tolist() == list(range(360)) and frame["label"].tolist() == data.validation_labels.tolist()
    np.testing.assert_allclose(frame[names], codings, rtol=1e-4, atol=1e-5)
    files = exported(trained, "projector", tmp_path, capsys)
    np.testing.assert_array_equal(np.loadtxt(io.BytesIO(files["vectors.tsv"]), np.float32), codings)
    assert files["metadata.tsv"].decode().splitlines()[:2] == [
        "id\tlabel",
        f"0\t{data.info.classes[frame['label'][0]]}",
    ]
    assert set(files) == {"projector_config.pbtxt", "vectors.tsv", "metadata.tsv", "sprite.png"}


def test_every_kind_of_table_is_the_pages(
    cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    key = answer(capsys, "project", trained.key, "--method", "pca")["key"]
    files = exported(trained, "codings", tmp_path, capsys, "--as", "csv, parquet,npz,csv", "--map", key)
    assert list(files) == ["codings.csv", "codings.parquet", "codings.npz"]
    run = runs.open_run(trained.key, cache)
    wanted = table(run, datasets.load("digits"), range(360), ResultFolder(run.folder / "map" / key))
    assert list(wanted)[-2:] == ["x", "y"] and {str(wanted[name].dtype) for name in wanted.filter(like="_")} == {
        "float32"
    }
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(files["codings.parquet"])), wanted)
    text = pd.read_csv(io.BytesIO(files["codings.csv"]), dtype=dict(wanted.dtypes))
    pd.testing.assert_frame_equal(text, wanted, check_exact=True)
    with np.load(io.BytesIO(files["codings.npz"])) as arrays:
        assert arrays["codings"].dtype == np.float32
        np.testing.assert_array_equal(arrays["codings"], wanted.filter(like="coding_"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("codings", "--as", "xlsx"), "--as: got 'xlsx', allowed: csv, parquet, npz, with commas between"),
        (("codings", "--as", "csv,,npz"), "--as: got 'csv,,npz', allowed"),
        (("codings", "--map", "../.."), "--map: got '../..', allowed: none, this run has no map"),
        (("keras", "--as", "npz"), "--as: got it with --format keras, allowed: with --format codings"),
        (("zip", "--map", "0"), "--map: got it with --format zip"),
    ],
)
def test_what_a_table_cannot_be(
    options: tuple[str, ...], told: str, cache: Path, trained: runs.Run, capsys: pytest.CaptureFixture
) -> None:
    assert main(["export", trained.key, "--format", *options, "-o", str(cache / "out")]) == 2
    assert told in capsys.readouterr().err and not (cache / "out").exists()


def test_the_program_runs_alone(cache: Path, trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    files = exported(trained, "script", tmp_path, capsys)
    assert set(files) == {"train.py", "digits.npz"} and trained.key in files["train.py"].decode()
    assert b"aecore." not in files["train.py"] and b"import aecore" not in files["train.py"]
    process = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    for name, (title, digits) in script.PRINTED.items():
        (line,) = [line for line in process.stdout.splitlines() if line.startswith(title)]
        assert float(line.split()[-1]) == pytest.approx(trained.metrics[name], rel=0.1)
        assert f"{title} {trained.metrics[name]:.{digits}f}" in files["train.py"].decode()


def test_pretraining(cache: Path, trained: runs.Run, capsys: pytest.CaptureFixture) -> None:
    argv = ["pretrain", trained.key]
    for setting in ("labels=20,30", "seeds=2", "epochs=2", "frozen_epochs=1"):
        argv += ["--set", setting]
    value = answer(capsys, *argv)
    assert value["run"] == trained.key and value["state"] == "finished" and value["cached"] is False
    assert len(value["rows"]) == 12 and {row["arm"] for row in value["rows"]} == {"scratch", "pretrained", "frozen"}
    assert [verdict["labels"] for verdict in value["verdicts"]] == [20, 30] and value["conclusion"]
    assert main(argv) == 0
    told = capsys.readouterr().out
    assert "labels  from scratch  pretrained" in told and value["verdicts"][0]["words"] in told


def test_warming(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    from aecore.worker.projection import engines

    drawn: list[MapSpec] = []
    monkeypatch.setattr(engines, "embed", lambda x, spec, report: drawn.append(spec))  # compiling takes a minute
    value = answer(capsys, "warm")
    assert set(value["seconds"]) == {"mapping", "learning"}
    assert [spec.method for spec in drawn] == ["umap"] and "aecore.worker.training" in sys.modules


def test_exports_of_a_run_that_is_not_there(cache: Path) -> None:
    with pytest.raises(runs.RunError, match="missing"):
        export.files(runs.open_run("0" * 16, cache), "keras")
