"""What is said of a map, of one of its points and of other seeds, on images and on vectors without classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from aecore import datasets, jobs
from aecore.analysis import neighbours
from aecore.specs.map import MapSpec
from aecore.specs.stability import StabilitySpec
from aecore.store import files, runs
from aecore.store.runs import ResultFolder, Run
from aecore.worker.projection import engines, project, quality
from pages.widgets.latent_map import trust
from tests.pages.conftest import key, texts

SPECS = {"stacked": MapSpec("umap", n=60, n_neighbors=8), "vectors": MapSpec("pca")}
SCRIPT = """
import json
from pathlib import Path
from aecore.store import runs
from aecore.specs.map import MapSpec
from pages.widgets.latent_map import trust
from pages.widgets.server import shared
run = runs.open_run({run!r}, Path({cache!r}))
work, data = runs.ResultFolder(Path({work!r})), shared.data(run.spec.dataset)
trust.summary(run, work)
trust.point(run, data, work, 3)
trust.stability(run, data, work, MapSpec.from_dict(json.loads({spec!r})))
"""


def map_of(run: Run, spec: MapSpec) -> ResultFolder:
    """The finished map, with the neighbours of its points."""
    work = ResultFolder(run.folder / "map" / spec.key(run.key))
    project.compute(spec, run, work.folder)
    x = np.asarray(run.array("codings"))[work.array("index")]
    near = engines.neighbours(x, 15)[0]
    found = quality.measure_trust(x, work.array("points"), near)
    files.write_arrays(
        work.folder / "neighbours.npz",
        {
            "codings": near[:, :10].astype(np.int32),
            "map": found.near_map,
            "trust": found.trust,
            "continuity": found.continuity,
        },
    )
    work.mark("DONE")
    return work


def opened(cache: Path, name: str) -> tuple[AppTest, ResultFolder]:
    run = runs.open_run(key(name), cache)
    work = map_of(run, SPECS[name])
    values = {"run": run.key, "cache": str(cache), "work": str(work.folder)}
    app = AppTest.from_string(SCRIPT.format(spec=SPECS[name].canonical_json(), **values), default_timeout=60)
    return app.run(), work


def drawn(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def test_a_map_of_images(cache: Path) -> None:
    app, work = opened(cache, "stacked")
    assert not app.exception
    said = texts(app)
    assert "**Can this map be trusted?** " in said and "trustworthiness ." in said and "seed draws" not in said
    assert [metric.label for metric in app.metric][:2] == ["Trustworthiness", "Continuity"] and len(app.metric) == 2
    assert said.count("kNN accuracy") == 1  # said once, with both numbers
    near = work.arrays("neighbours")
    codings, on_map = near["codings"][3], near["map"][3]
    missed = 10 - len(np.intersect1d(codings, on_map))
    assert missed and said.count(f"{missed} of 10 are not among its") == 2 and "torn away" in said
    there = neighbours.ranks(np.asarray(work.array("points")), 3)
    index = work.array("index")
    here = neighbours.ranks(np.asarray(runs.open_run(key("stacked"), cache).array("codings"))[index], 3)
    assert sorted(here[codings]) == list(range(1, 11)) == sorted(there[on_map])
    far = int((there[codings] > 30).sum() + (here[on_map] > 30).sum())
    assert "Nearest in the pixels" in said
    html = drawn(app)
    data = datasets.load("digits")
    number = int(work.array("index")[3])
    assert f"{data.info.classes[data.validation_labels[number]]}, no. {number}</b>" in html and "error ." in html
    assert f"its trust {near['trust'][3]:.3f}".replace("0.", ".") in html and "reconstruction</figcaption>" in html
    assert html.count("<img") == 2 + 30 and html.count("outline:2px dashed") == far
    for other in np.setdiff1d(codings, on_map):
        assert f"<figcaption>{there[other]}</figcaption>" in html


def test_five_seeds_are_drawn_when_asked_for(cache: Path) -> None:
    app, work = opened(cache, "stacked")
    run = runs.open_run(key("stacked"), cache)
    assert not app.get("plotly_chart") and not (run.folder / "stability").exists()
    app.button(key="stability_draw").click().run()
    app.run()
    assert not app.exception and len(app.get("plotly_chart")) == 1 and "mean Procrustes distance" in texts(app)
    assert "seed draws" in texts(app)  # the verdict knows of it now
    folder = ResultFolder(run.folder / "stability" / StabilitySpec(SPECS["stacked"]).key(run.key))
    assert folder.array("points").shape == (5, 60, 2)
    np.testing.assert_array_equal(folder.array("index"), work.array("index"))


def test_while_they_are_drawn_there_is_progress_and_stop(cache: Path) -> None:
    run = runs.open_run(key("stacked"), cache)
    task = jobs.StabilityTask(run.key, StabilitySpec(SPECS["stacked"]))
    folder = task.folder(cache)
    task.begin(folder)
    ResultFolder(folder).write_status(state="failed", message="codings: got NaN", fraction=0.1)
    app, _ = opened(cache, "stacked")
    assert "Not drawn: codings: got NaN" in texts(app)
    app.button(key="stability_draw").click().run()
    app.run()
    assert not app.error and len(app.get("plotly_chart")) == 1


def test_vectors_without_classes_and_a_map_without_chance(cache: Path) -> None:
    app, _ = opened(cache, "vectors")
    assert not app.exception
    said, html = texts(app), drawn(app)
    assert len(app.metric) == 2 and "classes" not in said
    assert "Nearest in the features" in said and "every seed gives the same" in said and not app.button
    assert "<b>no. " in html and "<img" not in html and html.count("ae-vector") > 30


def test_a_map_without_neighbours_and_a_position_that_is_not_there(cache: Path) -> None:
    app, work = opened(cache, "stacked")
    (work.folder / "neighbours.npz").unlink()
    assert "before neighbours were kept" in texts(app.run()) and not app.exception
    run = runs.open_run(key("stacked"), cache)
    trust.point(run, datasets.load("digits"), work, 60)  # nothing, and no error


def test_labels_are_text() -> None:
    html = trust.row_html(np.zeros((1, 4, 4), np.uint8), ["<img src=x onerror=alert(1)>"], ["<b>"], np.array([True]))
    assert "<img src=x" not in html and "<b>" not in html and "&lt;b&gt;" in html and "dashed" in html


def test_words() -> None:
    near, other, rank = np.array([1, 2, 3]), np.array([1, 4, 5]), np.array([0, 1, 30, 31, 2, 3])
    assert trust._torn_words(near, near, rank).startswith("All 3 are its 3 nearest")
    said = trust._torn_words(near, other, rank)
    assert said.startswith("2 of 3 are not") and "1 was torn away" in said
    assert trust._false_words(near, near, rank) == "None is a false neighbour."
    assert "1 is false" in trust._false_words(near, other, rank)
    assert trust._false_words(near, other, None).startswith("2 of 3, ringed, are not")
