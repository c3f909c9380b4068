"""The headings of every page: one of level 1, and no level left out below it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aecore.store import files, listing
from tests.pages.conftest import PAGES, Open, key
from tests.pages.test_classroom import kept

VIEWS = [
    *(("latent_map", "variational-2", view) for view in ("own", "training")),
    *(("latent_walk", "variational-2", view) for view in ("plane", "interpolation", "random", "off_manifold")),
    ("latent_walk", "hashing", "bits"),
    ("compare", "stacked", "sample"),
    *(("classroom", "stacked", view) for view in ("make", "examples", "present")),
]


def levels(app: AppTest) -> list[int]:
    """The levels of a page's headings in their order, in Markdown and in HTML."""
    found = []
    for element in app.main:
        text = getattr(element, "value", "") if element.type == "markdown" else getattr(element.proto, "body", "")
        if element.type == "markdown" and (heading := re.match("#+ ", text)):
            found.append(len(heading[0]) - 1)
        elif element.type == "html":
            found += map(int, re.findall(r"<h([1-6])\b", text))
    return found


def expect_outline(app: AppTest) -> None:
    assert not app.exception
    found = levels(app)
    assert found[:1] == [1] and found.count(1) == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(found))


@pytest.mark.parametrize("page", [*PAGES, "guide", "status"])
def test_a_page_with_a_run_and_with_none(visit: Open, cache: Path, page: str) -> None:
    expect_outline(visit(page, run=key("stacked")))
    for run in listing.list_runs(cache):
        files.set_aside(run.folder)
    expect_outline(visit(page))


@pytest.mark.parametrize(("page", "name", "view"), VIEWS)
def test_a_view_of_a_page(visit: Open, page: str, name: str, view: str) -> None:
    app = visit(page, run=key(name), view=view)
    assert app.session_state["view"] == view
    expect_outline(app)


def test_a_page_that_a_question_covers(visit: Open, cache: Path) -> None:
    made = kept(cache)
    for page in ("latent_map", "status"):
        expect_outline(visit(page, lesson=made.key))


def test_a_server_with_invalid_settings(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_WAITING", "many")
    expect_outline(visit())
