"""Text of a link, a lesson, a data set or a status is shown letter by letter: never as a link, an image or an icon."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from aecore import datasets
from aecore.classroom import lessons
from aecore.classroom.lessons import Lesson
from aecore.store import files, runs
from pages.widgets.basics import notice
from pages.widgets.images import grid
from pages.widgets.server import shared
from pages.widgets.session import keys, knobs
from tests.pages.conftest import PAGES, ROOT, SMALL, SMALL_KNOBS, Open, key, texts, unescaped

HOSTILE = (
    "![](https://evil.example/a.png)",
    "[a](https://evil.example)",
    "<img src=x onerror=alert(1)>",
    ":red[x] $x$",
    ":material/home: :smile:",
    "https://evil.example www.evil.example a@evil.example",
    "evil " * 2000,
    "[a]\x00\x1b\u202e\n\n# (https://evil.example)\r",
)
ALL = " ".join(HOSTILE[:-2])
# What Markdown or the browser would make something of, once all that is escaped is taken out.
LIVE = re.compile(
    r"!\[|\]\(|<img|<a |:red|\$x\$|:material/home|:smile|https?://evil|www\.evil|@evil|(evil ){200}"
    r"|[\x00-\x08\x0b-\x1f\x7f\u202e]"
)
# What is no Markdown: the text in fields and drop-down lists, charts and components; HTML is looked at apart.
FIELDS = re.compile(r"\.(id|value|default|raw_value|raw_values|set_value|placeholder)$")
LISTS = ("selectbox", "multiselect")
OTHERS = ("bidi_component", "plotly_chart", "html", "arrow_data_frame")

PARAMETERS = sorted({*keys.PARAMETERS, *knobs.NAMES})


def test_every_sign_is_escaped_and_long_text_is_cut() -> None:
    for text in HOSTILE[:-2]:
        assert unescaped(notice.plain(text)) == text
    for text in (*HOSTILE, ALL, "# x", "- x", "1. x", "=== x", "a&#42;b", "WWW.evil.example", ":smile:"):
        assert not live(notice.plain(text)) and "\n" not in notice.plain(text)
        assert len(unescaped(notice.plain(text))) <= notice.LONGEST
    assert notice.plain("- x") == "\\- x" and notice.plain("12) x") == "12\\) x" and notice.plain("a: b-c") == "a: b-c"


def test_notices_are_drawn_by_one_module_only() -> None:
    drawn = {"warning", "error", "info", "success", "exception", "toast", "progress"}
    for path, tree in sources():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        for call in calls:
            assert isinstance(call.func, ast.Attribute)
            by = ast.unparse(call.func.value)
            allowed = by == "notice" or by.startswith("logging.") or (by, call.func.attr) == ("datasets", "info")
            assert call.func.attr not in drawn or allowed or path.name == "notice.py", f"{path.name}:{call.lineno}"


def test_no_page_is_allowed_to_hold_html_in_its_markdown() -> None:
    assert not [path for path, tree in sources() if "unsafe_allow_html" in ast.unparse(tree)]


def test_scripts_write_text_and_no_html() -> None:
    writes = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment")
    found = [path.name for path in (ROOT / "pages").rglob("*.js") if writes.search(path.read_text(encoding="utf-8"))]
    assert sorted(found) == ["layers.js", "thumbnails.js"]  # they get HTML that Python has escaped
    label = grid.thumbnails_html(np.zeros((1, 8, 8), np.uint8), [HOSTILE[2]], 8)
    assert "<img src=x" not in label and "&lt;img src=x" in label


@pytest.mark.parametrize(("turn", "page"), list(enumerate((*PAGES, "status"))))
def test_a_hostile_link_is_read_letter_by_letter(visit: Open, cache: Path, turn: int, page: str) -> None:
    run = key("sparse-kl" if page == "sparsity" else "hashing" if page == "latent_walk" else "stacked")
    link = {name: HOSTILE[(turn + place) % len(HOSTILE)] for place, name in enumerate(PARAMETERS)}
    app = visit(page, **{**link, "run": run})
    assert "Not used from the link" in texts(app) or page == "status"
    innocent(app)


@pytest.mark.parametrize("page", ["reconstructions", "latent_walk"])
def test_a_hostile_name_of_a_run_or_a_walk_is_read_letter_by_letter(visit: Open, cache: Path, page: str) -> None:
    link = dict.fromkeys(("variant", "hidden", "run", "image"), HOSTILE[0])
    if page == "latent_walk":
        link |= {"run": key("variational-2"), "z": HOSTILE[1]}
    app = visit(page, **link)
    assert "evil" in texts(app)
    innocent(app)


def test_a_hostile_lesson_is_read_letter_by_letter(visit: Open, cache: Path) -> None:
    made = Lesson(
        title=HOSTILE[0] + HOSTILE[2],
        knobs=SMALL_KNOBS,
        view=dict.fromkeys(("show", "class"), HOSTILE[1]),
        question=ALL,
        answers=tuple(HOSTILE[:5]),
        right=0,
        explanation=f"{ALL}\n\n{HOSTILE[1]}\n# {HOSTILE[5]}",
    )
    lessons.keep(made, cache)
    app = visit(lesson=made.key)
    assert ALL in texts(app)
    innocent(app)
    app.radio(key="predicted").set_value(1)
    next(button for button in app.button if button.label == "Answer").click().run()
    assert HOSTILE[5] in texts(app)
    innocent(app)
    app.switch_page("pages/classroom.py")
    app.session_state["view"] = "make"
    app.session_state["lesson_made"] = made
    app.session_state["lesson_error"] = ALL
    app.run()
    assert f"The link to “{made.title}”" in texts(app) and ALL in texts(app)
    innocent(app)


VIEWS: list[tuple[str, str, dict[str, str]]] = [
    ("reconstructions", "stacked", {"show": "One class"}),
    ("latent_map", "stacked", {"method": "PCA"}),
    ("latent_map", "stacked", {"method": "PCA", "view": "Your own image"}),
    ("latent_walk", "hashing", {}),
    ("latent_walk", "stacked", {"view": "Interpolation", "journey": "A − B + C"}),
    ("compare", "stacked", {"method": "PCA", "other_method": "PCA"}),
    ("compare", "stacked", {"view": "One sample"}),
]


@pytest.mark.parametrize(("page", "run", "link"), VIEWS)
def test_hostile_classes_and_names_are_read_letter_by_letter(
    visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch, page: str, run: str, link: dict[str, str]
) -> None:
    digits = datasets.load("digits")
    classes = tuple(f"{HOSTILE[place % 6]} {place}" for place in range(10))
    named = dataclasses.replace(digits.info, classes=classes, title=ALL)
    monkeypatch.setattr(shared, "data", lambda name: dataclasses.replace(digits, info=named))
    app = visit(page, run=key(run))
    for name, value in link.items():
        app.query_params[name] = value
    app.session_state["selection"] = list(range(12))
    app.session_state["selection_of"] = "digits"
    app.session_state["named"] = {ALL: [1, 2]}
    app.session_state["own_seen"] = {"digits": ("", ALL)}
    app.run()
    innocent(app)


def test_a_hostile_status_is_read_letter_by_letter(visit: Open, cache: Path) -> None:
    run = runs.run_of(SMALL.replace(seed=77), cache)
    run.folder.mkdir(parents=True)
    files.write_json(run.folder / "spec.json", {"format": files.FORMAT, "spec": SMALL.replace(seed=77).to_dict()})
    files.write_json(run.folder / "status.json", {"state": "failed", "message": ALL})
    app = visit(run=run.key)
    assert ALL[:100] in texts(app)
    innocent(app)


def innocent(app: AppTest) -> None:
    """Nothing on the page, in the sidebar or in a widget's label or help is live."""
    assert not app.exception
    for kind, name, text in strings(app):
        assert not live(text), f"{kind}.{name}: {text[:300]}"
    for element in app.get("html"):
        assert not re.search(r"<img src=x|<a href=.?https://evil", element.proto.body)


def live(text: str) -> re.Match[str] | None:
    return LIVE.search(re.sub(r"\\([^\w\s]|_)", "", text))


def strings(app: AppTest) -> Iterator[tuple[str, str, str]]:
    """Every text that the elements and blocks of a page hold: kind, field, text."""

    def below(block: Any) -> Iterator[Any]:
        for child in block.children.values():
            yield child
            if hasattr(child, "children"):
                yield from below(child)

    def texts_of(message: Message, name: str) -> Iterator[tuple[str, str]]:
        for field, value in message.ListFields():
            for one in [value] if isinstance(value, str | Message) else value if hasattr(value, "__iter__") else ():
                if isinstance(one, Message):
                    yield from texts_of(one, f"{name}.{field.name}")
                elif isinstance(one, str):
                    yield f"{name}.{field.name}", one

    for node in below(app._tree):
        if isinstance(node.proto, Message) and node.type not in OTHERS:
            for name, text in texts_of(node.proto, ""):
                if not FIELDS.search(name) and not (node.type in LISTS and name == ".options"):
                    yield node.type, name, text


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "pages").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))
