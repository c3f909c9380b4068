"""Engines and the neighbours they share: exact, stoppable, the same on any machine, and not put off by equal rows."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.manifold import TSNE

from aecore.specs.map import MapSpec
from aecore.store.progress import Stopped
from aecore.worker.projection import engines, quality, umap_patches

METHODS = ("pca", "tsne", "umap")


def groups(n: int, d: int = 6, seed: int = 0) -> np.ndarray:
    """Five clouds, (n, d)."""
    random = np.random.default_rng(seed)
    return (random.normal(size=(5, d))[np.arange(n) % 5] * 4 + random.normal(size=(n, d))).astype(np.float32)


def spec_of(method: str, **values: float) -> MapSpec:
    return MapSpec.from_dict({"method": method, "perplexity": 10, "n_neighbors": 8, **values})


def quiet(share: float) -> None:
    """Nobody listens."""


@pytest.mark.parametrize("d", [2, 30])
def test_neighbours_are_the_nearest_others(monkeypatch: pytest.MonkeyPatch, d: int) -> None:
    monkeypatch.setattr(engines, "BLOCK", 70)
    x = groups(200, d)
    distances = np.linalg.norm(x[:, None] - x, axis=2)
    np.fill_diagonal(distances, np.inf)
    found, far = engines.neighbours(x, 12)
    np.testing.assert_array_equal(found, np.argsort(distances, axis=1)[:, :12])
    np.testing.assert_allclose(far, np.sort(distances, axis=1)[:, :12], rtol=1e-4)


@pytest.mark.parametrize("d", [2, 30])
def test_neighbours_among_equal_points(d: int) -> None:
    x = np.repeat(groups(4, d), 25, axis=0)
    found, far = engines.neighbours(x, 10)
    assert (far < 1e-3).all() and (found // 25 == np.arange(100)[:, None] // 25).all()
    assert (found != np.arange(100)[:, None]).all()
    assert all(len(set(row)) == 10 for row in found.tolist())


def test_the_search_says_how_far_it_is_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BLOCK", 50)
    heard: list[float] = []
    engines.neighbours(groups(200), 5, heard.append)
    assert heard == [0, 0.25, 0.5, 0.75]
    with pytest.raises(Stopped):
        engines.neighbours(groups(200), 5, stop)


def stop(share: float) -> None:
    raise Stopped


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_neighbours_handed_in_draw_the_same(method: str) -> None:
    x = groups(150)
    near = engines.neighbours(x, 60)  # more than are needed
    handed = engines.embed(x, spec_of(method), quiet, near)
    np.testing.assert_array_equal(handed, engines.embed(x, spec_of(method), quiet))
    other = engines.embed(x, spec_of(method), quiet, engines.neighbours(groups(150, seed=1), 60))
    assert not np.allclose(handed, other, atol=1e-2)


def test_tsne_tells_its_progress_and_stops() -> None:
    heard: list[float] = []
    engines.embed(groups(100), spec_of("tsne"), heard.append)
    assert heard == sorted(heard) and len(set(heard)) >= 20 and 0.9 < heard[-1] <= 1

    def enough(share: float) -> None:
        heard.append(share)
        if share > 0.5:
            raise Stopped

    heard.clear()
    with pytest.raises(Stopped):
        engines.embed(groups(100), spec_of("tsne"), enough)
    assert 0.5 < heard[-1] < 0.6


def test_tsne_is_as_good_as_scikit_learns() -> None:
    x = groups(500, d=20)
    ours = quality.trustworthiness(x, engines.embed(x, MapSpec("tsne"), quiet))
    theirs = quality.trustworthiness(x, TSNE(random_state=0).fit_transform(x))
    assert ours > theirs - 0.005


@pytest.mark.parametrize("dimensions", [2, 3])
def test_many_points_are_interpolated_on_a_grid(monkeypatch: pytest.MonkeyPatch, dimensions: int) -> None:
    """In two dimensions; three need the tree, however many points there are."""
    x, spec = groups(300), spec_of("tsne", dimensions=dimensions)
    tree = engines.embed(x, spec, quiet)
    monkeypatch.setattr(engines, "TREE_POINTS", 100)
    grid = engines.embed(x, spec, quiet)
    assert np.array_equal(tree, grid) == (dimensions == 3)
    assert abs(quality.trustworthiness(x, tree) - quality.trustworthiness(x, grid)) < 0.01


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("copies", [5, 60, 299])
def test_equal_rows_are_survived(method: str, copies: int) -> None:
    x = groups(300)
    x[:copies] = x[0]
    drawn = engines.embed(x, spec_of(method), quiet)
    assert drawn.shape == (300, 2) and np.isfinite(drawn).all()
    assert np.ptp(drawn, axis=0).max() > 0


ONE_CORE = """
import hashlib, os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from aecore.store.progress import Stopped
from aecore.worker.projection import engines
from tests.worker.projection.test_engines import groups, quiet, spec_of
x = groups(1200)
for method in ("pca", "tsne", "umap"):
    print(hashlib.md5(engines.embed(x, spec_of(method), quiet).tobytes()).hexdigest())
print("pynndescent" in sys.modules, engines.threads(len(x)))
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be taken away here")
def test_a_machine_with_one_core_draws_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", ONE_CORE], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    *there, last = done.stdout.split("\n")[:4]
    x = groups(1200)
    assert there == [hashlib.md5(engines.embed(x, spec_of(m), quiet).tobytes()).hexdigest() for m in METHODS]
    assert last == "False 2"  # what searches neighbours was not imported, and there was something to distribute


def test_a_private_name_that_is_gone_is_only_slower(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    umap = umap_patches.import_umap()
    monkeypatch.setattr(umap.layouts, "_nb_optimize_layout_euclidean_single_epoch", None)
    with caplog.at_level(logging.WARNING, "aecore.worker.projection"):
        assert umap_patches.import_umap() is umap
    assert "_nb_optimize_layout_euclidean_single_epoch is compiled anew" in caplog.text
