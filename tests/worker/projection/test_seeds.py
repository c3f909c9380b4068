"""The same map with several seeds: the folder, what may differ, what is refused, progress and Stop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import procrustes

from aecore import datasets
from aecore.errors import AecoreError, SpecError
from aecore.jobs import StabilityTask
from aecore.jobs import execute as do
from aecore.specs.map import MapSpec
from aecore.specs.run import RunSpec
from aecore.specs.stability import StabilitySpec, refusal
from aecore.store import files, progress, runs
from aecore.store.runs import ResultFolder, Run
from aecore.worker.projection import engines, seeds

SPEC = RunSpec(dataset="digits", epochs=1)
UMAP = MapSpec("umap", n=80, n_neighbors=8, seed=7)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    x = datasets.as_float(datasets.load("digits").validation)
    x = x.reshape(len(x), -1)
    run = runs.run_of(SPEC, tmp_path)
    run.begin(SPEC)
    codings = (x @ np.random.default_rng(0).normal(size=(x.shape[1], 6))).astype(np.float32)
    files.write_array(run.folder / "codings.npy", codings)
    run.mark("DONE")
    return run


def drawn(run: Run, spec: StabilitySpec) -> ResultFolder:
    task = StabilityTask(run.key, spec)
    task.validate(run.folder.parent.parent)
    work = ResultFolder(task.folder(run.folder.parent.parent))
    assert work.folder == run.folder / "stability" / spec.key(run.key)
    task.begin(work.folder)
    assert do(task, str(work.folder), str(run.folder.parents[1])).state == "finished"
    return work


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_the_folder_is_complete_and_its_numbers_follow_from_the_maps(run: Run, method: str) -> None:
    first = MapSpec(method, n=80, n_neighbors=8, perplexity=10, seed=7)
    work = drawn(run, StabilitySpec(first, seeds=3))
    points, spread = work.array("points"), work.array("spread")
    assert points.shape == (3, 80, 2) and points.dtype == spread.dtype == np.float32 and spread.shape == (80,)
    assert (np.diff(work.array("index")) > 0).all() and work.status()["fraction"] == 1
    found = files.read_json(work.folder / "metrics.json", {})
    distances = np.array(found["distances"])
    assert distances.shape == (3, 3) and np.allclose(np.diag(distances), 0) and np.allclose(distances, distances.T)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert distances[i, j] == pytest.approx(procrustes(points[i], points[j])[2], abs=1e-4)
    assert found["mean_distance"] == pytest.approx(distances[np.triu_indices(3, 1)].mean(), abs=1e-6)
    assert found["seeds"] == [7, 8, 9] and found["n"] == 80
    # The first is the map itself, and another seed is really another drawing, laid on it.
    x = run.array("codings")[work.array("index")]
    np.testing.assert_allclose(points[0], engines.embed(x, first, lambda share: None), rtol=1e-5, atol=1e-5)
    assert not np.array_equal(points[0], points[1]) and 0 < spread.mean() < 1
    described = files.read_json(work.folder / "spec.json", {})
    assert StabilitySpec.from_dict(described["stability"]).drawing == first and described["run"] == run.key


def test_spread_is_a_share_of_the_maps_size() -> None:
    square = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], float)
    moved = square.copy()
    moved[0] += [2, 0]
    np.testing.assert_allclose(seeds.relative_spread(np.stack([square, moved])), [1 / np.sqrt(2), 0, 0, 0])
    assert (seeds.relative_spread(np.ones((3, 4, 2))) == 0).all()


def test_the_spec_is_a_value() -> None:
    spec = StabilitySpec(MapSpec("tsne", n=5000, perplexity=20, seed=2**31 - 1))
    assert spec.drawing == MapSpec("tsne", n=2000, perplexity=20, seed=2**31 - 1)
    assert [one.seed for one in spec.maps] == [2**31 - 1, 0, 1, 2, 3] and {one.perplexity for one in spec.maps} == {20}
    assert StabilitySpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    assert StabilitySpec('{"method": "umap", "seed": 42}') == StabilitySpec(MapSpec("umap"))
    keys = {s.key("r") for s in (spec, StabilitySpec(UMAP), StabilitySpec(UMAP, 4), StabilitySpec(spec.drawing))}
    assert len(keys) == 3


@pytest.mark.parametrize("method", ["pca", "none"])
def test_what_has_no_seed_is_refused(method: str) -> None:
    assert "the same for every seed" in refusal(MapSpec(method))
    with pytest.raises(SpecError, match=f"method: got '{method}', allowed: tsne, umap; .* same for every seed"):
        StabilitySpec(MapSpec(method))
    assert refusal(UMAP) == ""


@pytest.mark.parametrize("values", [{"seeds": 1}, {"seeds": 11}, {"seeds": "x"}, {"drawing": "{"}, {"drawing": "[]"}])
def test_bad_settings(values: dict) -> None:
    with pytest.raises(SpecError, match="got .*, allowed: "):
        StabilitySpec(**{"drawing": '{"method": "umap"}', **values})


def test_bad_codings_are_one_line(run: Run) -> None:
    files.write_array(run.folder / "codings.npy", np.ones((100, 6), np.float32))
    run.mark("DONE")
    with pytest.raises(AecoreError, match="all codings are equal"):
        seeds.compute(StabilitySpec(UMAP), run, run.folder / "stability" / "x", lambda: False)
    with pytest.raises(AecoreError, match="perplexity"):
        StabilityTask(run.key, StabilitySpec(MapSpec("tsne", n=20))).validate(run.folder.parent.parent)


def test_progress_and_stop(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "STATUS_SECONDS", 0)
    told: list[tuple[str, float]] = []
    monkeypatch.setattr(ResultFolder, "write_status", lambda self, **v: told.append((v["message"], v["fraction"])))
    folder = run.folder / "stability" / "x"
    seeds.compute(StabilitySpec(UMAP, 2), run, folder, lambda: len(told) > 20)
    assert len(told) < 25 and not (folder / "DONE").exists() and not (folder / "points.npy").exists()
    assert told[0][0] == "reading the codings" and "seed 1 of 2" in {message for message, _ in told}
    shares = [share for _, share in told]
    assert shares == sorted(shares) and 0 < shares[-1] < 1
