from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from aecore import datasets
from aecore.errors import AecoreError, RunError
from aecore.specs.map import MapSpec
from aecore.store import files, runs
from aecore.store.runs import ResultFolder, Run
from aecore.worker.projection import project
from pages.widgets.images import run_images
from pages.widgets.latent_map import own_image
from pages.widgets.server import shared
from tests.pages.conftest import SPECS, key, texts

IMAGES = [name for name, spec in SPECS.items() if spec.dataset == "digits"]
DIGITS = datasets.load("digits")


def run_of(name: str) -> Run:
    return runs.open_run(key(name))


def map_of(run: Run, **settings: object) -> ResultFolder:
    spec = MapSpec(n=120, **settings)  # type: ignore[arg-type]
    folder = run.folder / "map" / spec.key(run.key)
    project.compute(spec, run, folder, lambda: False)
    return ResultFolder(folder)


def five() -> np.ndarray:
    """A picture that is no digit of the data set."""
    rows = ["#####", "#....", "####.", "....#", "####."]
    picture = np.zeros((60, 60), np.uint8)
    picture[5:55, 5:55] = np.kron([[255 * (c == "#") for c in row] for row in rows], np.ones((10, 10)))
    return picture


def file_of(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("name", IMAGES)
def test_a_validation_image_is_found_again_in_every_variant(cache: Path, name: str) -> None:
    run = run_of(name)
    work = map_of(run)
    index = np.asarray(work.array("index"))
    position = 7
    sample = DIGITS.validation[index[position]]
    found = own_image.located(run, DIGITS, sample, work)
    np.testing.assert_allclose(found.codings, run.array("codings")[index[position]], atol=2e-3)
    np.testing.assert_allclose(found.reconstruction * 255, run.reconstructions()[index[position]], atol=1.5)
    assert found.error == pytest.approx(run_images.errors_of(run)[index[position]], abs=2e-3)
    if np.ptp(run.array("codings"), axis=0).all():  # a coding nobody uses makes many samples the same
        assert index[position] in found.neighbours and found.distances[0] < 0.01
    assert len(found.neighbours) == own_image.NEIGHBOURS and (np.diff(found.distances) >= 0).all()
    assert found.point is not None and not found.unplaced
    np.testing.assert_allclose(found.point, work.array("points")[position], atol=0.02)  # PCA is exact


@pytest.mark.parametrize("method", ["tsne", "pca"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_drawing_is_placed_on_every_kind_of_map(cache: Path, method: str, dimensions: int) -> None:
    run = run_of("stacked")
    sample = own_image.own_image.from_upload(file_of(five()), DIGITS.info)
    work = map_of(run, method=method, dimensions=dimensions, perplexity=10.0)
    found = own_image.located(run, DIGITS, sample, work)
    points = np.asarray(work.array("points"))
    assert found.point is not None and len(found.point) == dimensions
    if method == "tsne":  # a median of neighbours' places
        assert (points.min(axis=0) <= found.point).all() and (found.point <= points.max(axis=0)).all()


def test_on_the_map_of_a_layer(cache: Path) -> None:
    run = run_of("convolutional")
    layer = run.metrics["layers"][0]["name"]
    work = map_of(run, layer=layer)
    position = 11
    sample = DIGITS.validation[work.array("index")[position]]
    found = own_image.located(run, DIGITS, sample, work)
    assert found.point is not None
    np.testing.assert_allclose(found.point, work.array("points")[position], atol=1e-3)


@pytest.mark.parametrize(("most", "layer"), [(5000, "codings"), (30, "codings"), (30, "first")])
def test_on_a_map_of_training_samples_too_large_to_be_encoded(
    cache: Path, monkeypatch: pytest.MonkeyPatch, most: int, layer: str
) -> None:
    run = run_of("stacked")
    layer = run.metrics["layers"][0]["name"] if layer == "first" else layer
    files.write_array(run.folder / "codings_train.npy", run.array("codings_train")[:100])
    monkeypatch.setattr(own_image, "MOST_ENCODED", most)
    st.cache_resource.clear()
    work = map_of(run, method="tsne", perplexity=10.0, split="all", layer=layer)
    index, points = np.asarray(work.array("index")), np.asarray(work.array("points"))
    sample = DIGITS.numbered(index[:1])[0]
    found = own_image.located(run, DIGITS, sample, work)
    span = np.ptp(points, axis=0).max()
    assert found.point is not None
    assert np.linalg.norm(found.point - points[0]) < (0.2 if most > 30 else 0.5) * span
    z = found.codings if layer == "codings" else own_image.activations.activations(run, sample[None] / 255, layer)[0]
    positions, codings = own_image._mapped(*shared.identity(run), work.key, layer, z.size)
    assert (len(positions) == len(index)) == (most > 30) and len(codings) == len(positions)
    np.testing.assert_allclose(codings[positions == 0][0], z.ravel(), atol=2e-3)


def test_a_map_that_cannot_place_says_why_and_the_rest_is_there(cache: Path) -> None:
    run = run_of("stacked")
    work = map_of(run)
    (work.folder / "basis.npz").unlink()
    found = own_image.located(run, DIGITS, DIGITS.validation[0], work)
    assert found.point is None and "basis" in found.unplaced and "\n" not in found.unplaced
    assert own_image.located(run, DIGITS, DIGITS.validation[0]).unplaced == ""


def test_samples_that_a_run_cannot_take(cache: Path) -> None:
    with pytest.raises(RunError, match="allowed: "):
        own_image.located(run_of("stacked"), DIGITS, np.zeros((28, 28), np.uint8))
    with pytest.raises(AecoreError):
        own_image.located(run_of("vectors"), datasets.load("plane-3d"), np.zeros((8, 8), np.uint8))


def test_the_error_is_judged_against_the_usual_one(cache: Path) -> None:
    run = run_of("stacked")
    noise = np.random.default_rng(0).integers(0, 2, (8, 8)).astype(np.uint8) * 255
    strange = own_image.located(run, DIGITS, noise)
    assert "has not seen such a thing" in own_image.error_sentence(strange)
    best = DIGITS.validation[np.argmin(run_images.errors_of(run))]
    assert "as good as" in own_image.error_sentence(own_image.located(run, DIGITS, best))
    easy = dataclasses.replace(strange, error=0.01, typical=0.01, harder=0.2)
    assert "harder than most" in own_image.error_sentence(easy)
    hard = dataclasses.replace(strange, error=0.03, typical=0.01, harder=0.08)
    assert "3.0 times" in own_image.error_sentence(hard) and "hardest 8 %" in own_image.error_sentence(hard)


def test_the_distance_is_judged_against_the_usual_one(cache: Path) -> None:
    found = own_image.located(run_of("stacked"), DIGITS, DIGITS.validation[3])
    told = {
        distance: own_image.distance_sentence(dataclasses.replace(found, distances=np.array([distance]), usual=1.0))
        for distance in (0.0, 0.3, 1.2, 3.0)
    }
    assert "the same" in told[0.0] and "closer" in told[0.3] and "as far as" in told[1.2]
    assert "3.0 times as far" in told[3.0] and "nothing is near" in told[3.0]
    assert "1.20 away" in own_image.distance_sentence(
        dataclasses.replace(found, distances=np.array([1.2]), usual=0.0)  # a collapsed code
    )


def page() -> None:
    import streamlit as st

    from aecore.store import runs
    from pages.widgets.latent_map import own_image
    from pages.widgets.server import shared

    run = runs.open_run(st.query_params["run"], shared.cache())
    data = shared.data(run.spec.dataset)
    sample = own_image.choose(data)
    st.text("nothing" if sample is None else f"{sample.dtype} {sample.shape} {int(sample.sum())}")
    if sample is not None:
        st.text(f"shown {own_image.show(run, data, sample) is not None}")


def opened(name: str, way: str = "draw") -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["run"] = key(name)
    app.session_state["own_way"] = way
    app.run()
    assert not app.exception
    return app


def test_vectors_are_told_in_one_line(cache: Path) -> None:
    app = opened("vectors")
    assert app.text[0].value == "nothing" and "holds vectors" in texts(app)


def test_an_empty_canvas_is_nothing(cache: Path) -> None:
    app = opened("stacked")
    assert app.text[0].value == "nothing" and "Draw a digit" in texts(app)


def test_an_image_of_the_data_set_is_put_on_the_canvas(cache: Path) -> None:
    app = opened("stacked")
    app.number_input(key="own_begin").set_value(4).run()
    app.button(key="own_over").click().run()
    assert not app.exception
    assert app.text[0].value == f"uint8 (8, 8) {int(DIGITS.validation[4].sum())}"
    assert app.text[1].value == "shown True"


def test_a_message_that_no_canvas_sends_is_told_in_one_line(cache: Path) -> None:
    app = opened("stacked")
    app.session_state["own_canvas_kept"] = {"image": "<b>", "framed": False, "version": 0}
    app.run()
    assert not app.exception and app.text[0].value == "nothing"
    assert "drawing: got bytes that are no image" in app.warning[0].value


def test_a_validation_image_by_number(cache: Path) -> None:
    app = opened("recurrent", "sample")
    app.number_input(key="own_number").set_value(9).run()
    assert app.text[0].value == f"uint8 (8, 8) {int(DIGITS.validation[9].sum())}" and app.text[1].value == "shown True"
    assert "What the network gets" in "".join(element.proto.body for element in app.get("html"))


def test_uploads(cache: Path) -> None:
    app = opened("spatial", "upload")
    uploader = app.get("file_uploader")[0]
    uploader.set_value(("five.png", file_of(five()), "image/png")).run()
    assert not app.exception and not app.warning
    good = app.text[0].value
    assert good.startswith("uint8 (8, 8)") and app.text[1].value == "shown True"
    app.get("file_uploader")[0].set_value(("<b>.png", b"<html>", "image/png")).run()
    assert not app.exception
    assert [warning.value.count("\n") for warning in app.warning] == [0]
    assert (
        "got a file that is no image" in app.warning[0].value and "The last good image stays." in app.warning[0].value
    )
    assert app.text[0].value == good


def test_labels_are_shown_as_text(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(st, "html", written.append)
    classes = tuple(f"<script>{c}</script>" for c in DIGITS.info.classes)
    data = dataclasses.replace(DIGITS, info=dataclasses.replace(DIGITS.info, classes=classes))
    assert own_image.show(run_of("stacked"), data, DIGITS.validation[0]) is not None
    assert "&lt;script&gt;" in written[-1] and not any("<script" in text for text in written)
