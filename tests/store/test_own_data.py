"""Uploaded data: stored whole or not at all, known to who knows the name, on no list, and gone with all runs."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aecore import datasets
from aecore.classroom import leaderboard
from aecore.datasets import own
from aecore.errors import DatasetError, SpecError
from aecore.export import codings
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.run import RunSpec
from aecore.specs.upload import UploadSpec
from aecore.store import experiments, files, listing, own_data, runs
from aecore.store.runs import Run
from aecore.uploads.prepare import prepare
from aecore.uploads.samples import Samples
from tests import made
from tests.store.own import colours, sequences, stored, table


def finished(spec: RunSpec) -> Run:
    run = runs.run_of(spec)
    run.begin(spec)
    files.write_json(run.folder / "metrics.json", {"coding_size": 2, "val_mse": 0.1, "pca_mse": 0.2, "seconds": 1.0})
    run.mark("DONE")
    return run


def test_what_is_stored_is_what_was_prepared(cache: Path) -> None:
    x = np.random.default_rng(0).normal(size=(40, 6))
    samples = Samples("table", x, np.arange(40) % 2, ("a", "b"), tuple("uvwxyz"))
    prepared = prepare(samples, UploadSpec())
    data = datasets.load(name := stored(cache, samples))
    for part in ("train", "validation", "train_labels", "validation_labels"):
        array = getattr(data, part)
        assert (array == getattr(prepared, part)).all() and isinstance(array, np.memmap) and not array.flags.writeable
    assert data.info == datasets.info(name)
    assert data.info.title == "made ‹here›.csv" and data.info.columns == tuple("uvwxyz")
    assert data.info.classes == ("a", "b") and data.info.unit_range and not data.info.is_image
    with np.load(own.folder(name) / "scaling.npz") as scaling:
        restored = data.train / scaling["factor"] + scaling["offset"]
    assert np.abs(np.sort(restored, axis=0)[0] - x.min(axis=0)).max() < 1  # raw values again


def test_a_name_cannot_be_guessed_and_leaves_no_folder(cache: Path) -> None:
    made = {own_data.new_name() for _ in range(50)}
    assert len(made) == 50 and all(own.is_own(name) and len(name) == 36 for name in made)
    for name in ("own-..", "own-../../x", "own-" + "G" * 32, "../own-" + "0" * 32):
        with pytest.raises(DatasetError, match="data: got "):
            own.folder(name)
    assert not set(datasets.names()) & {table(cache)}
    unknown = own_data.new_name()
    with pytest.raises(DatasetError, match="no such data"):
        datasets.load(unknown)
    with pytest.raises(DatasetError) as error:
        datasets.info("own-1")
    assert "own-" not in str(error.value).removeprefix("dataset: got 'own-1'")


def test_half_written_data_are_no_data(cache: Path) -> None:
    name = table(cache)
    folder = own.folder(name)
    (folder / "train.npy").write_bytes(b"torn")
    with pytest.raises(DatasetError, match="cannot be read"):
        datasets.load(name)
    (folder / "DONE").unlink()
    for ask in (datasets.info, datasets.load):
        with pytest.raises(DatasetError, match="no such data"):
            ask(name)


def test_what_fits_which_variant_is_one_line(cache: Path) -> None:
    spec = RunSpec(hidden=(8,), coding_size=2)
    for name in (table(cache), colours(cache), sequences(cache)):
        assert runs.run_key(spec.replace(dataset=name))
    for name, architecture, reason in (
        (table(cache), "convolutional", "holds vectors; allowed: dense"),
        (table(cache), "recurrent", "holds vectors"),
        (sequences(cache), "convolutional", "holds sequences; allowed: dense or recurrent"),
    ):
        with pytest.raises(SpecError, match=reason):
            runs.run_key(spec.replace(dataset=name, architecture=architecture))
    assert runs.run_key(spec.replace(dataset=sequences(cache), architecture="recurrent"))
    assert runs.run_key(spec.replace(dataset=colours(cache), architecture="convolutional"))


def test_values_outside_0_to_1_get_a_fitting_loss(cache: Path) -> None:
    x = np.random.default_rng(0).normal(size=(40, 6))
    info = datasets.info(stored(cache, Samples("table", x), scale="standard"))
    spec = RunSpec(noise_rate=0.1, noise_clip=True, hidden=(8,))
    with pytest.raises(SpecError, match="loss: got 'bce'"):
        runs.run_key(spec.replace(dataset=info.name))
    fitting = datasets.fitting(spec, info)
    assert (fitting.loss, fitting.output_activation, fitting.noise_clip) == ("mse", "linear", False)
    assert runs.run_key(fitting)
    unit = datasets.info(table(cache))
    assert datasets.fitting(spec, unit) == spec.replace(dataset=unit.name)


def test_runs_on_own_data_are_on_no_list_of_others(cache: Path) -> None:
    shared = finished(RunSpec(dataset="digits"))
    mine, other = (finished(RunSpec(dataset=table(cache, seed=seed), hidden=(8,))) for seed in (1, 2))
    assert [run.key for run in listing.list_runs()] == [shared.key]
    own_names = (mine.spec.dataset,)
    assert {run.key for run in listing.list_runs(own_data=own_names)} == {shared.key, mine.key}
    boards = leaderboard.boards(cache)
    assert list(boards) == ["digits"] and not own.is_own("digits")
    assert other.readable and listing.is_private(other) and not listing.is_private(shared)


def test_removal_takes_the_data_and_every_run(cache: Path) -> None:
    name, kept = table(cache), table(cache, seed=1)
    spec = RunSpec(dataset=name, hidden=(8,))
    gone = [finished(spec), finished(spec.replace(seed=1))]
    stays = [finished(spec.replace(dataset=kept)), finished(RunSpec(dataset="digits"))]
    pretrain = PretrainSpec(autoencoder=spec, labels=(20,))
    experiment = experiments.experiment_of(pretrain)
    experiment.folder.mkdir(parents=True)
    experiments.describe(pretrain, experiment.folder)
    own_data.receive(name, [("../../evil.csv", b"x")], cache)
    datasets.load(name)
    assert own_data.remove(name, cache) == 3
    assert not any(run.folder.exists() for run in gone) and not experiment.folder.exists()
    assert all(run.readable for run in stays) and own_data.names(cache) == [kept]
    assert {path.name for path in (cache / "data").iterdir()} == {kept}
    with pytest.raises(DatasetError, match="no such data"):
        datasets.load(name)


def test_uploaded_files_lie_in_their_folder_whatever_they_are_called(cache: Path, tmp_path: Path) -> None:
    name = own_data.new_name()
    received = own_data.receive(name, [("../../../evil.py", b"1"), ("/etc/passwd", b"2"), ("a\0b", b"3")], cache)
    folder = cache / "data" / f".upload-{name}"
    assert [file.path for file in received] == [folder / f"{i:06}" for i in range(3)]
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["000000", "000001", "000002"]
    own_data.discard_upload(name, cache)
    assert not folder.exists()


def test_data_go_after_days_without_use_and_use_keeps_them(cache: Path) -> None:
    old, used, kept = (table(cache, seed=seed) for seed in range(3))
    run = finished(RunSpec(dataset=old, hidden=(8,)))
    shown = finished(RunSpec(dataset=used, hidden=(8,)))
    unfinished = own.folder(own_data.new_name())
    unfinished.mkdir()
    own_data.receive(unfinished.name, [("a", b"")], cache)
    long_ago = time.time() - 8 * own_data.DAY
    for path in (cache / "data").iterdir():
        os.utime(path, (long_ago, long_ago))
    shown.touch()
    assert own_data.sweep(cache, 0) == [] and own_data.sweep(cache, 9, (unfinished.name,)) == []
    assert set(own_data.sweep(cache, 7, (kept,))) == {old, unfinished.name}
    assert not run.folder.exists() and shown.readable
    assert {path.name for path in (cache / "data").iterdir()} == {used, kept}
    os.utime(own.folder(used), (long_ago, long_ago))
    datasets.load(used)
    assert own_data.sweep(cache, 7, (kept,)) == []


def test_no_class_name_is_a_formula_in_an_exported_table(cache: Path) -> None:
    classes = ("=cmd|' /C calc'!A0", "@SUM(A1)", "+x", "-1", "plain")
    x = np.random.default_rng(0).normal(size=(60, 5))
    name = stored(cache, Samples("table", x, np.arange(60) % 5, classes))
    run = made.write(RunSpec(dataset=name, hidden=(), coding_size=2), cache)
    rows = pd.read_csv(io.BytesIO(codings.files(run)["codings.csv"]), dtype=str)
    assert set(rows["class"]) == {"'=cmd|' /C calc'!A0", "'@SUM(A1)", "'+x", "-1", "plain"}
