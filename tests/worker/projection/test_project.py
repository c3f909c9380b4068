"""Maps of hand-written runs: files, determinism, every parameter, bad input, stop and progress."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aecore import datasets
from aecore.errors import AecoreError, SpecError
from aecore.jobs import MapTask
from aecore.specs.map import MapSpec
from aecore.specs.run import RunSpec
from aecore.store import files, progress, runs
from aecore.store.runs import ResultFolder, Run
from aecore.worker.projection import engines, project

SPEC = RunSpec(dataset="digits", epochs=1)
METHODS = ("pca", "tsne", "umap")


def make_run(cache: Path, codings: np.ndarray) -> Run:
    run = runs.run_of(SPEC, cache)
    run.begin(SPEC)
    files.write_array(run.folder / "codings.npy", codings)
    run.mark("DONE")
    return run


@pytest.fixture(scope="module")
def codings() -> np.ndarray:
    """As many as `digits` validates with: random projections of the images to 6 numbers, so that classes show."""
    x = datasets.as_float(datasets.load("digits").validation)
    x = x.reshape(len(x), -1)
    return (x @ np.random.default_rng(0).normal(size=(x.shape[1], 6))).astype(np.float32)


@pytest.fixture
def run(tmp_path: Path, codings: np.ndarray) -> Run:
    return make_run(tmp_path, codings)


def draw(run: Run, spec: MapSpec) -> ResultFolder:
    work = ResultFolder(run.folder / "map" / spec.key(run.key))
    project.compute(spec, run, work.folder)
    return work


def spec_of(method: str) -> MapSpec:
    return MapSpec(method, n=200, perplexity=15, n_neighbors=10)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_a_complete_folder(run: Run, method: str) -> None:
    work = draw(run, spec_of(method))
    assert work.state == "finished" and work.status()["fraction"] == 1
    points, index = work.array("points"), work.array("index")
    assert points.shape == (200, 2) and points.dtype == np.float32 and np.isfinite(points).all()
    assert (np.diff(index) > 0).all()
    metrics = files.read_json(work.folder / "metrics.json", {})
    assert metrics["n"] == 200 and metrics["codings"] == 6
    assert 0.7 < metrics["trustworthiness"] <= 1 and 0.7 < metrics["continuity"] <= 1
    assert 0.2 < metrics["knn_map"] <= 1 and 0.5 < metrics["knn_codings"] <= 1
    described = files.read_json(work.folder / "spec.json", {})
    assert described["run"] == run.key and MapSpec.from_dict(described["map"]) == spec_of(method)
    assert described["key"] == work.key


@pytest.mark.parametrize("method", METHODS)
def test_a_map_keeps_neighbours_and_what_each_point_is_worth(run: Run, codings: np.ndarray, method: str) -> None:
    work = draw(run, spec_of(method))
    kept, points, x = work.arrays("neighbours"), work.array("points"), codings[work.array("index")]
    for name, of in (("codings", x), ("map", points)):
        assert kept[name].shape == (200, 10) and kept[name].dtype == np.uint16
        np.testing.assert_array_equal(kept[name], engines.neighbours(np.asarray(of), 10)[0])
    metrics = files.read_json(work.folder / "metrics.json", {})
    for name, mean in (("trust", "trustworthiness"), ("continuity", "continuity")):
        assert kept[name].shape == (200,) and kept[name].dtype == np.float32
        assert kept[name].mean() == pytest.approx(metrics[mean], abs=1e-6)
    labels = datasets.load("digits").validation_labels[work.array("index")]
    assert metrics["knn_map"] == project.quality.vote_accuracy(engines.neighbours(points, 5)[0], labels)
    assert metrics["knn_codings"] == project.quality.vote_accuracy(engines.neighbours(x, 5)[0], labels)


def test_pca_keeps_its_basis(run: Run, codings: np.ndarray) -> None:
    work = draw(run, MapSpec("pca", n=200, dimensions=3))
    basis = work.arrays("basis")
    assert basis["mean"].shape == (6,) and basis["components"].shape == (3, 6)
    placed = (codings[work.array("index")] - basis["mean"]) @ basis["components"].T
    np.testing.assert_allclose(work.array("points"), placed, atol=1e-4)
    assert not (draw(run, spec_of("tsne")).folder / "basis.npz").exists()


def test_training_samples_are_encoded(run: Run, codings: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    data, asked = datasets.load("digits"), []
    basis = np.random.default_rng(0).normal(size=(data.info.features, 6))

    def encode(run: Run, x: np.ndarray) -> np.ndarray:
        asked.append(len(x))
        return (x.reshape(len(x), -1) @ basis).astype(np.float32)

    monkeypatch.setattr("aecore.analysis.inference.encode", encode)
    monkeypatch.setattr(project, "CHUNK", 300)
    work = draw(run, MapSpec("pca", n=1000, split="all"))
    index = work.array("index")
    training = int((index >= data.info.n_validation).sum())
    assert len(index) == 1000 and (np.diff(index) > 0).all() and index[-1] < data.info.n_validation + data.info.n_train
    assert sum(asked) == training > 500 and max(asked) == 300
    counts = np.bincount(data.labels_of(index))
    assert counts.max() - counts.min() <= 1
    mapped = project.map_input(MapSpec("pca", n=1000, split="all"), run)
    everything = datasets.as_float(data.numbered(index)).reshape(1000, -1) @ basis
    np.testing.assert_allclose(mapped.x, everything, atol=1e-4)
    np.testing.assert_array_equal(mapped.labels, data.labels_of(index))
    monkeypatch.setattr(project, "MAX_NUMBERS", 600)
    with pytest.raises(AecoreError, match="^n: got [0-9]+, allowed: up to 100 for 6 values each$"):
        draw(run, MapSpec("pca", n=1000, split="all"))


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [
        ("pca", "n", 150),
        ("tsne", "perplexity", 5),
        ("tsne", "seed", 1),
        ("umap", "n_neighbors", 5),
        ("umap", "min_dist", 0.9),
        ("umap", "seed", 1),
        ("pca", "dimensions", 3),
        ("tsne", "dimensions", 3),
        ("umap", "dimensions", 3),
    ],
)
def test_every_parameter_arrives(run: Run, method: str, name: str, value: float) -> None:
    spec = spec_of(method)
    before, after = (draw(run, s).array("points") for s in (spec, MapSpec(**{**spec.to_dict(), name: value})))
    assert after.shape == (value if name == "n" else 200, value if name == "dimensions" else 2)
    assert before.shape != after.shape or not np.allclose(before, after, atol=1e-3)


ELSEWHERE = """
import sys
sys.modules["tensorflow"] = None
from pathlib import Path
from aecore.store import runs
from aecore.specs.map import MapSpec
from aecore.worker.projection import project
for method in ("pca", "tsne", "umap"):
    spec = MapSpec(method, n=200, perplexity=15, n_neighbors=10)
    run = runs.open_run({key!r}, Path({cache!r}))
    project.compute(spec, run, Path({out!r}) / method)
"""


def test_another_process_draws_the_same(run: Run, tmp_path: Path) -> None:
    values = {"key": run.key, "cache": str(tmp_path), "out": str(tmp_path / "elsewhere")}
    subprocess.run([sys.executable, "-c", ELSEWHERE.format(**values)], check=True, timeout=300)
    for method in METHODS:
        there = ResultFolder(tmp_path / "elsewhere" / method)
        assert there.state == "finished"
        np.testing.assert_array_equal(draw(run, spec_of(method)).array("points"), there.array("points"))


def test_none_shows_the_codings(tmp_path: Path, codings: np.ndarray) -> None:
    run = make_run(tmp_path / "two", codings[:, :2])
    work = draw(run, MapSpec("none", n=200))
    np.testing.assert_array_equal(work.array("points"), codings[work.array("index"), :2])
    flat = draw(make_run(tmp_path / "three", codings[:, :3]), MapSpec("none", n=200, dimensions=3)).array("points")
    np.testing.assert_array_equal(flat, codings[work.array("index"), :3])
    one = draw(make_run(tmp_path / "one", codings[:, :1]), MapSpec("none", n=200)).array("points")
    np.testing.assert_array_equal(one[:, 0], codings[work.array("index"), 0])
    assert 0 < one[:, 1].std() < 0.1 * one[:, 0].std()


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.parametrize("d", [1, 60])
def test_narrow_and_wide_codings(tmp_path: Path, codings: np.ndarray, method: str, d: int) -> None:
    wide = np.tile(codings, (1, 10))[:, :d].astype(np.float16)
    wide += np.random.default_rng(0).normal(scale=0.1, size=wide.shape).astype(np.float16)
    work = draw(make_run(tmp_path, wide), spec_of(method))
    assert np.isfinite(work.array("points")).all()
    assert files.read_json(work.folder / "metrics.json", {})["codings"] == d


def test_feature_maps_and_mostly_silent_codings(tmp_path: Path, codings: np.ndarray) -> None:
    silent = np.maximum(codings - np.quantile(codings, 0.9, axis=0), 0)  # most rows are all zeros
    for method in METHODS:
        run = make_run(tmp_path / method, silent.reshape(len(silent), 2, 3))
        assert np.isfinite(draw(run, spec_of(method)).array("points")).all()


def test_layers_are_mapped_through_onnx(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    inference = pytest.importorskip("aecore.analysis.inference")
    asked = []

    def activations(run: Run, x: np.ndarray, layer: str) -> np.ndarray:
        asked.append((x.shape, str(x.dtype), layer))
        return x[:, :4, :4]

    monkeypatch.setattr(inference, "layer_activations", activations)
    work = draw(run, MapSpec("pca", layer="hidden 1 · dense 100", n=200))
    assert asked == [((200, *datasets.info("digits").shape), "float32", "hidden 1 · dense 100")]
    assert files.read_json(work.folder / "metrics.json", {})["codings"] == 16


@pytest.mark.parametrize(
    ("change", "spec", "message"),
    [
        (lambda x: np.where(x > 1, np.nan, x), MapSpec("pca"), "^the codings contain NaN or infinite values"),
        (lambda x: np.full_like(x, 0.25), MapSpec("umap"), "^all codings are equal: there is nothing to map$"),
        (lambda x: np.zeros_like(x), MapSpec("tsne"), "^all codings are equal: there is nothing to map$"),
        *(
            (lambda x, factor=factor: x / np.abs(x).max() * np.float32(factor), MapSpec(method), message)
            for method in ("pca", "tsne", "umap")
            for factor, message in (
                (1e19, r"^the codings are as large as 1e\+19, too large to be compared .*; train the run again"),
                (3.4e38, r"^the codings are as large as 3e\+38, too large"),
                (1e-20, "^all codings are equal or differ by less than 1e-15: there is nothing to map$"),
                (1e-41, "^all codings are equal or differ by less than 1e-15: there is nothing to map$"),
            )
        ),
        (
            lambda x: x[:60],
            MapSpec("tsne", perplexity=20),
            "^perplexity: got 20.0, allowed: 2 to below 20.0 for 60 points",
        ),
        (
            lambda x: x[:, :3],
            MapSpec("none"),
            "^method: got 'none' for 3 codings on 2 dimensions, allowed: dimensions=3",
        ),
        (lambda x: x[:3], MapSpec("tsne", perplexity=2), "^points: got 3, allowed: at least 7"),
        (lambda x: x[:15], MapSpec("umap", n_neighbors=15), "^n_neighbors: got 15, allowed: 2 to 14"),
        (lambda x: x, MapSpec("none"), "^method: got 'none' for 6 codings, allowed: pca, tsne, umap$"),
        (lambda x: x[:, :1], MapSpec("pca"), "^method: got 'pca' for 1 coding, allowed: none, tsne, umap$"),
    ],
)
def test_what_cannot_be_mapped_is_said_in_one_line(
    tmp_path: Path, codings: np.ndarray, change: Callable[[np.ndarray], np.ndarray], spec: MapSpec, message: str
) -> None:
    run = make_run(tmp_path, change(codings))
    with pytest.raises(AecoreError, match=message):
        draw(run, spec)
    assert ResultFolder(run.folder / "map" / spec.key(run.key)).state != "finished"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [2.0**46, 2.0**-40])
def test_large_small_and_constant_codings_are_mapped(
    tmp_path: Path, codings: np.ndarray, method: str, factor: float
) -> None:
    changed = codings / np.abs(codings).max() * np.float32(factor)
    changed[:, 1] = changed[0, 1]
    work = draw(make_run(tmp_path, changed), spec_of(method))
    assert np.isfinite(work.array("points")).all()
    assert work.state == "finished" and files.read_json(work.folder / "metrics.json", {})["trustworthiness"] > 0.7


def test_a_run_without_codings(tmp_path: Path) -> None:
    with pytest.raises(AecoreError, match="codings cannot be read"):
        draw(Run(tmp_path / "runs" / ("0" * 16)), MapSpec())


def test_the_smallest_maps(tmp_path: Path, codings: np.ndarray) -> None:
    for method, spec in {
        "pca": MapSpec("pca", n=10),
        "tsne": MapSpec("tsne", n=10, perplexity=2),
        "umap": MapSpec("umap", n=10, n_neighbors=2),
    }.items():
        assert draw(make_run(tmp_path / method, codings[:10]), spec).array("points").shape == (10, 2)


def test_umap_tells_its_progress_and_stops(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "STATUS_SECONDS", 0.0)
    spec = spec_of("umap")
    work = ResultFolder(run.folder / "map" / spec.key(run.key))
    seen: list[float] = []

    def should_stop() -> bool:
        status = work.status()
        if status.get("message") == "UMAP":
            seen.append(status["fraction"])
        return len(seen) > 50

    project.compute(spec, run, work.folder, should_stop)
    assert seen == sorted(seen) and len(set(seen)) > 20
    assert not (work.folder / "points.npy").exists() and work.state == "running"
    project.compute(spec, run, work.folder)  # nothing is left behind in UMAP
    assert work.state == "finished"


@pytest.mark.parametrize("stage", ["reading the codings", "finding neighbours", "t-SNE", "judging the map"])
def test_stop_is_heard_at_every_stage(run: Run, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setattr(progress, "STATUS_SECONDS", 0.0)
    spec = spec_of("tsne")
    work = ResultFolder(run.folder / "map" / spec.key(run.key))
    heard: list[tuple[str, float]] = []

    def should_stop() -> bool:
        status = work.status()
        heard.append((status.get("message", ""), status.get("fraction", 0.0)))
        return heard[-1][0] == stage

    project.compute(spec, run, work.folder, should_stop)
    assert heard[-1][0] == stage and [name for name, _ in heard].count(stage) == 1
    assert not (work.folder / "points.npy").exists() and work.state == "running"
    fractions = [fraction for _, fraction in heard]
    assert fractions == sorted(fractions) and fractions[-1] <= 1


@pytest.mark.parametrize("method", ["none", *METHODS])
@pytest.mark.parametrize("n", [10, 2000, 60_000])
def test_shares_of_the_work_add_up(method: str, n: int) -> None:
    searched, drawn = project.shares(method, n)
    assert 0.05 < searched < drawn < 1


def test_one_class_only(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = datasets.load("digits")
    same = dataclasses.replace(
        data,
        train_labels=np.zeros_like(data.train_labels),
        validation_labels=np.zeros_like(data.validation_labels),
    )
    monkeypatch.setattr(project.datasets, "load", lambda name: same)
    metrics = files.read_json(draw(run, MapSpec("pca", n=100)).folder / "metrics.json", {})
    assert metrics["knn_map"] == metrics["knn_codings"] == 1 and metrics["n"] == 100


def test_two_umaps_at_once_take_turns(codings: np.ndarray) -> None:
    """numba would abort the process."""
    drawn: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: drawn.append(engines.embed(codings[:200], spec_of("umap"), lambda share: None)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_samples_are_fair_and_nested() -> None:
    labels = np.repeat([0, 1, 2], [500, 100, 20])
    index = project.fair_sample(620, 120, labels)
    assert np.bincount(labels[index]).tolist() == [50, 50, 20] and (np.diff(index) > 0).all()
    assert set(index) > set(project.fair_sample(620, 60, labels))
    assert project.fair_sample(620, 1000, labels).tolist() == list(range(620))
    assert len(set(project.fair_sample(620, 120, None))) == 120


def test_without_the_data_the_map_has_no_accuracy(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project.datasets, "load", _missing)
    metrics = files.read_json(draw(run, spec_of("pca")).folder / "metrics.json", {})
    assert metrics["knn_map"] is None and metrics["trustworthiness"] > 0.5


def _missing(name: str) -> None:
    raise project.DatasetError(f"{name}: no copy")


def test_a_map_task_draws_it(run: Run, tmp_path: Path) -> None:
    task = MapTask(run.key, spec_of("pca"))
    task.validate(tmp_path)
    folder = task.folder(tmp_path)
    task.begin(folder)
    before = json.loads((folder / "spec.json").read_text())
    task.run(folder, lambda: False)
    assert ResultFolder(folder).state == "finished" and json.loads((folder / "spec.json").read_text()) == before
    with pytest.raises(SpecError):
        MapTask(run.key, MapSpec("umap", n=10, n_neighbors=10)).validate(tmp_path)
