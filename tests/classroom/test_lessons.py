"""Lessons: what may be set, how they are kept, and answers that are counted and not named."""

from __future__ import annotations

import builtins
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aecore import presets
from aecore.classroom import lessons
from aecore.classroom.lessons import Lesson, LessonError
from aecore.errors import AecoreError, SpecError

GOOD: dict[str, Any] = {
    "title": "Two numbers",
    "knobs": {"variant": "variational", "coding_size": 2, "seed": 7},
    "page": "latent_map",
    "view": {"view": "Training animation"},
    "locked": ("variant", "seed"),
    "question": "How many classes part?",
    "answers": ("two", "six", "ten"),
    "right": 1,
    "explanation": "Two numbers keep the shape.",
}


def lesson(**changes: Any) -> Lesson:
    return Lesson(**{**GOOD, **changes})


def test_a_lesson_is_a_value_with_a_key_of_its_own(tmp_path: Path) -> None:
    made = lesson()
    assert made.spec == presets.get("variational").spec.replace(coding_size=2, seed=7)
    assert lesson(knobs=dict(reversed(GOOD["knobs"].items())), locked=["seed", "variant"]).key == made.key
    assert lesson(explanation="Another.").key != made.key
    assert Lesson.from_dict(made.to_dict()) == made
    assert lessons.keep(made, tmp_path) == made.key
    assert lessons.open_lesson(made.key, tmp_path) == made
    assert lessons.keep(made, tmp_path) == made.key  # once more is the same


def test_golden_keys() -> None:
    """Keys stand in the links that a class was given: these must never change."""
    assert lesson(view={}, question="How?", answers=("two", "six"), explanation="").key == "03429f968a113ac4"
    assert Lesson("x", {"variant": "stacked"}).key == "6cccd667a5da199a"


def test_knobs_are_read_as_in_a_link() -> None:
    made = lesson(knobs={"variant": "stacked", "hidden": "50, 20", "noise_rate": "0.3"}, locked=())
    assert made.knobs == {"variant": "stacked", "hidden": [50, 20], "noise_rate": 0.3}
    assert made.spec.hidden == (50, 20)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 81}, "title"),
        ({"knobs": {"coding_size": 2}}, "knobs"),
        ({"knobs": {"variant": "no such"}}, "preset"),
        ({"knobs": {"variant": ["stacked"]}}, "knobs"),
        ({"knobs": {"variant": "stacked", "coding_size": -1}, "locked": ()}, "coding_size"),
        ({"knobs": {"variant": "stacked", "colour": 1}, "locked": ()}, "colour"),
        ({"knobs": {"variant": "stacked", "sparsity": "kl", "sparsity_weight": 0.1}, "locked": ()}, "sigmoid"),
        ({"page": "classroom"}, "page"),
        ({"view": {"seed": "8"}}, "view"),
        ({"view": {"run": "0" * 16}}, "view"),
        ({"view": {"view": "x" * 201}}, "view"),
        ({"view": {"view": 1}}, "view"),
        ({"locked": ("epochs",)}, "locked"),
        ({"locked": "variant"}, "locked"),
        ({"answers": ("one",), "right": 0}, "answers"),
        ({"answers": ("a", "a")}, "answers"),
        ({"answers": tuple("abcdef")}, "answers"),
        ({"question": ""}, "answers"),
        ({"right": 3}, "right"),
        ({"right": True}, "right"),
        ({"explanation": None}, "explanation"),
    ],
)
def test_a_lesson_that_cannot_be_held_is_refused_in_one_line(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError, match=told) as refused:
        lesson(**changes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", ["../../etc", "", "f" * 15, "0123456789abcdef"])
def test_a_lesson_that_is_not_here_is_told_in_one_line(tmp_path: Path, key: str) -> None:
    with pytest.raises(LessonError) as refused:
        lessons.open_lesson(key, tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "7", '{"title": 3}', '{"titles": "x"}'])
def test_a_damaged_lesson_is_told_and_not_opened(tmp_path: Path, text: str) -> None:
    key = lessons.keep(lesson(), tmp_path)
    (tmp_path / "lessons" / key / "lesson.json").write_text(text)
    with pytest.raises(AecoreError):
        lessons.open_lesson(key, tmp_path)


def test_answers_of_many_at_once_are_all_counted_and_no_file_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = lessons.keep(lesson(), tmp_path)
    with ThreadPoolExecutor(16) as pool:
        tokens = list(pool.map(lambda n: lessons.answer(key, n % 3, tmp_path), range(500)))
    assert len(set(tokens)) == 500
    (tmp_path / "lessons" / key / "answers" / "9-stray.tmp").touch()

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(io, "open", refuse)
    assert lessons.counts(key, tmp_path) == [167, 167, 166, 0, 0]
    assert lessons.answered(key, tokens[4], tmp_path) == 1


@pytest.mark.parametrize("token", ["", "0" * 16, "../1-x", "*", "0-" + "0" * 16])
def test_a_token_that_was_never_given_out_opens_nothing(tmp_path: Path, token: str) -> None:
    key = lessons.keep(lesson(), tmp_path)
    lessons.answer(key, 0, tmp_path)
    assert lessons.answered(key, token, tmp_path) is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "lessons").write_text("a file where the folder should be")
    with pytest.raises(LessonError, match="cannot be kept"):
        lessons.keep(lesson(), tmp_path)
    with pytest.raises(LessonError, match="cannot be counted"):
        lessons.answer(lesson().key, 0, tmp_path)


def test_one_server_keeps_so_many_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "MOST_LESSONS", 2)
    for number in range(2):
        lessons.keep(lesson(title=f"no. {number}"), tmp_path)
    with pytest.raises(LessonError, match="most that this server keeps"):
        lessons.keep(lesson(title="one more"), tmp_path)
