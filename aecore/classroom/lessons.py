"""Lessons: what a teacher sets up once and a class opens by a link, and how the class answered.

A lesson is a value, as a run is: its key is the digest of its JSON, so the same lesson has the same link. It lies in
`cache/lessons/<key>/lesson.json`. Answers are counted, not named: each is an empty file `answers/<number>-<token>`, the
token random. So counting reads one folder and opens no file, and any number of servers may share the folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aecore import presets
from aecore.errors import AecoreError, SpecError
from aecore.specs.base import KEY_LENGTH, digest
from aecore.specs.fields import require
from aecore.specs.run import RunSpec
from aecore.store import files, runs

PAGES = ("reconstructions", "latent_map", "latent_walk", "compare", "sparsity", "pretraining")
FEWEST_ANSWERS, MOST_ANSWERS = 2, 5
LONGEST = {"title": 80, "question": 300, "answers": 120, "explanation": 1000}
MOST_VIEW = 12  # parameters of a page's view
LONGEST_VALUE = 200
MOST_LESSONS = 5000  # on one server: anybody may make one
MOST_ANSWERED = 10_000  # of one lesson
_NOT_VIEW = ("lesson", "run", "variant")
_ANSWER = re.compile(rf"([0-9])-([0-9a-f]{{{KEY_LENGTH}}})")


class LessonError(AecoreError):
    """A lesson that is not here, is damaged, or cannot be kept."""


@dataclass(frozen=True)
class Lesson:
    """What a class opens. Construction validates and raises `SpecError` with one line.

    Parameters
    ----------
    title : the line above the page.
    knobs : `variant`, the name of a preset, and fields of `RunSpec`, as in a link; others are the preset's.
    page : the page it opens, one of `PAGES`.
    view : the parameters of that page's link, such as {"view": "Plane"}; the page ignores what it does not know.
    locked : knobs that keep the lesson's value, whoever turns them.
    question, answers : asked before the page is shown; '' and () for none.
    right : the number of the right answer from 0, None where there is none.
    explanation : told after the answer.
    """

    title: str
    knobs: Mapping[str, Any] = field(default_factory=dict)
    page: str = PAGES[0]
    view: Mapping[str, str] = field(default_factory=dict)
    locked: tuple[str, ...] = ()
    question: str = ""
    answers: tuple[str, ...] = ()
    right: int | None = None
    explanation: str = ""

    def __post_init__(self) -> None:
        for name in ("title", "question", "explanation"):
            object.__setattr__(self, name, _text(name, getattr(self, name)))
        require(bool(self.title), "title", self.title, "a few words")
        require(self.page in PAGES, "page", self.page, ", ".join(PAGES))
        object.__setattr__(self, "knobs", _knobs(self.knobs))
        runs.run_key(self.spec)  # refuses what cannot be trained on that data
        object.__setattr__(self, "view", _view(self.view))
        locked = tuple(sorted(set(_several("locked", self.locked))))
        unknown = [name for name in locked if name not in self.knobs]
        require(not unknown, "locked", unknown, f"knobs that the lesson sets: {', '.join(self.knobs)}")
        object.__setattr__(self, "locked", locked)
        object.__setattr__(self, "answers", tuple(_text("answers", text) for text in _several("answers", self.answers)))
        _check_question(self)

    @property
    def spec(self) -> RunSpec:
        """The run that the knobs ask for."""
        values = dict(self.knobs)
        return presets.get(values.pop("variant")).spec.replace(**values)

    @property
    def key(self) -> str:
        return digest(json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":")))

    def to_dict(self) -> dict[str, Any]:
        """Every field, as JSON types. `Lesson.from_dict` is its inverse."""
        return json.loads(json.dumps({f.name: getattr(self, f.name) for f in dataclasses.fields(self)}))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Lesson:
        """Build a lesson from JSON types; unknown names and bad values raise `SpecError`."""
        names = [f.name for f in dataclasses.fields(cls)]
        unknown = [name for name in values if name not in names]
        require(not unknown and "title" in values, "lesson", list(values), f"title and any of {', '.join(names[1:])}")
        return cls(**values)


def keep(lesson: Lesson, cache: Path) -> str:
    """Write the lesson down, if it is not yet; its key. Raises `LessonError` where there is no room."""
    folder = _folder(lesson.key, cache)
    if not (folder / "lesson.json").exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            if sum(1 for _ in os.scandir(folder.parent)) >= MOST_LESSONS:
                raise LessonError(f"lessons: got one more than {MOST_LESSONS:,}, the most that this server keeps")
            (folder / "answers").mkdir(parents=True, exist_ok=True)
            files.write_json(folder / "lesson.json", lesson.to_dict())
        except OSError as error:
            raise LessonError(f"lesson: cannot be kept on this server ({error.strerror})") from None
    return lesson.key


def open_lesson(key: str, cache: Path) -> Lesson:
    """The lesson of that key. Raises `LessonError` in one line for one that is not on this server."""
    try:
        runs.valid_key(key)
    except AecoreError:
        raise LessonError(f"lesson: got {key[:40]!r}, allowed: {KEY_LENGTH} digits 0-9 a-f") from None
    values = files.read_json(_folder(key, cache) / "lesson.json", None)
    if values is None:
        raise LessonError(f"lesson {key} is not on this server")
    try:
        return Lesson.from_dict(values)
    except (SpecError, TypeError, AttributeError) as error:
        raise LessonError(f"lesson {key} cannot be used here ({error})") from None


def answer(key: str, choice: int, cache: Path) -> str:
    """Count one answer, by its number from 0; the random token that proves it was given (see `answered`).

    Beyond `MOST_ANSWERED` answers it is not counted. Raises `LessonError` where it cannot be written down.
    """
    token = secrets.token_hex(KEY_LENGTH // 2)
    folder = _folder(key, cache) / "answers"
    try:
        if sum(counts(key, cache)) < MOST_ANSWERED:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{int(choice)}-{token}").touch(exist_ok=False)
    except OSError as error:
        raise LessonError(f"answer: cannot be counted on this server ({error.strerror})") from None
    return token


def answered(key: str, token: str, cache: Path) -> int | None:
    """The answer that a token stands for; None for a token that was never given out."""
    if not _ANSWER.fullmatch(f"0-{token}"):
        return None
    folder = _folder(key, cache) / "answers"
    return next((n for n in range(MOST_ANSWERS) if (folder / f"{n}-{token}").exists()), None)


def counts(key: str, cache: Path) -> list[int]:
    """How often each answer was given: (MOST_ANSWERS,), the answers a lesson does not have at 0."""
    found = [0] * MOST_ANSWERS
    with contextlib.suppress(OSError):
        for name in os.listdir(_folder(key, cache) / "answers"):
            match = _ANSWER.fullmatch(name)
            if match and int(match[1]) < MOST_ANSWERS:
                found[int(match[1])] += 1
    return found


def _folder(key: str, cache: Path) -> Path:
    return Path(cache) / "lessons" / key


def _text(name: str, value: Any) -> str:
    most = LONGEST[name]
    require(isinstance(value, str) and len(value) <= most, name, value, f"text of up to {most} characters")
    return value.strip()


def _several(name: str, values: Any) -> tuple[str, ...]:
    good = isinstance(values, list | tuple | set | frozenset) and all(isinstance(value, str) for value in values)
    require(good, name, values, "a list of texts")
    return tuple(values)


def _knobs(knobs: Any) -> dict[str, Any]:
    """The knobs as JSON types, each checked for itself alone."""
    named = isinstance(knobs, Mapping) and isinstance(knobs.get("variant"), str)
    require(named, "knobs", knobs, "a variant and settings by name")
    found = {"variant": presets.get(knobs["variant"]).name}
    for name in sorted(set(knobs) - {"variant"}):
        found[name] = json.loads(json.dumps(RunSpec.parse(name, knobs[name])))
    return found


def _view(view: Any) -> dict[str, str]:
    good = isinstance(view, Mapping) and len(view) <= MOST_VIEW and all(map(_is_view, view.items()))
    require(good, "view", view, f"up to {MOST_VIEW} parameters of the page's link, as texts")
    return dict(sorted(view.items()))


def _is_view(item: tuple[Any, Any]) -> bool:
    """A parameter that is a page's own, with its text."""
    name, value = item
    named = isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) is not None
    ours = named and name not in (*_NOT_VIEW, *RunSpec.settings())
    return ours and isinstance(value, str) and len(value) <= LONGEST_VALUE


def _check_question(lesson: Lesson) -> None:
    answers = lesson.answers
    if not lesson.question:
        require(not answers and lesson.right is None, "answers", answers, "none without a question")
        return
    fits = FEWEST_ANSWERS <= len(answers) <= MOST_ANSWERS and all(answers) and len(set(answers)) == len(answers)
    require(fits, "answers", answers, f"{FEWEST_ANSWERS} to {MOST_ANSWERS} different ones")
    right = lesson.right
    there = right is None or (isinstance(right, int) and not isinstance(right, bool) and 0 <= right < len(answers))
    require(there, "right", right, f"the number of an answer, 0 to {len(answers) - 1}")
