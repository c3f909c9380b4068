"""Every query parameter of every page: what is valid is used and kept, what is not is named in one line and removed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore.classroom import lessons
from aecore.classroom.lessons import Lesson
from aecore.store import files, runs
from pages.widgets.components import reconnect
from pages.widgets.session import keys, knobs, link
from tests.pages.conftest import PAGES, SMALL, Open, key, texts, unescaped

HEAD = "Not used from the link: "
RUN_OF = {"latent_walk": "hashing"}
JUNK = "<b>"


def told(app: AppTest) -> str:
    """The one line on what is not used; '' without one."""
    assert not app.exception
    lines = [unescaped(warning.value) for warning in app.warning if HEAD in unescaped(warning.value)]
    assert len(lines) <= 1 and "\n" not in "".join(lines)
    return lines[0] if lines else ""


def address(app: AppTest) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in app.query_params.items()}


# For every parameter of a view: the page, what else the link says, a text, and the value that the page then uses.
USED: dict[str, tuple[str, dict[str, str], str, Any]] = {
    keys.VIEW: ("latent_map", {}, "Training animation", "training"),
    keys.SHOW: ("reconstructions", {}, "worst", "worst"),
    keys.CLASS: ("reconstructions", {"show": "class"}, "7", "7"),
    keys.METHOD: ("latent_map", {}, "tsne", "tsne"),
    keys.OTHER_METHOD: ("compare", {}, "umap", "umap"),
    keys.COLOUR: ("latent_map", {}, "Error", "error"),
    keys.STYLE: ("latent_map", {}, "Images", "images"),
    keys.SELECT: ("compare", {}, "Lasso", "lasso"),
    keys.SPLIT: ("latent_map", {}, "all", "all"),
    keys.POINTS: ("latent_map", {}, "200", 200),
    keys.PERPLEXITY: ("latent_map", {"method": "t-SNE"}, "12", 12),
    keys.N_NEIGHBORS: ("latent_map", {"method": "UMAP"}, "9", 9),
    keys.MIN_DIST: ("latent_map", {"method": "UMAP"}, "0.35", 0.35),
    keys.DIMS: ("latent_map", {}, "3-D", 3),
    keys.MAP_SEED: ("latent_map", {"method": "t-SNE"}, "7", 7),
    keys.OWN_WAY: ("latent_map", {"view": "own"}, "sample", "sample"),
    keys.ACROSS: ("latent_walk", {"view": "plane", "run": key("stacked")}, "coding 5", 4),
    keys.UP: ("latent_walk", {"view": "plane", "run": key("stacked")}, "coding 5", 4),
    keys.PRESENTATION: ("sparsity", {}, "true", True),
    keys.LAYERS: ("latent_walk", {"view": "plane", "run": key("stacked")}, "Off-manifold regions", ["drift"]),
    keys.QUANTILES: ("latent_walk", {"view": "plane", "run": key("variational-2")}, "true", True),
    keys.BITS_SAMPLE: ("latent_walk", {}, "5", 5),
    keys.JOURNEY: ("latent_walk", {"view": "Interpolation"}, "classes", "classes"),
    keys.A: ("latent_walk", {"view": "Interpolation"}, "17", 17),
    keys.B: ("latent_walk", {"view": "Interpolation"}, "18", 18),
    keys.SUM_A: ("latent_walk", {"view": "Interpolation", "journey": "sum"}, "17", 17),
    keys.SUM_B: ("latent_walk", {"view": "Interpolation", "journey": "sum"}, "18", 18),
    keys.SUM_C: ("latent_walk", {"view": "Interpolation", "journey": "sum"}, "19", 19),
    keys.FROM_CLASS: ("latent_walk", {"view": "Interpolation", "journey": "classes"}, "4", "4"),
    keys.TO_CLASS: ("latent_walk", {"view": "Interpolation", "journey": "classes"}, "5", "5"),
    keys.WAY: ("latent_walk", {"view": "Interpolation"}, "Spherical", "spherical"),
    keys.PICTURES: ("latent_walk", {"view": "Interpolation"}, "6", 6),
    keys.TEMPERATURE: ("latent_walk", {"view": "Random"}, "1.5", 1.5),
    keys.GRID_FROM: ("latent_walk", {"view": "Random"}, "Images", "images"),
    keys.SAMPLE: ("compare", {"view": "sample"}, "11", 11),
    keys.SAMPLE_FROM: ("compare", {"view": "sample"}, "own", "own"),
    keys.LABELS: ("pretraining", {}, "20, 30", "20, 30"),
    keys.SEEDS: ("pretraining", {}, "3", 3),
    keys.CLASSIFIER_EPOCHS: ("pretraining", {}, "8", 8),
    keys.TRAINER: ("pretraining", {}, "Adam", "adam"),
    keys.AGAINST: ("anomalies", {}, "Noise", "noise"),
    keys.ANOMALY_CLASS: ("anomalies", {"against": "class"}, "7", "7"),
    keys.ANOMALY_DATA: ("anomalies", {}, "fashion-mnist", "fashion-mnist"),
    keys.ANOMALY_NOISE: ("anomalies", {"against": "Noise"}, "0.5", 0.5),
    keys.SCORE: ("anomalies", {"against": "Noise"}, "pca", "pca"),
    keys.SCORE_END: ("anomalies", {"against": "Noise"}, "low", "low"),
    keys.PERCENTILE: ("anomalies", {"against": "Noise"}, "80", 80.0),
    keys.GUIDE_COMPONENTS: ("guide", {}, "3", 3),
    keys.GUIDE_CLASS: ("guide", {}, "Sneaker", "Sneaker"),
    keys.GUIDE_LAYER: ("guide", {}, "hidden_2", "hidden_2"),
    keys.GUIDE_NOISE: ("guide", {}, "0.3", 0.3),
    keys.GUIDE_CODINGS: ("guide", {}, "7", 7),
    keys.GUIDE_TEMPERATURE: ("guide", {}, "1.5", 1.5),
}
# Those that are no widget's: the page, the rest of the link, and a text that stays in the address.
READ: dict[str, tuple[str, dict[str, str], str]] = {
    keys.RUN: ("sparsity", {}, key("denoising")),
    keys.VARIANT: ("sparsity", {"run": ""}, "Tied"),
    keys.FRAME: ("latent_map", {"view": "training"}, "3"),
    keys.Z: ("latent_walk", {"run": key("variational-2")}, "0.5,0.25"),
    keys.IMAGE: ("latent_walk", {"run": key("variational-2"), "z": "0.5,0.25"}, "40"),
    keys.BITS: ("latent_walk", {}, "010110"),
    keys.OTHER: ("compare", {}, key("denoising")),
    keys.RUNS: ("compare", {"view": "sample"}, f"{key('stacked')},{key('denoising')}"),
    keys.STEP: ("classroom", {"view": "present", "run": key("variational-2")}, "2"),
    keys.LESSON: ("sparsity", {}, "(made by the test)"),
}


def opened(visit: Open, page: str, rest: dict[str, str], **query: Any) -> AppTest:
    everything = {"run": key(RUN_OF.get(page, "stacked")), **rest, **query}
    return visit(page, **{name: value for name, value in everything.items() if value != ""})


def test_no_parameter_is_forgotten() -> None:
    assert {*USED, *READ} == set(keys.PARAMETERS)


@pytest.mark.parametrize("name", USED)
def test_what_is_valid_is_used_and_kept_on_reload(visit: Open, name: str) -> None:
    page, rest, text, value = USED[name]
    app = opened(visit, page, rest, **{name: text})
    assert told(app) == "" and app.session_state[name] == value
    again = visit(page, **app.query_params)
    assert told(again) == "" and again.session_state[name] == value
    assert address(again) == address(app) and name in address(app)


@pytest.mark.parametrize("name", READ)
def test_what_is_read_from_the_link_is_kept_on_reload(visit: Open, cache: Path, name: str) -> None:
    page, rest, text = READ[name]
    if name == keys.LESSON:
        text = lessons.keep(Lesson(title="x", knobs={"variant": "stacked"}), cache)
    app = opened(visit, page, rest, **{name: text})
    assert told(app) == "" and address(app)[name] == [text]
    again = visit(page, **app.query_params)
    assert told(again) == "" and address(again) == address(app)


@pytest.mark.parametrize("name", [*USED, *READ])
def test_what_is_not_valid_is_named_and_removed(visit: Open, name: str) -> None:
    page, rest, *_ = USED.get(name) or READ[name]
    rest = {other: text for other, text in rest.items() if other != name}
    app = opened(visit, page, rest, **{name: JUNK})
    assert f"{HEAD}{name}: " in told(app) and JUNK not in address(app).get(name, [])


@pytest.mark.parametrize("junk", ["-3", "1e9", "2.5", "nan", "", "9" * 5000, "a\x00b", "%"])
def test_a_number_out_of_its_widgets_range_is_named(visit: Open, junk: str) -> None:
    names = ("points", "perplexity", "map_seed", "dims", "method")
    app = visit("latent_map", run=key("stacked"), **dict.fromkeys(names, junk) | {"method": "t-SNE"})
    assert all(name in told(app) for name in names[:-1]) and address(app)["method"] == ["t-SNE"]
    assert not set(names[:-1]) & set(address(app))


@pytest.mark.parametrize("page", PAGES)
def test_whatever_a_page_is_asked_for_is_used_or_named(visit: Open, page: str) -> None:
    names = [name for name in (*keys.PARAMETERS, *knobs.NAMES) if name != keys.RUN]
    app = opened(visit, page, {}, **dict.fromkeys(names, JUNK))
    line = told(app)
    assert all(name in line for name in names)
    assert all(JUNK not in values for values in address(app).values())
    assert set(address(app)) <= {"run", "other", "step", "variant", *knobs.NAMES}


def test_of_several_values_the_last_counts_and_that_is_said(visit: Open) -> None:
    app = visit(coding_size=["2", "3"])
    assert "coding_size: got 2 values, the last counts" in told(app)
    assert app.select_slider(key="coding_size").value == 3 and address(app)["coding_size"] == ["3"]
    app = visit("latent_map", run=key("stacked"), method=["UMAP", "t-SNE"], points=["50", "x"])
    assert "method: got 2 values" in told(app) and "points: got 'x'" in told(app)
    assert app.session_state["method"] == "tsne" and address(app)["method"] == ["t-SNE"]
    assert "points" not in address(app)
    app = visit("latent_walk", run=key("stacked"), view="plane", layers=["Off-manifold regions", "Data", "x", "Data"])
    assert app.session_state["layers"] == ["drift", "data"] and "layers: got 'x'" in told(app)
    assert visit(run=[key("stacked"), key("denoising")]).session_state["run"] == key("denoising")


KNOBS = {
    "learning_rate": ("0", "-1", "inf", "nan", "x", ""),
    "coding_size": ("0", "1e9", "2.5", "99999999999999999999", "２３x"),
    "noise_rate": ("101", "-0.1"),
    "epochs": ("0", "1000000"),
    "seed": ("-1", "4294967296"),
    "hidden": ("1,2,3,4,5,6,7,8,9", "99999"),
    "activation": ("RELU6", "\x00"),
    "optimizer_arguments": ("momentum", "x" * 3000),
    "dataset": ("Fashion", "../../x"),
    "variant": ("Stacked!", "%ff\ufffd"),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, tried in KNOBS.items() for text in tried])
def test_a_knob_out_of_its_range_is_named_and_keeps_its_default(visit: Open, name: str, text: str) -> None:
    app = visit(**{name: text})
    assert f"{HEAD}{name}: got" in told(app)
    assert name not in address(app)
    assert (
        name not in app.session_state
        or app.session_state[name] == {**knobs.defaults("stacked"), "variant": "stacked"}[name]
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("noise_rate", "2", 2.0), ("learning_rate", "0.000001", 1e-6), ("learning_rate", "1e-1", 0.1), ("seed", "0", 0)],
)
def test_a_knob_beside_its_widgets_usual_stops_is_used(visit: Open, name: str, text: str, value: float) -> None:
    app = visit(**{name: text})
    assert told(app) == "" and app.session_state[name] == value
    again = visit(**app.query_params)
    assert told(again) == "" and again.session_state[name] == value


def test_a_knob_that_the_variant_does_not_have_is_named(visit: Open) -> None:
    app = visit(kl_weight="4", penalty_weight="0.1", coding_size="3")
    assert "kl_weight: Stacked has no such knob; " in told(app) or "penalty_weight: Stacked has" in told(app)
    assert set(address(app)) == {"coding_size"}
    app = visit(variant="variational", kl_weight="4")
    assert told(app) == "" and address(app)["kl_weight"] == ["4"]


def test_a_knob_that_the_run_in_the_link_has_otherwise_is_kept_as_one_that_was_turned(visit: Open) -> None:
    app = visit(**visit(run=key("stacked")).query_params, seed="7")
    assert told(app) == "" and app.session_state["run"] == key("stacked")
    assert app.number_input(key="seed").value == 7 and address(app)["seed"] == ["7"]
    assert "Showing seed 42; the knobs say seed 7. Train makes it." in texts(app)


def test_the_address_of_a_trained_run_is_used_as_a_whole(visit: Open) -> None:
    app = visit(variant="geron-stacked", dataset="digits", hidden="24", coding_size="6", batch_size="32", epochs="1")
    app.button(key="train").click().run()
    again = visit(**app.query_params)
    assert told(again) == "" and again.session_state["variant"] == "geron-stacked"
    assert address(again) == address(app)


@pytest.mark.parametrize("name", ["nosuch", "Coding_Size", "<b>", "z1", "x" * 3000, "![](https://evil.example)", "é"])
def test_an_unknown_parameter_is_named(visit: Open, name: str) -> None:
    app = visit(**{name: "1", "coding_size": "3"})
    assert f"{name[: link.LONGEST_NAME]}: no such parameter" in told(app)
    assert set(address(app)) == {"coding_size"}


def test_what_another_page_or_view_uses_is_named(visit: Open) -> None:
    app = visit("sparsity", run=key("stacked"), method="t-SNE")
    assert "method: nothing here uses it" in told(app) and "method" not in address(app)
    app = visit("latent_map", run=key("stacked"), perplexity="12")
    assert "perplexity: nothing here uses it" in told(app) and "perplexity" not in address(app)


def test_the_line_goes_with_the_page(visit: Open) -> None:
    app = visit("latent_map", run=key("stacked"), method="junk", points="-3")
    assert "method: got 'junk', allowed: PCA" in told(app) and "points: got '-3', allowed: 10 to" in told(app)
    app.switch_page("pages/sparsity.py").run()
    assert told(app) == ""


def test_a_page_that_waits_keeps_its_parameters(visit: Open, cache: Path) -> None:
    spec = SMALL.replace(seed=99)
    run = runs.run_of(spec, cache)
    run.begin(spec)
    files.write_json(run.folder / "status.json", {"state": "running", "updated": time.time() + 600, "epoch": 1})
    app = visit("latent_map", run=run.key, method="t-SNE", nosuch="1")
    assert "nosuch: no such parameter" in told(app) and "method" not in told(app)


def test_a_page_that_has_reconnected_keeps_the_knobs_that_were_turned(
    visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "draw", lambda: True)
    turned = {"dataset": "digits", "hidden": "24", "coding_size": "6", "seed": "7"}
    app = visit(run=key("stacked"), **turned)
    assert told(app) == "" and app.session_state["run"] == key("stacked")
    assert app.number_input(key="seed").value == 7 and not app.button(key="train").disabled


FORMER = [
    *(("latent_walk", keys.VIEW, former, "") for former in ("Journeys", "journeys", "Holes", "holes")),
    *(("latent_map", keys.VIEW, former, "") for former in ("Your own picture", "While it learned")),
    ("classroom", keys.VIEW, "Board", ""),
    *(("latent_walk", keys.LAYERS, former, "plane") for former in ("Holes", "holes")),
]


def test_every_former_option_is_tested() -> None:
    assert {(name, former) for _, name, former, _ in FORMER} == {
        (name, former) for name, options in link.RENAMED.items() for former in options
    }


@pytest.mark.parametrize(("page", "name", "former", "view"), FORMER)
def test_a_former_option_opens_that_of_today(visit: Open, page: str, name: str, former: str, view: str) -> None:
    rest = {"run": key("variational-2"), "view": view}
    app = opened(visit, page, rest, **{name: former})
    now = link.RENAMED[name][former]
    assert told(app) == "" and app.session_state[name] == ([now] if name == keys.LAYERS else now)
    assert former not in address(app).get(name, [])
