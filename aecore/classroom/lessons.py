"""Lessons, which a teacher sets up and a class opens by a link, and the counts of the class's answers.

A lesson's key is the digest of its JSON, so the same lesson has the same link. It is stored in
`cache/lessons/<key>/lesson.json`. Answers are anonymous: each is an empty file `answers/<number>-<token>` with a random
token, so counting only lists a folder, and several servers can share it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any, ClassVar

from aecore import presets
from aecore.errors import AecoreError, SpecError
from aecore.specs.base import KEY_LENGTH, Spec, digest, setting
from aecore.specs.fields import require
from aecore.specs.run import RunSpec
from aecore.store import files, runs

PAGES = ("reconstructions", "latent_map", "latent_walk", "compare", "sparsity", "pretraining")
FEWEST_ANSWERS, MOST_ANSWERS = 2, 5
LONGEST = {"title": 80, "question": 300, "answers": 120, "explanation": 1000}
MOST_VIEW = 12  # parameters of a page's view
LONGEST_VALUE = 200
MOST_LESSONS = 5000  # lessons on one server, since every visitor can store one
MOST_ANSWERED = 10_000  # answers to one lesson
_NOT_VIEW = ("lesson", "run", "variant")
_ANSWER = re.compile(rf"([0-9])-([0-9a-f]{{{KEY_LENGTH}}})")


class LessonError(AecoreError):
    """A lesson that does not exist on this server, is damaged, or cannot be stored."""


def _texts(name: str, values: Any) -> tuple[str, ...]:
    fits = isinstance(values, list | tuple | set | frozenset) and all(isinstance(value, str) for value in values)
    require(fits, name, values, "a list of texts")
    return tuple(values)


def _locked(names: Any) -> tuple[str, ...]:
    return tuple(sorted(set(_texts("locked", names))))


def _answers(values: Any) -> tuple[str, ...]:
    answers, most = _texts("answers", values), LONGEST["answers"]
    for answer in answers:
        require(len(answer) <= most, "answers", answer, f"texts of up to {most} characters")
    return tuple(answer.strip() for answer in answers)


def _right(number: Any) -> int | None:
    fits = number is None or (isinstance(number, int) and not isinstance(number, bool))
    require(fits, "right", number, "the number of an answer, or none")
    return number


def _knobs(knobs: Any) -> dict[str, Any]:
    """The knobs as JSON types, each validated separately."""
    named = isinstance(knobs, Mapping) and isinstance(knobs.get("variant"), str)
    require(named, "knobs", knobs, "a variant and settings by name")
    values = {"variant": presets.get(knobs["variant"]).name}
    for name in sorted(set(knobs) - {"variant"}):
        values[name] = json.loads(json.dumps(RunSpec.parse(name, knobs[name])))
    return values


def _view(view: Any) -> dict[str, str]:
    good = isinstance(view, Mapping) and len(view) <= MOST_VIEW and all(map(_is_view, view.items()))
    require(good, "view", view, f"up to {MOST_VIEW} parameters of the page's link, as texts")
    return dict(sorted(view.items()))


def _is_view(item: tuple[Any, Any]) -> bool:
    """True for a query parameter of a page's view and its text; not for knobs, run and lesson."""
    name, value = item
    named = isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) is not None
    of_page = named and name not in (*_NOT_VIEW, *RunSpec.settings())
    return of_page and isinstance(value, str) and len(value) <= LONGEST_VALUE


@dataclass(frozen=True)
class Lesson(Spec):
    """A lesson: knobs, locked knobs, a page with its view, and a question. Raises `SpecError` for invalid fields."""

    kind: ClassVar[str] = "lesson"

    title: str = setting(MISSING, "the line above the page", max_length=LONGEST["title"])
    knobs: Mapping[str, Any] = setting(
        None, "variant, the name of a preset, and fields of RunSpec; others are the preset's", factory=dict, read=_knobs
    )
    page: str = setting(PAGES[0], "the page it opens", choices=PAGES)
    view: Mapping[str, str] = setting(
        None, "parameters of the page's link, such as view=Plane; unknown ones are ignored", factory=dict, read=_view
    )
    locked: tuple[str, ...] = setting((), "knobs that visitors cannot change", read=_locked)
    question: str = setting("", "asked before the page is shown", max_length=LONGEST["question"])
    answers: tuple[str, ...] = setting((), "answers to the question", read=_answers)
    right: int | None = setting(None, "number of the right answer from 0, None without one", read=_right)
    explanation: str = setting("", "shown after the answer", max_length=LONGEST["explanation"])

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.title), "title", self.title, "a few words")
        runs.run_key(self.spec)  # raises for a spec that does not fit its data set
        unknown = [name for name in self.locked if name not in self.knobs]
        require(not unknown, "locked", unknown, f"knobs that the lesson sets: {', '.join(self.knobs)}")
        _check_question(self)

    @property
    def spec(self) -> RunSpec:
        """The run that the knobs describe."""
        values = dict(self.knobs)
        return presets.get(values.pop("variant")).spec.replace(**values)

    @property
    def key(self) -> str:
        """The lesson's name in links: 16 hexadecimal digits of its settings."""
        return digest(self.canonical_json())

    def canonical_json(self) -> str:
        """JSON of all settings, sorted, without spaces; unlike other specs it includes those at their default."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))


def keep(lesson: Lesson, cache: Path) -> str:
    """Store the lesson if it is new; returns its key. Raises `LessonError` on a full or read-only disk."""
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
    """The lesson of that key; raises `LessonError` in one line for one that does not exist on this server."""
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
    """Count one answer, given by its number from 0; returns a random token for `answered`.

    Beyond `MOST_ANSWERED` answers it is not counted. Raises `LessonError` if it cannot be stored.
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
    """The number of the answer that was counted with a token; None for an unknown token."""
    if not _ANSWER.fullmatch(f"0-{token}"):
        return None
    folder = _folder(key, cache) / "answers"
    return next((n for n in range(MOST_ANSWERS) if (folder / f"{n}-{token}").exists()), None)


def counts(key: str, cache: Path) -> list[int]:
    """Counts of the answers, (MOST_ANSWERS,); 0 for numbers that the lesson does not have."""
    totals = [0] * MOST_ANSWERS
    with contextlib.suppress(OSError):
        for name in os.listdir(_folder(key, cache) / "answers"):
            match = _ANSWER.fullmatch(name)
            if match and int(match[1]) < MOST_ANSWERS:
                totals[int(match[1])] += 1
    return totals


def _folder(key: str, cache: Path) -> Path:
    return Path(cache) / "lessons" / key


def _check_question(lesson: Lesson) -> None:
    answers = lesson.answers
    if not lesson.question:
        require(not answers and lesson.right is None, "answers", answers, "none without a question")
        return
    fits = FEWEST_ANSWERS <= len(answers) <= MOST_ANSWERS and all(answers) and len(set(answers)) == len(answers)
    require(fits, "answers", answers, f"{FEWEST_ANSWERS} to {MOST_ANSWERS} different ones")
    right = lesson.right
    exists = right is None or 0 <= right < len(answers)
    require(exists, "right", right, f"the number of an answer, 0 to {len(answers) - 1}")
