"""Neighbours against scikit-learn's, and where a new coding is put on each kind of map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from aecore import datasets
from aecore.analysis import neighbours
from aecore.errors import AecoreError
from aecore.specs.map import MapSpec
from aecore.store.files import write_array, write_arrays
from aecore.store.runs import ResultFolder, describe

RNG = np.random.default_rng(0)
CODINGS = (RNG.normal(size=(200, 6)) * 3 + 50).astype(np.float32)
NEW = (RNG.normal(size=(30, 6)) * 3 + 50).astype(np.float32)


def make_map(folder: Path, method: str, points: np.ndarray) -> ResultFolder:
    folder.mkdir()
    describe(MapSpec(method, dimensions=points.shape[1]), "0" * 16, folder)
    write_array(folder / "points.npy", points.astype(np.float32))
    return ResultFolder(folder)


def test_nearest_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    distances, indices = NearestNeighbors(n_neighbors=7).fit(CODINGS).kneighbors(NEW)
    for block in (neighbours.BLOCK, 450):  # all at once, and a few queries at a time
        monkeypatch.setattr(neighbours, "BLOCK", block)
        found = neighbours.nearest(NEW, CODINGS, 7)
        np.testing.assert_array_equal(found[0], indices)
        np.testing.assert_allclose(found[1], distances, rtol=1e-6)


def test_nearest_with_few_rows_and_duplicates() -> None:
    indices, distances = neighbours.nearest(CODINGS[3:4], CODINGS[:5], 9)
    assert sorted(indices[0]) == [0, 1, 2, 3, 4] and indices[0, 0] == 3 and distances[0, 0] == 0
    same, apart = neighbours.nearest(np.ones((1, 2)), np.ones((4, 2)), 3)
    assert len(set(same[0])) == 3 and (apart == 0).all()


def test_pca_is_placed_exactly(tmp_path: Path) -> None:
    engine = PCA(2).fit(CODINGS)
    work = make_map(tmp_path / "map", "pca", engine.transform(CODINGS))
    write_arrays(work.folder / "basis.npz", {"mean": engine.mean_, "components": engine.components_})
    np.testing.assert_allclose(neighbours.place_on_map(NEW, work, CODINGS), engine.transform(NEW), atol=1e-4)
    np.testing.assert_allclose(neighbours.place_on_map(CODINGS, work, CODINGS), work.array("points"), atol=1e-4)


def test_none_is_the_codings_and_nothing_on_a_missing_axis(tmp_path: Path) -> None:
    work = make_map(tmp_path / "map", "none", CODINGS[:, :2])
    np.testing.assert_array_equal(neighbours.place_on_map(NEW[:, :1], work, CODINGS[:, :1])[:, 1], 0)
    np.testing.assert_array_equal(neighbours.place_on_map(NEW[:, :2], work, CODINGS[:, :2]), NEW[:, :2])


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_others_take_the_middle_of_the_five_nearest(tmp_path: Path, method: str) -> None:
    points = RNG.normal(size=(200, 3))
    work = make_map(tmp_path / "map", method, points)
    near = NearestNeighbors(n_neighbors=5).fit(CODINGS).kneighbors(NEW, return_distance=False)
    placed = neighbours.place_on_map(NEW, work, CODINGS)
    assert placed.dtype == np.float32
    np.testing.assert_allclose(placed, np.median(points[near], axis=1), atol=1e-6)
    np.testing.assert_array_equal(neighbours.place_on_map(NEW[4:5], work, CODINGS.reshape(200, 2, 3))[0], placed[4])


def test_bad_input(tmp_path: Path) -> None:
    for queries, rows in ((NEW[:, :3], CODINGS), (NEW, CODINGS[:0]), (NEW[0], CODINGS), (NEW * np.nan, CODINGS)):
        with pytest.raises(AecoreError, match="codings: got .*, allowed: "):
            neighbours.nearest(queries, rows, 3)
    for method in ("pca", "umap", "none"):
        work = make_map(tmp_path / method, method, CODINGS[:, :2])
        for z, codings in ((NEW[:, :3], CODINGS), (NEW, CODINGS[:-1]), (NEW * np.inf, CODINGS)):
            with pytest.raises(AecoreError, match="codings: got .*, allowed: "):
                neighbours.place_on_map(z, work, codings)
    with pytest.raises(AecoreError, match="basis cannot be read"):
        neighbours.place_on_map(NEW, ResultFolder(tmp_path / "pca"), CODINGS)


def test_ranks_count_from_the_row_itself() -> None:
    points = np.array([[0, 0], [3, 0], [1, 0], [1, 0], [-2, 0]], np.float32)
    np.testing.assert_array_equal(neighbours.ranks(points, 0), [0, 4, 1, 1, 3])  # ties take the lower rank
    np.testing.assert_array_equal(neighbours.ranks(np.zeros((4, 2)), 2), [1, 1, 0, 1])


@pytest.mark.parametrize("factor", [1e19, 1e37, 3e38, 2.0**-120, 1e-42])
def test_huge_and_tiny_codings_have_neighbours(factor: float) -> None:
    rows = (np.array([[0, 1], [0.25, 0], [1, 1], [0.5, -1]]) * factor).astype(np.float32)
    near, distances = neighbours.nearest(rows[1:2], rows, 2)
    assert near.tolist() == [[1, 0]] and np.isfinite(distances).all()
    unit = neighbours.scale(rows)
    np.testing.assert_array_equal(rows / unit * np.float32(unit), rows)  # a power of 2
    assert 1 <= float(np.abs(rows / unit).max()) < 2


def test_ordinary_codings_are_not_scaled() -> None:
    for values in (np.zeros((2, 2)), np.ones((2, 2)), np.full((2, 2), 1e15), np.full(3, np.nan), np.empty((0, 2))):
        assert neighbours.scale(values) == 1
    assert neighbours.scale(np.full(2, 1e-30), np.ones(2)) == 1


def test_nearest_samples_are_those_of_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "SAMPLES", 2)
    data = datasets.load("digits")
    numbers = np.array([0, 5, len(data.validation) + 2, 9, 11])
    x = data.numbered(numbers).astype(float).reshape(5, -1)
    expected = [i for i in np.argsort(((x - x[2]) ** 2).sum(axis=1)) if i != 2]
    np.testing.assert_array_equal(neighbours.nearest_samples(data, numbers, 2, 3), expected[:3])
    assert len(neighbours.nearest_samples(data, numbers, 2, 10)) == 4
