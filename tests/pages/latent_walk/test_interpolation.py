"""The walks between images as a page draws them: what is picked changes what is decoded, and what cannot be is said."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aecore.analysis import inference, interpolation, latent_axes, off_manifold
from aecore.datasets import as_float
from aecore.store import runs
from aecore.text import percent_text
from pages.widgets.components import latent_walk, walk_row
from pages.widgets.components.shared import blobs, packing
from pages.widgets.latent_walk import endpoints, random_codings
from pages.widgets.latent_walk import interpolation as page_interpolation
from pages.widgets.server import shared
from tests.pages.conftest import SPECS, key, texts


def page() -> None:
    import streamlit as st

    from aecore.store import runs
    from pages.widgets.components import latent_walk
    from pages.widgets.latent_walk import interpolation, random_codings
    from pages.widgets.server import shared

    run = runs.open_run(st.query_params["run"], shared.cache())
    data = shared.data(run.spec.dataset)
    sections = {"random": random_codings.draw, "grid": random_codings.grid}
    name = st.query_params["section"]
    draw = sections[name] if name in sections else getattr(interpolation, name)
    draw(run, data, latent_walk.walker(run, data))


@pytest.fixture
def views(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict, dict[str, np.ndarray]]]:
    """What the interpolations' components were sent as their views: headers and arrays."""
    sent: list[tuple[dict, dict[str, np.ndarray]]] = []

    def send(owner: str, part: blobs.Blob) -> None:
        packing.pack(part[0], **part[1])  # what cannot travel raises here
        if part[0]["slot"] == "view":
            sent.append(part)  # type: ignore[arg-type]

    monkeypatch.setattr(blobs, "send", send)
    return sent


def visit(run: str, section: str, **query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for name, value in {"run": key(run), "section": section, **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def codings(name: str, numbers: list[int]) -> np.ndarray:
    run = runs.run_of(SPECS[name], shared.cache())
    return inference.encode(run, as_float(shared.data(run.spec.dataset).numbered(np.array(numbers))))


Views = list[tuple[dict, dict[str, np.ndarray]]]


@pytest.mark.parametrize("name", ["stacked", "convolutional", "recurrent", "variational-2", "spatial", "hashing"])
def test_a_link_walks_from_its_image_to_the_other(name: str, views: Views, cache: Path) -> None:
    app = visit(name, "between", a="3", b="8", way="Spherical", pictures="6")
    header, arrays = views[-1]
    a, b = codings(name, [3, 8])
    assert np.allclose(arrays["codings"], interpolation.slerp(a, b, 6), atol=1e-6)
    assert header["scrub"] and len(header["labels"]) == 6 and header["labels"][1] == "20 %"
    assert header["ends"][0].endswith("no. 3") and header["ends"][1].endswith("no. 8")
    assert len(arrays["distance"]) == len(arrays["drift"]) == len(arrays["level"]) == walk_row.ALONG
    assert ("variational" in texts(app)) == (name == "variational-2")
    judged(name, header, arrays, interpolation.interpolate(a, b, walk_row.ALONG, "spherical"))


def judged(name: str, header: dict, arrays: dict[str, np.ndarray], z: np.ndarray) -> None:
    """What is told of places is what Python measures: verdict, density, nearest real image."""
    run, data = runs.run_of(SPECS[name], shared.cache()), shared.data(SPECS[name].dataset)
    reference = latent_walk.walker(run, data).reference
    places = off_manifold.diagnose(run, reference, z)
    assert arrays["verdict"].tolist() == places.verdict.tolist() and len(header["verdicts"]) > max(places.verdict)
    assert ("density" in arrays) == (places.density is not None)
    if places.density is not None:
        assert np.allclose(arrays["density"], places.density, atol=1e-5)
    numbers = reference.numbers[places.nearest]
    labels = data.labels_of(numbers)
    assert labels is not None
    told = [header["nearest"][near] for near in arrays["near"]]
    assert told == [f"{data.info.classes[label]}, no. {n:,}" for n, label in zip(numbers, labels, strict=True)]
    assert np.array_equal(arrays["real"][arrays["near"]], data.numbered(numbers))


def test_controls_change_the_walk(views: Views, cache: Path) -> None:
    app = visit("stacked", "between", a="3", b="8")
    before = views[-1][1]["codings"]
    app.button("between_swap").click().run()
    assert np.array_equal(views[-1][1]["codings"][[0, -1]], before[[-1, 0]])
    assert app.number_input("a").value == 8 and app.number_input("b").value == 3
    app.selectbox("b_class").select_index(4).run()
    data = shared.data("digits")
    number = int(app.number_input("b").value or 0)
    assert data.labels_of(np.array([number]))[0] == 4  # type: ignore[index]
    assert np.allclose(views[-1][1]["codings"][-1], codings("stacked", [number])[0])
    app.number_input("pictures").set_value(5).run()
    assert len(views[-1][1]["codings"]) == 5
    app.button("between_shuffle").click().run()
    a, b = app.number_input("a").value, app.number_input("b").value
    assert len(set(data.labels_of(np.array([a, b])))) == 2  # type: ignore[arg-type]
    assert app.selectbox("a_class").value == data.info.classes[data.labels_of(np.array([a]))[0]]  # type: ignore[index]
    assert not app.exception


def test_what_is_selected_on_the_map_can_be_walked(views: Views, cache: Path) -> None:
    app = visit("stacked", "between")
    assert all(button.key != "between_selected" for button in app.button)
    app.session_state["selection"] = [11, 1500, 7]
    app.run()
    app.button("between_selected").click().run()
    assert np.allclose(views[-1][1]["codings"][[0, -1]], codings("stacked", [11, 1500]))
    app.session_state["selection_of"] = "another data set"
    app.run()
    assert all(button.key != "between_selected" for button in app.button)


@pytest.mark.parametrize("a", ["999999", "-1", "<b>"])
def test_a_link_to_no_image_begins_elsewhere(a: str, views: Views, cache: Path) -> None:
    app = visit("stacked", "between", a=a)
    assert app.number_input("a").value == endpoints.examples(shared.data("digits"), (0,))[0]
    assert np.isfinite(views[-1][1]["codings"]).all()


def test_means_lie_in_the_middle_of_their_classes(views: Views, cache: Path) -> None:
    app = visit("stacked", "means", from_class="2", to_class="5")
    run = runs.run_of(SPECS["stacked"], shared.cache())
    reference = latent_walk.walker(run, shared.data("digits")).reference
    assert reference.labels is not None
    assert f"among {latent_walk.reference_text(reference, shared.data('digits'))}" in texts(app)
    for end, label in ((0, 2), (-1, 5)):
        assert np.allclose(
            views[-1][1]["codings"][end], reference.codes[reference.labels == label].mean(axis=0), atol=1e-5
        )


def test_data_without_classes_have_no_means_and_draw_bars(views: Views, cache: Path) -> None:
    app = visit("vectors", "means")
    assert "no classes" in texts(app) and not views
    for section in ("between", "arithmetic", "random", "grid"):
        assert not visit("vectors", section).exception
        assert views[-1][0]["shape"] == [3] and views[-1][0]["reach"] > 0


def test_arithmetic_ends_at_the_sum(views: Views, cache: Path) -> None:
    app = visit("stacked", "arithmetic", sum_a="3", sum_b="8", sum_c="9")
    a, b, c = codings("stacked", [3, 8, 9])
    assert "The nearest code among all 1,437 training images" in texts(app)
    ends = views[-1][1]["codings"][[0, -1]]
    assert np.allclose(ends, [c, a - b + c], atol=1e-5) and views[-1][0]["start"] == 1
    app.number_input("sum_b").set_value(3).run()
    assert np.allclose(views[-1][1]["codings"][-1], c, atol=1e-6)


def test_arithmetic_begins_with_images_that_the_run_decodes_well(views: Views, cache: Path) -> None:
    data = shared.data("digits")
    labels = data.validation_labels
    assert labels is not None

    def best(name: str) -> list[int]:
        run, found = runs.run_of(SPECS[name], cache), []
        for group in page_interpolation.SUM:
            own = np.flatnonzero(labels == group)[: endpoints.FIRST]
            samples = as_float(data.validation[own])
            z = inference.encode(run, samples)
            away = np.linalg.norm(z - z.mean(axis=0), axis=1)
            off = np.square(inference.decode(run, z) - samples).mean(axis=(1, 2))
            off[away > np.sort(away)[endpoints.TYPICAL - 1]] = np.inf
            found.append(int(own[off.argmin()]))
        return found

    assert best("stacked") != best("variational-2")
    app = visit("stacked", "arithmetic", a="3", b="8")
    names = ("sum_a", "sum_b", "sum_c")
    assert [app.number_input(name).value for name in names] == best("stacked")
    drawn = "".join(element.proto.body for element in app.get("html"))
    assert all(f'alt="{name[-1].upper()}: ' in drawn for name in names)
    app.number_input("sum_b").set_value(8).run()
    app.query_params["run"] = key("variational-2")
    app.run()
    first, _, last = best("variational-2")  # what was picked stays, what nobody changed follows the run
    assert [app.number_input(name).value for name in names] == [first, 8, last]
    app.query_params["section"] = "between"
    app.run()
    assert (app.number_input("a").value, app.number_input("b").value) == (3, 8)


@pytest.mark.parametrize("name", ["stacked", "variational-2"])
def test_a_walk_says_what_was_measured_of_it(
    name: str, views: Views, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit(name, "between", a="3", b="3")
    level = views[-1][1]["level"]
    told = {0: "All of this way is inside", 1: "100 % of this way is outside", 2: "100 % far"}
    assert told[int(level[0])] in texts(app) and "Neither measure sees a blend" in texts(app)
    app = visit(name, "between", a="3", b="8")
    outside = float((views[-1][1]["level"] > 0).mean())
    assert (f"{100 * outside:.0f} % of this way" if outside else "All of this way") in texts(app)


@pytest.mark.parametrize("name", ["stacked", "variational-2"])
def test_the_temperature_scales_what_was_drawn(name: str, views: Views, cache: Path) -> None:
    app = visit(name, "random")
    one = views[-1][1]["codings"]
    assert "of 20 inside the data" in texts(app) and len(views[-1][0]["labels"]) == len(one) == 20
    run, data = runs.run_of(SPECS[name], cache), shared.data("digits")
    places = off_manifold.diagnose(run, latent_walk.walker(run, data).reference, one)
    assert places.drift_ratio is not None and views[-1][0]["levels"] == places.level.tolist()
    judged(name, *views[-1], one)
    worse = np.maximum(places.distance_ratio, places.drift_ratio)
    assert [float(label.split()[0]) for label in views[-1][0]["labels"]] == pytest.approx(worse, abs=0.051)
    z = latent_axes.sample(run, random_codings.MEASURED, 0, 2.0)
    share = (off_manifold.diagnose(run, latent_walk.walker(run, data).reference, z).level == 0).mean()
    assert f"{percent_text(float(share))} at 2." in texts(app)
    app.slider("temperature").set_value(2.0).run()
    two = views[-1][1]["codings"]
    app.slider("temperature").set_value(0.0).run()
    middle = views[-1][1]["codings"]
    assert np.allclose(middle, middle[0], atol=1e-5)
    assert np.allclose(two - middle, 2 * (one - middle), atol=1e-4)
    app.slider("temperature").set_value(1.0).run()
    assert np.allclose(views[-1][1]["codings"], one)
    app.button("random_draws_button").click().run()
    assert not np.allclose(views[-1][1]["codings"], one)


def test_the_grid_frames_what_it_was_given(views: Views, cache: Path) -> None:
    app = visit("stacked", "grid")
    drawn = views[-1][1]["codings"]
    app.segmented_control(key="grid_from").set_value("images").run()
    header, arrays = views[-1]
    numbers = endpoints.examples(shared.data("digits"), range(12))
    assert header["columns"] == 7 and not header["wrap"] and len(arrays["codings"]) == 35
    assert np.allclose(arrays["codings"][header["framed"]], codings("stacked", numbers), atol=1e-5)
    assert not np.allclose(arrays["codings"], drawn)
    assert len(header["levels"]) == 35
    judged("stacked", header, arrays, arrays["codings"])


def test_where_no_decoder_runs_in_the_browser_the_server_decodes(
    views: Views, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aecore import browser
    from aecore.browser import ProgramError

    def refused(*_: object) -> None:
        raise ProgramError("decoder: too large for a browser")

    monkeypatch.setattr(browser, "compile_half", refused)
    app = visit("stacked", "between", a="3", b="8")
    assert "The server decodes these pictures: decoder: too large" in texts(app)
    header, arrays = views[-1]
    assert header["versions"] == {}
    run = runs.run_of(SPECS["stacked"], shared.cache())
    expected = inference.decode(run, arrays["codings"])
    assert arrays["pictures"].dtype == np.uint8 and arrays["pictures"].shape == expected.shape
    assert np.abs(arrays["pictures"] / 255 - expected).max() <= 0.5 / 255 + 1e-6
    assert len(arrays["film"]) == walk_row.ALONG


def test_a_decoder_that_is_missing_is_said_in_one_line(cache: Path) -> None:
    app = visit("stacked", "between")
    (runs.run_of(SPECS["stacked"], cache).folder / "decoder.onnx").unlink()
    for section in ("between", "means", "arithmetic", "random"):
        app.query_params["section"] = section
        app.run()
        assert not app.exception
        assert any("decoder.onnx cannot be read" in warning.value for warning in app.warning), section


def test_what_is_saved_is_what_was_seen(views: Views, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    saved = {}

    def download(label: str, data: object, *_: object, **__: object) -> bool:
        saved[label] = data
        return False

    monkeypatch.setattr(st, "download_button", download)
    visit("stacked", "between", a="3", b="8", pictures="6")
    made = {label: data() for label, data in saved.items()}  # type: ignore[operator]
    frame = pd.read_csv(io.BytesIO(made["Codings (CSV)"]))
    assert frame["label"].tolist() == views[-1][0]["labels"]
    assert np.array_equal(frame.filter(like="coding_").to_numpy(np.float32), views[-1][1]["codings"])
    assert Image.open(io.BytesIO(made["GIF"])).format == "GIF"
    assert Image.open(io.BytesIO(made["PNG"])).format == "PNG"
