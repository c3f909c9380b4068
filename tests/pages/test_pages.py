"""Every page in every state of a run, through the app's front door."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore import presets
from aecore.store import files, listing, runs
from aecore.store.runs import Run
from pages.widgets.session import knobs
from tests.pages.conftest import PAGES, SMALL, SPECS, Open, key, texts
from tests.pages.session.test_knobs import TURNED, VARIANTS, changes

# The kinds of run that a page treats each in its own way; the others are visited under `slow`.
KINDS = {
    "reconstructions": tuple(SPECS),
    "latent_map": ("stacked", "spatial", "variational-2", "hashing", "vectors"),
    "latent_walk": ("convolutional", "spatial", "variational-2", "hashing", "vectors"),
    "compare": ("stacked", "vectors"),  # `test_compare` sets every kind beside another
    "sparsity": ("convolutional", "recurrent", "sparse-kl", "variational-2", "vectors"),
    "anomalies": ("stacked", "variational-2", "vectors"),
    "pretraining": ("convolutional", "vectors"),
    "classroom": ("denoising",),
}


@pytest.mark.parametrize(
    ("page", "name"),
    [
        pytest.param(page, name, marks=() if name in KINDS[page] else pytest.mark.slow)
        for page in PAGES
        for name in SPECS
    ],
)
def test_every_page_draws_every_kind_of_run(visit: Open, page: str, name: str) -> None:
    app = visit(page, run=key(name))
    assert not app.exception
    assert not app.error
    shown = runs.open_run(key(name))
    assert f"{shown.metrics['coding_size']} coding" in texts(app)


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_cache_says_what_to_do(visit: Open, cache: Path, page: str) -> None:
    for run in listing.list_runs(cache):
        files.set_aside(run.folder)
    app = visit(page)
    assert not app.exception
    assert "Press Train" in texts(app)


def fake(cache: Path, state: str, **status: object) -> Run:
    """A run of an untrained spec in a state between nothing and finished."""
    run = runs.run_of(SMALL.replace(seed=99), cache)
    run.begin(run_spec := SMALL.replace(seed=99))
    assert run.spec == run_spec
    run.write_status(state=state, started=time.time(), **status)
    return run


@pytest.mark.parametrize("page", PAGES)
def test_a_failed_run_says_why_and_keeps_the_last_picture(visit: Open, cache: Path, page: str) -> None:
    fake(cache, "failed", message="the loss became infinite in epoch 2; try a smaller learning rate")
    app = visit(page, run=key("stacked"))
    app.number_input(key="seed").set_value(99).run()
    app.session_state["run"] = runs.run_key(SMALL.replace(seed=99))
    app.run()
    assert not app.exception
    assert "smaller learning rate" in app.error[0].value
    assert "last good run" in app.error[0].value
    assert app.button(key="again").label == "Train again"
    assert "6 codings" in texts(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_run_is_not_shown_as_finished(visit: Open, cache: Path, page: str) -> None:
    run = runs.open_run(key("stacked"), cache)
    codings = run.folder / "codings.npy"
    codings.write_bytes(codings.read_bytes()[:-10])
    app = visit(page, run=run.key)
    assert not app.exception
    assert "damaged" in texts(app) and app.button(key="again").label == "Train again"


def test_a_link_to_an_interrupted_run_offers_it_again(visit: Open, cache: Path) -> None:
    run = fake(cache, "running", epoch=1)
    status = files.read_json(run.folder / "status.json", {})
    files.write_json(run.folder / "status.json", {**status, "message": "starting", "updated": time.time() - 60})
    app = visit(run=run.key)
    assert not app.exception and not app.warning
    assert app.number_input(key="seed").value == 99 and app.session_state["run"] == run.key
    assert "the server or its worker went away before the end" in app.error[0].value
    app.button(key="again").click().run()
    assert not app.exception and run.state == "finished"


def test_a_link_to_a_run_whose_server_went_away_before_its_turn_offers_it_again(visit: Open, cache: Path) -> None:
    run = fake(cache, "waiting")
    status = files.read_json(run.folder / "status.json", {})
    files.write_json(run.folder / "status.json", {**status, "updated": time.time() - 60})
    app = visit(run=run.key)
    assert not app.exception and app.number_input(key="seed").value == 99
    assert "never made; Train makes it" in texts(app) and not app.button(key="train").disabled


def test_a_run_that_went_while_the_page_stood_there_is_one_line(visit: Open, cache: Path) -> None:
    app = visit(run=key("stacked"))
    app.session_state["recent"] = True
    app.run()
    gone = key("recurrent")
    files.set_aside(runs.open_run(gone, cache).folder)
    app.button(key=f"recent_{gone}").click().run()
    assert not app.exception and app.session_state["run"] == key("stacked")
    assert "may have made room" in app.warning[0].value


@pytest.mark.parametrize("page", PAGES)
def test_a_stopped_run_is_labelled(visit: Open, cache: Path, page: str) -> None:
    run = runs.open_run(key("stacked"), cache)
    (run.folder / "DONE").rename(run.folder / "STOPPED")
    app = visit(page, run=run.key)
    assert not app.exception
    assert "stopped early" in texts(app)
    assert app.button(key="train").label == "Train"
    assert not app.button(key="train").disabled


def test_train_again_trains_the_next_seed_that_is_not_trained(visit: Open, cache: Path) -> None:
    app = visit(run=key("stacked"))
    assert app.button(key="train").label == "Train again" and not app.button(key="train").disabled
    assert "These settings are trained. Change one, or train again with a new seed." in texts(app)
    app.button(key="train").click().run()
    assert app.number_input(key="seed").value == 43
    assert runs.run_of(SMALL.replace(seed=43), cache).state == "finished"
    app.number_input(key="seed").set_value(42).run()
    app.button(key="train").click().run()  # Show
    assert app.session_state["run"] == key("stacked") and app.number_input(key="seed").value == 42
    app.button(key="train").click().run()
    assert app.session_state["run"] == runs.run_key(SMALL.replace(seed=44)) and not app.exception


def test_train_trains_what_the_knobs_say_and_show_opens_it_again(visit: Open, cache: Path) -> None:
    app = visit(run=key("stacked"))
    assert app.button(key="train").label == "Train again"  # the picture is what the knobs say
    app.number_input(key="seed").set_value(7).run()
    assert "the knobs say seed 7" in texts(app)
    assert app.button(key="train").label == "Train"
    app.button(key="train").click().run()
    new = runs.run_of(SMALL.replace(seed=7), cache)
    assert new.state == "finished"
    assert app.session_state["run"] == new.key
    assert app.query_params["run"] in (new.key, [new.key])
    app.number_input(key="seed").set_value(42).run()
    assert app.button(key="train").label == "Show"
    app.button(key="train").click().run()
    assert app.session_state["run"] == key("stacked")


KNOBS = {
    "coding_size": ("select_slider", 3),
    "noise_rate": ("select_slider", 0.5),
    "sparsity_weight": ("select_slider", 0.01),
    "epochs": ("number_input", 9),
    "seed": ("number_input", 9),
    "hidden": ("text_input", "12, 8"),
    "activation": ("selectbox", "relu"),
    "coding_activation": ("selectbox", "tanh"),
    "loss": ("selectbox", "mse"),
    "optimizer": ("selectbox", "sgd"),
    "learning_rate": ("number_input", 0.5),
    "batch_size": ("number_input", 16),
    "dataset": ("selectbox", "fashion-mnist-12k"),
}


def open_advanced(app: AppTest) -> None:
    app.session_state["advanced"] = True
    app.run()


@pytest.mark.parametrize("name", KNOBS)
def test_every_knob_changes_what_train_would_train_until_it_is_turned_back(visit: Open, name: str) -> None:
    kind, value = KNOBS[name]
    app = visit(run=key("stacked"))
    open_advanced(app)
    before = getattr(app, kind)(key=name).value
    getattr(app, kind)(key=name).set_value(value).run()
    assert not app.exception
    assert "the knobs say" in texts(app)
    assert not app.button(key="train").disabled
    getattr(app, kind)(key=name).set_value(before).run()
    assert not app.exception
    assert "the knobs say" not in texts(app)
    assert app.button(key="train").label == "Train again"


VISITED = {
    ("stacked", "as it is"),
    ("stacked", "all on"),
    ("variational", "all on"),
    ("layerwise", "as it is"),
    ("recurrent", "as it is"),
    ("denoising-convolutional", "as it is"),
}


@pytest.mark.parametrize(
    ("variant", "turned"),
    [
        pytest.param(variant, turned, marks=() if (variant, turned) in VISITED else pytest.mark.slow)
        for variant in VARIANTS
        for turned in TURNED
    ],
)
def test_a_knob_can_be_turned_where_it_changes_the_run_and_only_there(visit: Open, variant: str, turned: str) -> None:
    app = visit(variant=variant, **{name: str(value) for name, value in TURNED[turned].items()})
    open_advanced(app)
    assert not app.exception and app.session_state["variant"] == variant
    boxes = [*app.select_slider, *app.number_input, *app.text_input, *app.selectbox]
    drawn = {box.key: box for box in boxes if box.key in knobs.NAMES}
    values = {name: box.value for name, box in drawn.items()}
    assert {"coding_size", "activation", "sparsity_target"} <= set(drawn)
    for name, box in drawn.items():
        if box.disabled:
            assert not changes(variant, values, name, valid=True), name
            assert "Not " in box.help or "Here" in box.help
        else:
            assert changes(variant, values, name), name


def test_a_price_that_is_turned_on_frees_its_knobs(visit: Open) -> None:
    app = visit(variant="contractive", penalty_weight="off")
    open_advanced(app)
    assert app.selectbox(key="sparsity").disabled and app.number_input(key="sparsity_target").disabled
    app.select_slider(key="sparsity_weight").set_value(0.01).run()
    assert not app.selectbox(key="sparsity").disabled and app.number_input(key="sparsity_target").disabled
    app.selectbox(key="sparsity").set_value("mse").run()
    assert not app.number_input(key="sparsity_target").disabled
    assert not app.select_slider(key="penalty_weight").disabled


@pytest.mark.parametrize("variant", ["stacked", "contractive", "variational", "beta-variational"])
def test_beta_stands_among_the_main_knobs_of_those_that_have_it(visit: Open, variant: str) -> None:
    has = presets.get(variant).spec.coding == "variational"
    app = visit(variant=variant, **({"kl_weight": "8.0"} if has else {}))
    assert [box.key for box in app.select_slider if box.key == "kl_weight"] == ["kl_weight"] * has
    if has:
        assert app.select_slider(key="kl_weight").value == 8
        assert app.query_params["kl_weight"] in ("8", ["8"])
        assert "optimizer" not in [box.key for box in app.selectbox]  # Advanced is closed


def test_knobs_that_exclude_each_other_say_why_and_train_nothing(visit: Open) -> None:
    app = visit(run=key("stacked"))
    app.select_slider(key="sparsity_weight").set_value(0.01).run()
    open_advanced(app)
    app.selectbox(key="sparsity").set_value("kl").run()
    assert app.button(key="train").disabled
    assert "needs" not in texts(app)
    assert "sigmoid codings" in texts(app)


def test_a_knob_under_advanced_stays_turned_when_that_is_closed(visit: Open) -> None:
    app = visit()
    assert "learning_rate" not in [box.key for box in app.number_input]  # nothing is turned: nothing is drawn
    open_advanced(app)
    app.number_input(key="learning_rate").set_value(0.5).run()
    app.session_state["advanced"] = False
    app.run()
    assert app.number_input(key="learning_rate").value == 0.5
    app.number_input(key="learning_rate").set_value(presets.get("stacked").spec.learning_rate).run()
    assert "learning_rate" not in [box.key for box in app.number_input]
    open_advanced(app)
    assert app.number_input(key="learning_rate").value == presets.get("stacked").spec.learning_rate


def test_another_variant_sets_every_knob(visit: Open) -> None:
    app = visit()
    app.selectbox(key="variant").set_value("hashing").run()
    assert app.select_slider(key="coding_size").value == 16
    assert app.select_slider(key="noise_rate").value > 1
    app.selectbox(key="variant").set_value("stacked").run()
    assert not app.exception
    assert app.select_slider(key="noise_rate").value == 0


def test_a_link_restores_knobs_by_name_and_title(visit: Open) -> None:
    app = visit(variant="sparse-kl", coding_size="100", dataset="digits", noise_rate="0.3", hidden="50,20")
    assert app.selectbox(key="variant").value == "sparse-kl"
    assert app.select_slider(key="coding_size").value == 100
    assert app.selectbox(key="dataset").value == "digits"
    assert app.select_slider(key="noise_rate").value == pytest.approx(0.3)
    assert app.text_input(key="hidden").value == "50, 20"
    assert visit(variant="Sparse (KL)").selectbox(key="variant").value == "sparse-kl"


def test_a_link_with_a_run_and_other_knobs_shows_the_run_and_says_how_they_differ(visit: Open) -> None:
    app = visit(run=key("variational-2"), coding_size="30", variant="tied")
    assert app.select_slider(key="coding_size").value == 30
    assert app.selectbox(key="variant").value == "tied"
    assert "Variational · 2 codings" in texts(app) and "the knobs say Tied" in texts(app)
    app = visit(run=key("variational-2"))
    assert app.select_slider(key="coding_size").value == 2
    assert app.selectbox(key="variant").value == "variational"


JUNK = {
    "variant": "nonsense",
    "dataset": "no-such-set",
    "coding_size": "-1",
    "noise_rate": "nan",
    "sparsity_weight": "x",
    "epochs": "0",
    "seed": "1e99",
    "hidden": "a,b",
    "activation": "<b>",
    "loss": "zzz",
    "optimizer": "1",
    "learning_rate": "-1",
    "batch_size": "0",
    "run": "../../etc/passwd",
    "method": "?",
    "colour": "?",
    "show": "?",
    "perplexity": "1e9",
    "z1": "nan",
    "layer": "x",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_link_full_of_junk_gives_one_line_and_the_defaults(visit: Open, page: str) -> None:
    app = visit(page, **JUNK)
    assert not app.exception
    assert app.selectbox(key="variant").value == "stacked"
    assert app.warning


@pytest.mark.parametrize("bad", ["../../etc", "0" * 16, "zz", "", "0123456789abcdef/.."])
def test_an_unknown_run_in_the_link_is_said(visit: Open, bad: str) -> None:
    app = visit(run=bad)
    assert not app.exception
    assert len(app.warning) == 1


def test_a_map_is_drawn_when_its_settings_are_chosen_and_refused_in_one_line(visit: Open) -> None:
    app = visit("latent_map", run=key("stacked"))
    app.segmented_control(key="method").set_value("tsne").run()
    drawn = drawn_maps(app)
    app.slider(key="points").set_value(30)
    next(button for button in app.button if button.label == "Draw this map").click().run()
    assert not app.exception
    assert "perplexity: got 30.0, allowed: 2 to below 10.0 for 30 points" in texts(app)
    assert drawn_maps(app) == drawn
    app.slider(key="perplexity").set_value(5)
    next(button for button in app.button if button.label == "Draw this map").click().run()
    assert not app.exception and "perplexity: got" not in texts(app)
    (new,) = drawn_maps(app) - drawn
    described = json.loads((new / "spec.json").read_text())["map"]
    assert (described["method"], described["n"], described["perplexity"]) == ("tsne", 30, 5.0)
    assert np.load(new / "points.npy").shape == (30, 2)


def drawn_maps(app: AppTest) -> set[Path]:
    """The folders of all finished maps of the run that is shown."""
    run = runs.open_run(app.session_state["run"])
    return {path.parent for path in run.folder.glob("map/*/DONE")}
