"""The documents: their links lead to files, the modules they name exist, and the README stays short."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), ROOT / "aecore" / "REPRODUCTIONS.md", ROOT / "tests" / "bench" / "RESULTS.md"])
README_WORDS = 900
ANIMATION_BYTES = 3_000_000


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_modules_and_files_that_are_named_exist(path: Path) -> None:
    text = path.read_text()
    modules = set(re.findall(r"python -m ((?:aecore|tests)[\w.]*)", text))
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []
    files = set(re.findall(r"`((?:aecore|pages|tests)/[\w/]+(?:\.\w+)?/?)`", text))
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_readme_is_an_invitation() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= README_WORDS
    assert (ROOT / "static" / "tour.gif").stat().st_size <= ANIMATION_BYTES
