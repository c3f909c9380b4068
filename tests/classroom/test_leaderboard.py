"""The class board: which runs have a row, that rows are read once, and the figure's points."""

from __future__ import annotations

import itertools
import math
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aecore import presets
from aecore.classroom import leaderboard
from aecore.figures import DARK, LIGHT
from aecore.figures import leaderboard as figure
from aecore.figures.theme import apart
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run

VARIANTS = list(presets.VARIANTS)


def finished(cache: Path, spec: RunSpec, **metrics: Any) -> Run:
    """A run folder with as much in it as the board reads."""
    run = runs.run_of(spec, cache)
    run.begin(spec)
    known = {"coding_size": spec.coding_size, "val_mse": 0.02, "pca_mse": 0.03, "seconds": 4.0}
    files.write_json(run.folder / "metrics.json", {**known, **metrics})
    run.mark("DONE")
    return run


def many(cache: Path, n: int = 500) -> list[Run]:
    specs = [
        presets.get(VARIANTS[number % len(VARIANTS)]).spec.replace(coding_size=1 + number % 40, seed=number)
        for number in range(n)
    ]
    return [
        finished(cache, spec, coding_size=1 + i % 40, val_mse=0.1 / (1 + i % 40) + i / 1e5)
        for i, spec in enumerate(specs)
    ]


def rows(cache: Path) -> pd.DataFrame:
    """Of all data sets."""
    every = [one.rows for one in leaderboard.boards(cache).values()]
    return pd.concat(every, ignore_index=True) if every else pd.DataFrame()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every JSON file that is read from now on."""
    seen: list[Path] = []
    read = files.read_json

    def counted(path: Path, default: Any) -> Any:
        seen.append(path)
        return read(path, default)

    monkeypatch.setattr(runs, "read_json", counted)
    return seen


def test_a_board_of_500_runs_is_read_once(cache: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    made = many(cache)
    table = rows(cache)
    assert sorted(table["key"]) == sorted(run.key for run in made)
    assert len(reads) == len(made)  # the metrics of each
    reads.clear()
    monkeypatch.setattr(Path, "read_text", None)
    monkeypatch.setattr(Path, "read_bytes", None)
    assert rows(cache).equals(table)
    assert not reads


def test_a_run_that_was_trained_anew_is_read_anew_and_alone(cache: Path, reads: list[Path]) -> None:
    run, *_ = many(cache, 5)
    rows(cache)
    reads.clear()
    files.write_json(run.folder / "metrics.json", {**run.metrics, "val_mse": 0.5})
    run.mark("DONE")
    later = (run.folder / "DONE").stat().st_mtime_ns + 10**9
    os.utime(run.folder / "DONE", ns=(later, later))
    table = rows(cache).set_index("key")
    assert table.loc[run.key, "mse"] == 0.5
    assert {path.parent.name for path in reads} == {run.key}


def test_only_finished_runs_that_can_be_read_have_a_row(cache: Path) -> None:
    spec = presets.get("stacked").spec
    good = finished(cache, spec)
    finished(cache, spec.replace(seed=1), val_mse=None)
    finished(cache, spec.replace(seed=2)).folder.joinpath("metrics.json").write_text("{")
    stopped = finished(cache, spec.replace(seed=3))
    (stopped.folder / "DONE").rename(stopped.folder / "STOPPED")
    runs.run_of(spec.replace(seed=4), cache).begin(spec.replace(seed=4))
    (cache / "runs" / "not-a-key").mkdir()
    assert rows(cache)["key"].tolist() == [good.key]
    files.set_aside(good.folder)
    assert rows(cache).empty
    assert rows(cache / "nowhere").empty


def test_the_best_of_each_size_and_the_floor() -> None:
    table = pd.DataFrame(
        {
            "key": list("abcd"),
            "codings": [30, 2, 30, 2],
            "mse": [0.02, 0.05, 0.01, 0.04],
            "pca_mse": [0.015, 0.047, 0.015, math.nan],
        }
    )
    assert leaderboard.best(table)["key"].tolist() == ["d", "c"]
    assert leaderboard.pca_mse(table).to_dict("list") == {"codings": [2, 30], "pca_mse": [0.047, 0.015]}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_run_is_a_point_that_can_be_clicked_and_every_family_has_a_name(cache: Path, theme: Any) -> None:
    many(cache, 60)
    table = rows(cache)
    best = leaderboard.best(table)
    chart = figure.errors_by_size(table, best, leaderboard.pca_mse(table), theme)
    (points,) = [trace for trace in chart.data if trace.customdata is not None]
    assert sorted(points.customdata) == sorted(table["key"])
    looks = zip(points.marker.color, points.marker.symbol, strict=True)
    assert len(set(zip(table["variant"], looks, strict=True))) == table["variant"].nunique() == len(VARIANTS)
    told = " ".join(note.text for note in chart.layout.annotations)
    assert all(name in told for name in table.groupby("variant")["name"].agg(lambda names: names.mode().iloc[0]))
    assert "PCA" in told
    rings = [trace for trace in chart.data if trace.marker.symbol == "circle-open"]
    assert [len(ring.x) for ring in rings] == [len(best)]


def test_the_board_of_a_data_set_is_made_once_until_another_run_is_finished(cache: Path) -> None:
    many(cache, 8)
    other = presets.get("stacked").spec.replace(dataset="digits")
    finished(cache, other)
    known = leaderboard.boards(cache)
    assert [len(one.rows) for one in known.values()] == [8, 1] and set(known["digits"].rows["dataset"]) == {"digits"}
    for one in known.values():
        assert one.rows["finished"].is_monotonic_decreasing
        assert one.best.equals(leaderboard.best(one.rows)) and one.pca_mse.equals(leaderboard.pca_mse(one.rows))
    assert leaderboard.boards(cache) is known
    finished(cache, other.replace(seed=1))
    usual, digits = (leaderboard.boards(cache)[name].version == one.version for name, one in known.items())
    assert usual and not digits


def test_names_do_not_touch() -> None:
    crowd = [(300.0, 0.2 * number) for number in range(8)]
    heights = apart([*crowd, (800.0, 0.5)], 16, 130)
    assert all(b - a >= 16 - 1e-6 for a, b in itertools.pairwise(sorted(heights[:-1])))
    assert heights[-1] == 0.5 and heights[7] == crowd[7][1]  # nothing is in the way of these


def test_names_of_neighbouring_sizes_do_not_touch_on_a_phone() -> None:
    table = pd.DataFrame(
        {
            "key": list("abc"),
            "name": ["Sparse", "Stacked", "Linear"],
            "variant": [1, 2, 3],
            "codings": [30, 100, 2],
            "mse": [0.01, 0.01, 0.04],
            "pca_mse": math.nan,
            "epochs": 5,
            "seed": 42,
        }
    )
    chart = figure.errors_by_size(table, leaderboard.best(table), leaderboard.pca_mse(table), LIGHT)
    sparse, stacked = (
        note.yshift for note in chart.layout.annotations if "Sparse" in note.text or "Stacked" in note.text
    )
    assert abs(sparse - stacked) >= 16


@pytest.mark.parametrize(("mse", "pca_mse"), [(0.02, 0.0), (1e7, 0.02), (0.02, math.nan)])
def test_an_extreme_run_leaves_a_chart_that_can_be_read(mse: float, pca_mse: float) -> None:
    table = pd.DataFrame(
        {
            "key": ["a", "b"],
            "name": "Linear",
            "variant": 1,
            "codings": [2, 784],
            "mse": [0.04, mse],
            "pca_mse": [0.047, pca_mse],
            "epochs": 5,
            "seed": 42,
        }
    )
    chart = figure.errors_by_size(table, leaderboard.best(table), leaderboard.pca_mse(table), LIGHT)
    low, high = chart.layout.yaxis.range
    assert low < math.log10(0.02) and high > math.log10(mse) and low > -4
    assert 1 <= len(chart.layout.yaxis.tickvals) <= 12
