"""`data add`, `list`, `show` and `remove`, and trainings on own files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecore import datasets
from aecore.__main__ import main
from aecore.commands import workers
from aecore.datasets import own
from aecore.store import listing, own_data, runs
from tests.commands.conftest import answer
from tests.uploads.made_files import coloured, npz, zip_file

SHORT = ("--set", "epochs=1", "--no-probe")
RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def ended_workers() -> None:
    """Each test's workers are its own: they keep the cache folder of their start."""
    yield
    workers.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files as a person has them."""
    files = tmp_path / "files"
    files.mkdir()
    content = {f"{'ab'[i % 2]}/{i}.png": one for i, one in enumerate(coloured(30))}
    (files / "pictures.zip").write_bytes(zip_file(content))
    x = RANDOM.normal(size=(60, 4))
    rows = [",".join([*(f"{value:.4f}" for value in row), "yn"[i % 2]]) for i, row in enumerate(x)]
    (files / "table.csv").write_text("\n".join(["a,b,c,d,kind", *rows]))
    (files / "waves.npz").write_bytes(npz(x=RANDOM.normal(size=(40, 12, 2)).cumsum(axis=1), y=np.arange(40) % 2))
    return files


def test_add_list_show_and_remove(cache: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added = answer(capsys, "data", "add", str(folder / "table.csv"), "--label", "kind", "--name", "Mine")
    assert added["title"] == "Mine" and added["shape"] == [4] and added["classes"] == ["n", "y"]
    assert added["columns"] == ["a", "b", "c", "d"] and not added["cached"]
    again = answer(capsys, "data", "add", str(folder / "table.csv"), "--label", "kind", "--name", "Mine")
    assert again["name"] == added["name"] and again["cached"]
    other = answer(capsys, "data", "add", str(folder / "table.csv"), "--set", "scale=standard")
    assert other["name"] != added["name"] and not other["unit_range"]
    assert {one["name"] for one in answer(capsys, "data", "list")} == {added["name"], other["name"]}
    assert answer(capsys, "data", "show", added["name"])["facts"] == added["facts"]
    assert answer(capsys, "data", "remove", added["name"])["name"] == added["name"]
    assert not own.folder(added["name"]).exists() and own_data.names(cache) == [other["name"]]
    assert not list((cache / "data").glob(".*"))


def test_train_on_a_file_in_one_go(cache: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained = answer(capsys, "train", "stacked", "--data", str(folder / "table.csv"), *SHORT)
    assert own.is_own(trained["dataset"]) and trained["state"] == "finished" and trained["val_mse"] > 0
    again = answer(capsys, "train", "stacked", "--data", str(folder / "table.csv"), *SHORT)
    assert again["key"] == trained["key"] and again["cached"]
    assert trained["key"] not in [run.key for run in listing.list_runs(cache)]
    assert answer(capsys, "data", "show", trained["dataset"])["runs"] == [trained["key"]]
    assert answer(capsys, "data", "remove", trained["dataset"])["runs"] == 1
    assert not runs.open_run(trained["key"], cache).folder.exists()


def test_every_form_trains_with_the_variants_that_fit(
    cache: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file, preset, shape in (
        ("pictures.zip", "convolutional", (12, 12, 3)),
        ("waves.npz", "recurrent", (12, 2)),
        ("waves.npz", "variational", (12, 2)),
    ):
        trained = answer(capsys, "train", preset, "--data", str(folder / file), *SHORT, "--set", "hidden=8")
        run = runs.open_run(trained["key"], cache)
        data = datasets.load(trained["dataset"])
        assert data.info.shape == shape
        reconstructions = run.reconstructions()
        assert reconstructions.shape == data.validation.shape
        assert reconstructions.dtype == (np.uint8 if data.info.is_image else np.float16)
        error = np.mean((datasets.as_float(reconstructions) - datasets.as_float(data.validation)) ** 2)
        assert error == pytest.approx(trained["val_mse"], rel=0.05)
    assert main(["train", "convolutional", "--data", str(folder / "waves.npz"), *SHORT]) == 2
    assert "holds sequences; allowed: dense or recurrent" in capsys.readouterr().err


def test_data_outside_0_to_1_are_trained_with_a_linear_output(
    cache: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = answer(capsys, "data", "add", str(folder / "table.csv"), "--set", "scale=standard")["name"]
    trained = answer(capsys, "train", "stacked", "--dataset", name, *SHORT)
    spec = runs.open_run(trained["key"], cache).spec
    assert (spec.loss, spec.output_activation, spec.dataset) == ("mse", "linear", name)


def test_the_option_cache_holds_the_data_too(
    cache: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ("--cache", str(tmp_path / "other"))
    name = answer(capsys, "data", "add", str(folder / "table.csv"), *other)["name"]
    trained = answer(capsys, "train", "stacked", "--dataset", name, *SHORT, *other)
    assert Path(trained["folder"]).parents[1] == tmp_path / "other" and own_data.names(cache) == []
    assert main(["train", "stacked", "--dataset", name, *SHORT]) == 2
    assert "no such data on this server" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["data", "add", "nowhere.csv"], "data: got 'nowhere.csv', allowed: an existing file"),
        (["data", "add", "{folder}/bad.npy"], "bad.npy: got a damaged file"),
        (["data", "add", "{folder}/table.csv", "--label", "kinds"], "did you mean kind?"),
        (["data", "add", "{folder}/table.csv", "--set", "scale=wide"], "scale: got 'wide', allowed: auto, unit"),
        (["data", "add", "{folder}/table.csv", "--set", "label=kind"], "allowed: --label kind"),
        (["data", "add"], "FILE"),
        (["data", "add", "a", "--nmae", "x"], "did you mean --name?"),
        (["data"], "ACTION"),
        (["data", "shwo", "x"], "did you mean show?"),
        (["data", "show", "own-1"], "allowed: a name that `data list` prints"),
        (["data", "remove", "own-" + "0" * 32], "allowed: a name that `data list` prints"),
        (["train", "stacked", "--dataset", "own-" + "0" * 32], "no such data on this server"),
        (["train", "stacked", "--data", "x.csv", "--dataset", "digits"], "--data: got it with another data set"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    cache: Path, folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    (folder / "bad.npy").write_bytes(b"\x93NUMPY and more")
    assert main([argument.format(folder=folder) for argument in arguments]) == 2
    captured = capsys.readouterr()
    said = captured.err.strip().splitlines()
    assert line in said[-1] and said[-1].startswith("aecore: ") and not captured.out
    assert not list((cache / "data").glob("*")) + list((cache / "data").glob(".*"))
