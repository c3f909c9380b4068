"""The Compare page: two linked maps, and one sample through every variant."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore import datasets
from aecore.figures import LIGHT
from aecore.store import files, runs
from pages.widgets.compare import cards as compare_cards
from pages.widgets.compare import pair as compare_pair
from pages.widgets.compare import run_picker
from pages.widgets.components import latent_map
from pages.widgets.latent_map import own_image
from tests.pages.conftest import SMALL, SPECS, Open, key, texts, unescaped

IMAGES = [name for name in SPECS if name != "vectors"]
MAPS, SAMPLE = "Two maps", "One sample"


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.main.get("html"))


def cards(app: AppTest) -> list[str]:
    """The names of the runs, from the best to the worst, as the rows tell them."""
    return re.findall(r'<div class="ae-who"[^>]*><b>(.*?)</b>', html(app))


def errors(app: AppTest) -> list[float]:
    return [float(text) for text in re.findall(r'class="ae-error">([\d.]+)', html(app))]


# Two maps


def test_two_runs_stand_side_by_side_with_what_moved(visit: Open) -> None:
    app = visit("compare", run=key("stacked"), other=key("denoising"))
    assert not app.exception and not app.error
    told = texts(app)
    assert re.search(r"Half of the points moved less than \.\d{3} of the map's width; on unrelated maps", told)
    assert re.search(r"Of a sample's 10 nearest codings in one run, \d\.\d are among its nearest in the other", told)
    assert app.query_params["other"] in (key("denoising"), [key("denoising")])
    assert app.selectbox(key="other").value == key("denoising")
    table = html(app)
    assert "kNN accuracy of the codings" in table and "Map: trustworthiness" in table and "Error (MSE)" in table
    assert table.count("<b>") >= 1  # the better of the two


def test_one_run_with_two_projections_never_shows_one_map_twice(visit: Open) -> None:
    app = visit("compare", run=key("stacked"), other="same")
    assert not app.exception
    assert "One run, one set of codings" in texts(app)
    left, right = app.segmented_control(key="method"), app.segmented_control(key="other_method")
    assert left.value == "pca"
    assert right.value != "pca" and "PCA" not in right.options
    assert "Error (MSE)" not in html(app)  # one run has one


@pytest.mark.parametrize("other", [name for name in IMAGES if name != "stacked"])
def test_every_kind_of_run_can_stand_beside_another(visit: Open, other: str) -> None:
    app = visit("compare", run=key("stacked"), other=key(other))
    assert not app.exception and not app.error and not app.warning
    assert "Half of the points moved" in texts(app)


def test_without_another_run_of_the_data_there_is_another_projection(visit: Open) -> None:
    app = visit("compare", run=key("vectors"))
    assert not app.exception
    assert app.selectbox(key="other").value == run_picker.SAME
    assert "One run, one set of codings" in texts(app)


BAD = {"vectors": "saw other data", "0" * 16: "not on this machine", "../../etc": "got '../../etc'"}


@pytest.mark.parametrize("other", BAD)
def test_a_run_that_cannot_stand_there_costs_one_line(visit: Open, other: str) -> None:
    app = visit("compare", run=key("stacked"), other=key(other) if other in SPECS else other)
    assert not app.exception
    assert len(app.warning) == 1
    assert BAD[other] in unescaped(app.warning[0].value)
    assert "Half of the points moved" in texts(app)
    app.selectbox(key="other").set_value(key("recurrent")).run()
    assert not app.warning


def test_a_choice_outlives_other_pages(visit: Open) -> None:
    app = visit("compare", run=key("stacked"))
    app.selectbox(key="other").set_value(key("recurrent")).run()
    app.switch_page("pages/sparsity.py").run()
    app.switch_page("pages/compare.py").run()
    assert app.selectbox(key="other").value == key("recurrent")


def test_what_is_too_wide_to_be_drawn_as_it_is_is_told(visit: Open) -> None:
    app = visit("compare", run=key("stacked"), other=key("variational-2"), method="As it is")
    assert not app.exception
    assert "cannot be drawn as it is: 6 codings" in texts(app)
    assert app.segmented_control(key="method").value == "pca"
    assert app.segmented_control(key="other_method").value == "none"
    assert "Half of the points moved" in texts(app)


def test_a_map_that_cannot_be_drawn_leaves_the_other_one(visit: Open, cache: Path) -> None:
    collapsed = runs.open_run(key("denoising"), cache)
    codings = collapsed.array("codings")
    files.write_array(collapsed.folder / "codings.npy", np.zeros_like(codings))
    app = visit("compare", run=key("stacked"), other=collapsed.key)
    assert not app.exception
    assert "nothing to map" in texts(app)
    assert "Half of the points moved" not in texts(app)
    app.selectbox(key="other").set_value(key("recurrent")).run()
    assert "Half of the points moved" in texts(app) and not app.error
    app.selectbox(key="other").set_value(collapsed.key).run()  # now there is a picture that can stay
    assert "Still the last two maps" in texts(app) and "Recurrent" in texts(app)
    assert "nothing to map" in texts(app) and "Half of the points moved" in texts(app)


def test_the_selection_is_shown_as_both_runs_draw_it(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict] = []

    def draw(panels: list, **more: object) -> latent_map.Picked:
        asked.append({"panels": panels, **more})
        return latent_map.Picked(7, [7, 3])

    monkeypatch.setattr(latent_map, "draw", draw)
    app = visit("compare", run=key("stacked"), other=key("recurrent"), colour="Moved")
    assert not app.exception
    assert "Selected: 2 samples" in texts(app)
    last = asked[-1]
    assert [len(panel.points) for panel in last["panels"]] == [len(last["numbers"])] * 2
    assert len(last["values"]) == len(last["numbers"]) and last["value_name"] == "moved"
    assert app.session_state["selection"] == [int(last["numbers"][7]), int(last["numbers"][3])]
    app.run()
    assert list(asked[-1]["selected"]) == [7, 3]


def test_the_sentence_knows_maps_that_agree_from_unrelated_ones() -> None:
    points = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)

    def told(aligned: np.ndarray) -> str:
        from aecore.analysis import map_comparison

        side = compare_pair.Side(runs.open_run("0" * 16), "A", "pca", None)
        moved = map_comparison.displacement(points, aligned)
        pair = compare_pair.Pair(
            side,
            side,
            np.arange(300),
            points,
            aligned,
            moved,
            map_comparison.chance_displacement(points, aligned),
            None,
        )
        return compare_pair.moved_sentence(pair, ["Bag *no*. 1"])

    assert "largely agree" in told(points + 0.01)
    assert "little in common" in told(points[::-1])
    assert r"Furthest: Bag \*no\*. 1." in told(points)


# One sample


def test_a_sample_goes_through_every_run_best_first(visit: Open) -> None:
    app = visit("compare", run=key("stacked"), view=SAMPLE, sample="5", runs=",".join(map(key, IMAGES)))
    assert not app.exception and not app.warning
    assert len(cards(app)) == len(set(cards(app))) == len(IMAGES)
    assert errors(app) == sorted(errors(app))
    drawn = html(app)
    assert drawn.count('<span class="ae-best">') == 1
    assert drawn.index('<span class="ae-best">') < drawn.index('<div class="ae-who"', drawn.index('ae-who"') + 1)
    assert drawn.count('<span class="ae-star"') == len(IMAGES)  # every run has a map, drawn where there was none
    assert drawn.count('<div class="ae-bits"') == 1  # the hashing run's
    assert "no. 5" in texts(app)
    assert app.number_input(key="sample").value == 5


def test_errors_and_neighbours_are_the_runs_own(visit: Open, cache: Path) -> None:
    app = visit("compare", run=key("stacked"), view=SAMPLE, sample="3", runs=key("stacked"))
    run, data = runs.open_run(key("stacked"), cache), datasets.load("digits")
    x = datasets.as_float(data.validation[3])
    assert errors(app)[0] == pytest.approx(np.mean((datasets.as_float(run.reconstructions()[3]) - x) ** 2), abs=2e-4)
    codings = np.asarray(run.array("codings"), np.float64)
    near = np.argsort(((codings - codings[3]) ** 2).sum(axis=1), kind="stable")[1:4]
    assert re.findall(r"neighbour [^\"]*no\. (\d+)", html(app)) == [str(n) for n in near]


def test_vectors_go_through_too(visit: Open) -> None:
    app = visit("compare", run=key("vectors"), view=SAMPLE)
    assert not app.exception and not app.warning
    assert len(cards(app)) == 1
    assert "ae-vector" in html(app)


def test_another_draws_from_the_class_that_is_chosen(visit: Open) -> None:
    app = visit("compare", run=key("stacked"), view=SAMPLE, runs=key("stacked"))
    labels = datasets.load("digits").validation_labels
    app.selectbox(key="sample_class").set_value(datasets.info("digits").classes[4]).run()
    seen = set()
    for _ in range(3):
        app.button(key="another").click().run()
        seen.add(app.number_input(key="sample").value)
    assert {int(labels[number]) for number in seen} == {4}
    assert len(seen) > 1


def test_runs_that_are_not_there_cost_one_line_and_none_is_no_crash(visit: Open) -> None:
    link = ",".join([key("stacked"), "0" * 16, "junk", key("vectors")])
    app = visit("compare", run=key("stacked"), view=SAMPLE, runs=link)
    assert not app.exception
    assert len(app.warning) == 1 and "And 2 more" in app.warning[0].value
    assert len(cards(app)) == 1
    app.multiselect(key="runs").set_value([]).run()
    assert not app.exception and not app.warning
    assert "Choose at least one run" in texts(app)


def test_a_damaged_half_costs_its_row_only(visit: Open, cache: Path) -> None:
    broken = runs.open_run(key("denoising"), cache).folder / "encoder.onnx"
    broken.write_bytes(bytes(len(broken.read_bytes())))
    app = visit("compare", run=key("stacked"), view=SAMPLE, runs=f"{key('stacked')},{key('denoising')}")
    assert not app.exception
    assert len(cards(app)) == 1
    assert "train it again" in texts(app)


def test_a_run_that_cannot_be_mapped_keeps_its_row(visit: Open, cache: Path) -> None:
    run = runs.open_run(key("denoising"), cache)
    files.write_array(run.folder / "codings.npy", np.zeros_like(run.array("codings")))
    app = visit("compare", run=key("stacked"), view=SAMPLE, runs=run.key)
    app.run()
    assert not app.exception
    assert len(cards(app)) == 1
    assert "nothing to map" in html(app)


def test_an_own_drawing_has_no_number(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_image, "choose", lambda data, ways: np.full(data.info.shape, 0.5, np.float32))
    app = visit("compare", run=key("stacked"), view=SAMPLE, sample_from="Draw or upload", runs=key("stacked"))
    assert not app.exception
    assert "Your own" in texts(app)
    assert len(cards(app)) == 1
    monkeypatch.setattr(own_image, "choose", lambda data, ways: None)
    app.run()
    assert not app.exception and not cards(app)


def test_names_in_rows_are_text_not_markup() -> None:
    card = compare_cards.Card(
        "<b>&",
        "note <i>",
        0.5,
        np.zeros((4, 4)),
        np.array([1.0, -2.0]),
        None,
        "No map: <script>",
        (np.zeros((1, 4, 4)), ["<img src=x>, no. 1"]),
    )
    text = compare_cards.cards_html(np.zeros((4, 4)), [card])
    assert "&lt;b&gt;&amp;" in text
    assert "<script>" not in text and "<img src=x>" not in text and "<i>" not in text.replace('<i class="', "")
    assert "ae-best" not in re.sub(r"<style>.*?</style>", "", text, flags=re.S)  # of one run none is the best


def test_the_star_stands_where_the_sample_lies() -> None:
    points = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], np.float32)
    place = compare_cards.place_on(points, np.array([0, 1, 2, 3]), np.array([10, 10]), LIGHT, "map")
    assert place.x > 0.9 and place.y < 0.1  # right and up
    drawn = {tuple(colour) for colour in place.picture.reshape(-1, 3)}
    assert len(drawn) == 5  # the ground and four classes
    off = compare_cards.place_on(points, None, np.array([500, -500]), LIGHT, "map")
    assert (off.x, off.y) == (0.97, 0.97)


def test_wide_codes_are_folded_into_a_picture() -> None:
    wide = np.linspace(-1, 1, 300)
    card = compare_cards.Card("A", "", 0.1, np.zeros((4, 4)), wide, None, "", (np.zeros((0, 4, 4)), []))
    text = compare_cards.cards_html(np.zeros((4, 4)), [card])
    assert 'alt="A: code"' in text
    assert "300 numbers" in text


def test_runs_of_one_name_are_told_apart(cache: Path) -> None:
    found = []
    for changes in ({}, {"seed": 7}, {"learning_rate": 0.01}):
        run = runs.run_of(SMALL.replace(**changes), cache)
        if not run.readable:
            run.begin(SMALL.replace(**changes))
            files.write_json(run.folder / "metrics.json", {"coding_size": 6})
        found.append(run)
    told = run_picker.names(found)
    assert len(set(told.values())) == 3
    assert "seed 7" in told[found[1].key]
    assert json.dumps(told).count("6 codings") == 3
