"""The selected samples as a table, and what becomes of a selection."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from aecore import datasets
from aecore.analysis import inference
from aecore.datasets import as_float
from aecore.export import codings
from aecore.specs import map
from aecore.store import runs
from aecore.store.runs import ResultFolder, Run
from aecore.worker.projection import project
from pages.widgets.basics import notice
from pages.widgets.session import selection
from tests.pages.conftest import key, unescaped


@pytest.fixture
def run(cache: Path) -> Run:
    return runs.open_run(key("stacked"), cache)


@pytest.fixture
def work(run: Run) -> ResultFolder:
    spec = map.MapSpec(n=60)
    folder = run.folder / "map" / spec.key(run.key)
    project.compute(spec, run, folder)
    return ResultFolder(folder)


def test_a_row_has_number_class_place_and_codings(run: Run, work: ResultFolder) -> None:
    data = datasets.load("digits")
    index, points = work.array("index"), work.array("points")
    absent = next(i for i in range(len(data.validation)) if i not in index)
    numbers = [int(index[5]), absent, len(data.validation) + 3]
    frame = codings.table(run, data, numbers, work)
    assert frame["id"].tolist() == numbers
    assert frame["label"].tolist() == [
        data.validation_labels[numbers[0]],
        data.validation_labels[absent],
        data.train_labels[3],
    ]
    assert frame["class"][0] == data.info.classes[frame["label"][0]]
    np.testing.assert_allclose(frame.loc[0, ["x", "y"]].astype(float), points[5])
    assert frame.loc[1:, ["x", "y"]].isna().all(axis=None)  # not on this map
    expected = inference.encode(run, as_float(data.numbered(np.array(numbers))))
    names = [f"coding_{i + 1}" for i in range(expected.shape[1])]
    assert list(frame) == ["id", "label", "class", *names, "x", "y"]
    np.testing.assert_allclose(frame[names], expected, atol=1e-6)


def test_the_files_hold_the_same(run: Run, work: ResultFolder) -> None:
    frame = codings.table(run, datasets.load("digits"), [3, 1, 4], work)
    again = pd.read_parquet(io.BytesIO(codings.parquet(frame)))
    pd.testing.assert_frame_equal(again, frame)
    text = pd.read_csv(io.BytesIO(codings.csv(frame)), dtype=dict(frame.dtypes))
    pd.testing.assert_frame_equal(text, frame, check_exact=True)
    with np.load(io.BytesIO(codings.npz(frame))) as arrays:
        assert list(arrays) == ["id", "label", "class", "codings", "map"]
        np.testing.assert_array_equal(arrays["codings"], frame.filter(like="coding_"))
        np.testing.assert_array_equal(arrays["map"], frame[["x", "y"]])
        assert arrays["class"].tolist() == frame["class"].tolist()


def test_a_selection_belongs_to_its_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    digits, plane = datasets.load("digits"), datasets.load("plane-3d")
    selection.choose([4, 2], digits)
    selection.forget_other(digits)
    assert selection.current() == [4, 2]
    selection.forget_other(plane)
    assert selection.current() == []


@pytest.mark.parametrize("text", ["<b>Bag</b>", "a *b*", "[x](y)", ":red[x]", "`c`", "$d$"])
def test_names_are_text_and_not_markup(text: str) -> None:
    escaped = notice.plain(text)
    assert unescaped(escaped) == text
    assert all(f"\\{mark}" in escaped for mark in set(text) & set("<>*[]():`$"))
