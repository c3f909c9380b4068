"""A lesson from the teacher's form to a student's answer, the board's points, and the presenter's keys."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aecore import presets
from aecore.classroom import leaderboard
from aecore.presets import demonstrations
from aecore.store import files, runs
from tests.browser.conftest import Open
from tests.browser.serve import go, heading, run_in, settle

pytestmark = pytest.mark.browser


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    settle(page)


def test_a_lesson_goes_from_the_teacher_to_a_student(server: str, digits_run: str, visit: Open) -> None:
    teacher = visit(f"{server}/latent_map?run={digits_run}&view=Training+animation")
    go(teacher, "classroom")
    teacher.locator(".st-key-view").get_by_text("Make a lesson").click()
    settle(teacher)
    teacher.locator(".st-key-lesson_title input").fill("Digits <b>apart</b>")
    teacher.locator(".st-key-lesson_locked").get_by_text("Seed", exact=True).click()
    teacher.locator(".st-key-lesson_question input").fill("When do they part?")
    teacher.locator(".st-key-lesson_answers textarea").fill("early\nlate")
    teacher.locator(".st-key-lesson_right").locator("input, [role=combobox]").first.click()
    teacher.get_by_role("option", name="Answer 1").click()
    press(teacher, "Make the link")
    link = teacher.get_by_test_id("stCode").inner_text().strip()
    assert re.fullmatch(rf"{re.escape(server)}/latent_map\?lesson=[0-9a-f]{{16}}", link)

    student = visit(f"{link}&seed=7")
    question = student.get_by_text("When do they part?")
    expect(question).to_be_visible()
    expect(heading(student)).to_have_text("When do they part?")  # in the place of the picture
    expect(student.locator(".st-key-seed input")).to_be_disabled()
    expect(student.locator(".st-key-seed input")).to_have_value("42")
    for path in ("sparsity", "latent_map"):
        go(student, path)
        expect(question).to_be_visible()
    student.get_by_text("late", exact=True).click()
    press(student, "Answer")
    expect(student.get_by_text("Not quite")).to_be_visible()
    expect(student.locator(".film-box").first).to_be_visible()  # the view that the teacher had open
    student.reload()
    settle(student)
    expect(student.get_by_text("Not quite")).to_be_visible()
    assert student.locator(".ae-class > div").all_inner_texts() == ["early (right)", "", "0", "late (you)", "", "1"]
    expect(teacher.get_by_text("1 answer so far")).to_be_visible()
    other = visit(student.url)  # as a student copies it for another
    expect(heading(other)).to_have_text("When do they part?")
    expect(other.get_by_text("Not quite")).to_have_count(0)


def test_a_point_of_the_board_opens_its_run(server: str, cache: Path, visit: Open) -> None:
    page = visit(f"{server}/classroom?run={demonstrations.keys()['stacked']}")
    keys = leaderboard.boards(cache)["fashion-mnist-12k"].rows["key"].tolist()  # as they are drawn
    point = page.locator(".st-key-board_chart .scatterlayer .point").nth(keys.index(demonstrations.keys()["hashing"]))
    expect(point).to_be_visible()
    box = point.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".hoverlayer .hovertext").first).to_contain_text("Hashing")
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text("Opened:")).to_be_visible()
    expect(page.get_by_text("The thick ring is the run on show: Hashing")).to_be_visible()
    assert run_in(page) == demonstrations.keys()["hashing"]
    expect(page.locator(".st-key-variant input")).to_have_value("Hashing")


def test_ticks_stay_with_their_runs_while_the_class_trains(server: str, cache: Path, visit: Open) -> None:
    page = visit(f"{server}/classroom?run={demonstrations.keys()['stacked']}")
    table, present = page.get_by_test_id("stDataFrame"), page.locator(".st-key-board_present button").first
    box = table.bounding_box()
    assert box
    boxes = [(box["x"] + 20, box["y"] + 35 * row + 17) for row in (1, 3)]  # of rows 0 and 2
    page.mouse.click(*boxes[0])
    expect(present).to_have_text(re.compile("Present 1"))
    spec = presets.get("stacked").spec.replace(seed=12345)
    made = runs.run_of(spec, cache)
    made.begin(spec)
    files.write_json(made.folder / "metrics.json", {"coding_size": 30, "val_mse": 0.02, "pca_mse": 0.03})
    made.mark("DONE")  # the newest of all
    page.mouse.click(*boxes[1])
    expect(present).to_have_text(re.compile("Present 2"))
    page.mouse.click(*boxes[1])
    expect(present).to_have_text(re.compile("Present 1"))  # the browser has kept both
    shutil.rmtree(made.folder)
    page.get_by_role("button", name="Present 1").first.click()  # nothing there that `settle` could wait for
    expect(page.locator(".present-keys .told")).to_contain_text("1 / ")


def test_the_presenters_keys_step_and_escape_leaves(server: str, visit: Open) -> None:
    page = visit(f"{server}/classroom?run={demonstrations.keys()['variational-2']}")
    page.locator(".st-key-view").get_by_text("Present", exact=True).click()
    told = page.locator(".present-keys .told")
    title = page.locator(".ae-slide h1")
    expect(told).to_contain_text("1 / ")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert float(title.evaluate("title => parseFloat(getComputedStyle(title).fontSize)")) >= 28
    page.keyboard.press("PageDown")
    expect(page.locator(".st-key-present_map")).to_be_visible()
    expect(title).to_contain_text("Variational")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # faster than a page is drawn
    expect(told).to_contain_text("4 / ")
    page.keyboard.press("PageUp")
    expect(told).to_contain_text("3 / ")
    expect(page).to_have_url(re.compile(r"[?&]step=3"))
    expect(title).not_to_contain_text("Variational")
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-board_chart")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
