"""`anomalies`: what `--against` names, the table, and lines for bad input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from aecore import datasets
from aecore.__main__ import main
from aecore.analysis.anomalies import BASELINES
from aecore.commands import anomalies
from aecore.store import listing, runs

TRAIN = ["train", "stacked", "--no-probe", "--set", "dataset=digits", "--set", "hidden=12", "--set", "epochs=2"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    assert main(["--cache", str(folder), *TRAIN, "--set", "coding_size=4", "--set", "leave_out=3", "--json"]) == 0
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> runs.Run:
    monkeypatch.setenv("AECORE_CACHE", str(tmp_path / "cache"))
    shutil.copytree(trained / "runs", tmp_path / "cache" / "runs")
    return listing.list_runs(tmp_path / "cache")[0]


def test_a_class_that_was_left_out_and_one_that_was_not(run: runs.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["anomalies", run.key, "--against", "3", "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert value["state"] == "finished" and value["trained_on"] is False and value["against"] == "3"
    assert set(value["auroc"]) == {"autoencoder", *BASELINES}
    assert main(["anomalies", run.key, "--against", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{value['n_anomalies']} anomalies among {value['n_ordinary']} ordinary samples"
    best = max(value["auroc"].values())
    assert f"{best[0]:.3f}" in lines[2] and len(lines) == 6
    assert main(["anomalies", run.key, "--against", "4"]) == 0
    assert "trained on 4, too; --set leave_out=4 trains one without it" in capsys.readouterr().out
    assert main(["anomalies", run.key, "--against", "noise", "--set", "noise_rate=1", "--json"]) == 0
    noisy = json.loads(capsys.readouterr().out)
    assert noisy["n_anomalies"] == noisy["n_ordinary"] == 360


def test_names_are_classes_data_sets_and_noise() -> None:
    fashion = datasets.info("fashion-mnist-12k")
    assert anomalies.against("bag", fashion) == {"against": "class", "label": 8}
    assert anomalies.against("8", fashion) == {"against": "class", "label": 8}
    assert anomalies.against("digits", fashion) == {"against": "dataset", "dataset": "digits"}
    assert anomalies.against("Noise", fashion) == {"against": "noise"}


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--against", "10"], "--against: got '10', allowed: noise, fashion-mnist-12k, fashion-mnist, 0, 1, 2"),
        (["--against", "mnist"], "--against: got 'mnist', allowed: noise, fashion-mnist-12k"),
        (["--against", "3", "--set", "label=4"], "--set: got label, allowed: --against NAME"),
        (["--against", "noise", "--set", "noise_rate=0"], "noise_rate: got 0"),
        ([], "--against"),
    ],
)
def test_bad_input_gives_one_line(
    run: runs.Run, argv: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["anomalies", run.key, *argv]) == 2
    (only,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert line in only
