"""The classroom: lessons that lock and cover, the board, the examples, the presenter's steps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore import presets
from aecore.classroom import lessons
from aecore.classroom.lessons import Lesson
from aecore.presets import examples
from aecore.store import files, runs
from aecore.store.runs import Run
from pages.widgets.classroom import leaderboard, lesson_form, presenter
from pages.widgets.server import open_runs
from pages.widgets.session import knobs, lesson, opening, page_titles
from tests.pages.conftest import PAGES, SMALL, SMALL_KNOBS, Open, key, texts, unescaped


def kept(cache: Path, **changes: Any) -> Lesson:
    """A lesson about the small stacked run, with a question."""
    values: dict[str, Any] = {
        "title": "Six <numbers>",
        "knobs": SMALL_KNOBS,
        "locked": ("variant", "seed", "epochs"),
        "question": "What is lost?",
        "answers": ("*Shape*", "Texture", "All"),
        "right": 1,
        "explanation": "Shape survives.",
    }
    made = Lesson(**{**values, "knobs": {**SMALL_KNOBS, "seed": SMALL.seed}, **changes})
    lessons.keep(made, cache)
    return made


def test_the_lessons_pages_are_the_apps() -> None:
    assert {*lessons.PAGES, "classroom"} <= {*opening.DEMONSTRATIONS, "classroom"}
    assert set(lessons.PAGES) <= set(page_titles.TITLES)


@pytest.mark.parametrize("page", PAGES)
def test_a_question_covers_every_page_until_it_is_answered(visit: Open, cache: Path, page: str) -> None:
    made = kept(cache)
    app = visit(page, lesson=made.key)
    assert not app.exception
    assert "What is lost?" in texts(app) and "Six" in texts(app)
    assert "6 codings" not in texts(app) and not app.get("plotly_chart") and not app.get("html")[1:]
    assert not [button for button in app.button if (button.key or "").startswith("recent_")]
    answer(app, 0)
    assert "6 codings" in texts(app) and "Shape survives" in texts(app)


def answer(app: AppTest, choice: int) -> None:
    app.radio(key="predicted").set_value(choice)
    next(button for button in app.button if button.label == "Answer").click().run()
    assert not app.exception


def told(app: AppTest) -> str:
    """The heads of what can be folded: the lesson's says whether the answer was right."""
    return " ".join(expander.label for expander in app.expander)


def test_an_answer_is_counted_once_however_often_the_page_is_run_or_loaded(
    visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kept(cache)
    app = visit(lesson=made.key)
    next(button for button in app.button if button.label == "Answer").click().run()
    assert "Pick one" in texts(app)
    answer(app, 1)
    assert "Right" in told(app)
    for page in ("sparsity", "reconstructions"):
        app.switch_page(f"pages/{page}.py").run()
    assert lessons.counts(made.key, cache) == [0, 1, 0, 0, 0]
    (said,) = [json.loads(part.proto.json) for part in app.get("bidi_component") if "aecore_answer" in part.proto.json]
    name, token = said.split("=")
    with monkeypatch.context() as browser:
        browser.setattr(lesson, "_cookies", lambda: {name: token})
        again = visit(lesson=made.key)
    assert "6 codings" in texts(again) and "Right" in told(again)
    shared = visit(**app.query_params)  # the address, in another browser
    assert set(app.query_params) >= {"lesson", "run"} and "6 codings" not in texts(shared)
    monkeypatch.setattr(lesson, "_cookies", lambda: {name: "0" * 16})
    other = visit(lesson=made.key)
    assert "6 codings" not in texts(other)
    answer(other, 2)
    assert "Not quite" in told(other)
    assert lessons.counts(made.key, cache) == [0, 1, 1, 0, 0]


def test_a_lesson_sets_the_knobs_and_opens_its_run_and_locks(visit: Open, cache: Path) -> None:
    made = kept(cache, question="", answers=(), right=None)
    app = visit(lesson=made.key, seed="7", coding_size="3", variant="tied")
    (warning,) = app.warning
    assert "variant: got Tied, the lesson has Stacked; seed: got 7, the lesson has 42" in unescaped(warning.value)
    assert not app.exception
    assert app.number_input(key="seed").value == SMALL.seed  # locked: the link cannot change it
    assert app.number_input(key="seed").disabled and app.selectbox(key="variant").disabled
    assert app.selectbox(key="variant").value == "stacked"
    assert app.select_slider(key="coding_size").value == 3  # not locked
    assert not app.select_slider(key="coding_size").disabled
    assert app.selectbox(key="dataset").value == "digits"
    assert app.session_state["run"] == key("stacked")
    app = visit(lesson=made.key, run=key("variational-2"))
    assert app.selectbox(key="variant").value == "stacked"
    assert "Variational" in texts(app)  # what is looked at is free; what is trained is not


def test_a_browser_that_turns_a_locked_knob_trains_the_lesson_all_the_same(visit: Open, cache: Path) -> None:
    made = kept(cache, question="", answers=(), right=None)
    app = visit(lesson=made.key)
    app.number_input(key="seed")._value = 99  # what the page does not let one do
    app.select_slider(key="coding_size").set_value(4)
    app.run()
    assert app.number_input(key="seed").value == SMALL.seed
    app.number_input(key="seed")._value = 98
    app.button(key="train").click().run()  # both in one message
    trained = runs.open_run(app.session_state["run"], cache).spec
    assert (trained.seed, trained.coding_size) == (SMALL.seed, 4)
    app.selectbox(key="variant")._value = "hashing"
    app.run()
    assert app.selectbox(key="variant").value == "stacked"


@pytest.mark.parametrize("bad", ["../../etc", "0" * 16, ""])
def test_a_lesson_that_is_not_here_is_one_line_and_the_rest_of_the_link_counts(visit: Open, bad: str) -> None:
    app = visit(lesson=bad, run=key("stacked"))
    assert not app.exception
    assert len(app.warning) == 1 and "lesson" in app.warning[0].value
    assert app.session_state["run"] == key("stacked")


def form(app: AppTest, **values: Any) -> None:
    for name, (kind, value) in values.items():
        getattr(app, kind)(key=f"lesson_{name}").set_value(value)
    next(button for button in app.button if button.label == "Make the link").click().run()
    assert not app.exception


def test_what_the_teacher_sees_becomes_the_lesson(visit: Open, cache: Path) -> None:
    app = visit("sparsity", run=key("sparse-kl"))
    app.switch_page("pages/classroom.py").run()
    app.segmented_control(key="view").set_value("make").run()
    assert app.selectbox(key="lesson_page").value == "sparsity"
    form(app)
    assert "title" in app.error[0].value
    form(
        app,
        title=("text_input", "Sparse"),
        locked=("pills", ["seed", "All under Advanced"]),
        question=("text_input", "Who is silent?"),
        answers=("text_area", "all\n\nmost"),
        right=("selectbox", 2),
    )
    assert not app.error
    (made,) = [lessons.open_lesson(folder.name, cache) for folder in (cache / "lessons").iterdir()]
    assert made.spec == runs.open_run(key("sparse-kl"), cache).spec
    assert (made.page, made.answers, made.right) == ("sparsity", ("all", "most"), 1)
    assert {"seed", "optimizer", "sparsity"} <= set(made.locked) and "epochs" not in made.locked
    assert app.code[0].value.endswith(f"/sparsity?lesson={made.key}")
    assert "0 answers so far" in texts(app)


def test_any_knob_can_be_locked_also_one_that_is_not_drawn(visit: Open, cache: Path) -> None:
    app = visit("classroom")
    app.segmented_control(key="view").set_value("make").run()
    everything = [*knobs.MAIN, "All under Advanced"]
    form(app, title=("text_input", "Fixed"), locked=("pills", everything))
    assert not app.error
    (made,) = [lessons.open_lesson(folder.name, cache) for folder in (cache / "lessons").iterdir()]
    assert set(made.locked) == set(knobs.NAMES) and made.spec == presets.get("stacked").spec


@pytest.mark.parametrize(
    ("here", "page", "link"),
    [
        ("https://school.org/classroom", "latent_map", "https://school.org/latent_map?lesson=k"),
        ("http://host:8501/apps/ae/classroom", "reconstructions", "http://host:8501/apps/ae/?lesson=k"),
        (None, "sparsity", "/sparsity?lesson=k"),
    ],
)
def test_the_link_goes_where_the_teacher_is(here: str | None, page: str, link: str) -> None:
    assert lesson_form.link("k", page, here) == link


def test_the_board_shows_the_runs_of_a_data_set_and_opens_one(visit: Open, cache: Path) -> None:
    app = visit("classroom", run=key("stacked"))
    assert app.selectbox(key="board_dataset").value == "digits"
    assert "8 runs" in texts(app) and len(app.dataframe[0].value) == 8
    *_, points, _, ring = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    here = points["customdata"].index(key("stacked"))
    assert (ring["x"], ring["y"]) == ([points["x"][here]], [points["y"][here]])  # around the active run
    app.selectbox(key="board_dataset").set_value("plane-3d").run()
    assert not app.exception and len(app.dataframe[0].value) == 1


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"selection": {"points": [{"customdata": ["a"]}]}}, "a"),
        ({"selection": {"points": [{"x": 1}, {"customdata": "b"}]}}, "b"),
        ({"selection": {"points": [{"customdata": ["../x"]}]}}, None),
        ({"selection": {"points": []}}, None),
        ({"selection": None}, None),
        (None, None),
    ],
)
def test_a_click_is_a_run_that_is_on_the_board(event: Any, found: str | None) -> None:
    assert leaderboard.key_of(event, ["a", "b"]) == found


def test_ticks_are_rows_that_are_there() -> None:
    assert leaderboard.keys_at({"selection": {"rows": [2, 0, 9, -1, "x"]}}, ["a", "b", "c"]) == ["c", "a"]
    assert leaderboard.keys_at({"selection": {}}, ["a"]) == leaderboard.keys_at(None, ["a"]) == []


def tick(app: AppTest, *rows: int) -> None:
    """As the browser says it: by the numbers of the rows."""
    selection = {"rows": list(rows), "columns": [], "cells": []}
    app.session_state[app.session_state["board_table"]] = {"selection": selection}


def finish(cache: Path, seed: int) -> Run:
    """One more run of the class."""
    run = runs.run_of(SMALL.replace(seed=seed), cache)
    run.begin(SMALL.replace(seed=seed))
    files.write_json(run.folder / "metrics.json", {"coding_size": 6, "val_mse": 0.02, "pca_mse": 0.03})
    run.mark("DONE")
    return run


def test_ticks_belong_to_runs_while_others_finish_and_go(visit: Open, cache: Path) -> None:
    app = visit("classroom", run=key("stacked"))
    rows = app.session_state["board_rows"]
    drawn = app.dataframe[0].value
    assert len(rows) == len(drawn) == 8
    tick(app, 2, 5)
    finish(cache, 1)  # while the click is under way
    app.run()
    assert app.session_state["board_ticked"] == [rows[2], rows[5]]
    assert app.session_state["board_rows"][:8] == rows
    assert app.dataframe[0].value["Codings"].tolist() == [*drawn["Codings"], 6]  # below
    assert app.dataframe[0].value["Seed"].tolist() == [*drawn["Seed"], 1]
    assert app.button(key="board_present").label == "Present 2"
    finish(cache, 2)
    tick(app, 2, 5, 8)
    app.run()
    ticked = app.session_state["board_ticked"]
    assert ticked == [rows[2], rows[5], runs.run_key(SMALL.replace(seed=1))]
    shutil.rmtree(cache / "runs" / rows[2])
    app.run()
    assert not app.exception and app.session_state["board_ticked"] == ticked[1:]
    app.button(key="board_present").click().run()
    assert not app.exception and app.session_state["view"] == "present"
    app.segmented_control(key="view").set_value("board").run()
    assert app.session_state["board_ticked"] == ticked[1:]


def test_an_example_sets_the_knobs_and_asks_for_training(visit: Open) -> None:
    app = visit("classroom", view="Examples")
    app.segmented_control(key="view").set_value("examples").run()
    bad = next(example for example in examples.EXAMPLES if example.name == "too-fast")
    assert all(example.title in texts(app) for example in examples.EXAMPLES)
    app.button(key="set_too-fast").click().run()
    assert not app.exception
    assert app.number_input(key="learning_rate").value == bad.spec.learning_rate
    assert app.session_state["run"] is None and "press Train" in texts(app)


def test_what_a_tab_shows_is_not_evicted_while_nobody_does_anything(visit: Open, cache: Path) -> None:
    def shown() -> set[str]:
        return open_runs._open_runs().shown()

    open_runs._open_runs.clear()
    app = visit("classroom", run=key("hashing"))
    assert shown() == {key("hashing")}
    rows = app.session_state["board_rows"]
    tick(app, 2, 5)
    app.run()
    app.segmented_control(key="view").set_value("present").run()
    assert shown() == {rows[2], rows[5]}
    app.segmented_control(key="view").set_value("board").run()
    assert shown() == {key("hashing")}
    open_runs._open_runs.clear()


def test_the_presenter_steps_through_pictures_and_maps(visit: Open, cache: Path) -> None:
    found = [runs.open_run(key(name), cache) for name in ("stacked", "variational-2", "vectors")]
    steps = presenter.steps_of(found)
    assert [(step.run.key, step.kind) for step in steps] == [
        (key("stacked"), "pictures"),
        (key("variational-2"), "pictures"),
        (key("variational-2"), "map"),
        (key("vectors"), "pictures"),
        (key("vectors"), "map"),
    ]
    app = visit("classroom", run=key("variational-2"))
    app.segmented_control(key="view").set_value("present").run()
    for step in range(2):
        app.session_state["present_step"] = step
        app.run()
        assert not app.exception
        assert any("Variational" in html.proto.body for html in app.get("html"))
    assert app.get("plotly_chart")
