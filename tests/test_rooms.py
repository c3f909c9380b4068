"""The rooms: the import graph has no circle, lazy imports included, and pages never import `aecore.worker`."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOT_FILES = 6  # of aecore
PAGE_LINES, FILE_LINES = 120, 330

Graph = Mapping[str, Iterable[str]]


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """{module: the modules of ours that it imports, anywhere in its code}."""
    built = grimp.build_graph("aecore", "pages", exclude_type_checking_imports=True, cache_dir=None)
    return {module: set(built.find_modules_directly_imported_by(module)) for module in built.modules}


def circle(graph: Graph) -> list[str]:
    """Nodes that import each other in a circle; [] if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def room(module: str) -> str:
    """'aecore.worker' of 'aecore.worker.training.fit', 'pages.widgets.frame' of 'pages.widgets.frame.shell'."""
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[:2] == ["pages", "widgets"] else 2])


def test_a_circle_is_seen() -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": ["a"]})
    assert not circle({"a": ["b", "c"], "b": ["c"]})


def test_modules_import_in_no_circle(graph: Graph) -> None:
    assert circle(graph) == []


def test_rooms_import_in_no_circle(graph: Graph) -> None:
    rooms: dict[str, set[str]] = {}
    for module, imported in graph.items():
        # A package's own `__init__` (aecore's face) stands above its rooms.
        rooms.setdefault(room(module), set()).update(room(other) for other in imported)
    assert circle({name: others - {name} for name, others in rooms.items()}) == []


def test_pages_never_import_a_worker(graph: Graph) -> None:
    pages = {module: imported for module, imported in graph.items() if module.startswith("pages")}
    assert [m for m, imported in pages.items() if any(other.startswith("aecore.worker") for other in imported)] == []


def test_every_room_is_in_the_contracts() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    contracts = {contract["type"]: contract for contract in tool["importlinter"]["contracts"]}
    layered = {name for layer in contracts["layers"]["layers"] for name in layer.split(" | ")}
    rooms = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in ("aecore", "pages", "pages/widgets")
        for path in (ROOT / folder).iterdir()
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__")
    } - {"pages.widgets"}
    assert layered == rooms
    aecore = {name for name in rooms if name.startswith("aecore")}
    assert aecore - set(contracts["forbidden"]["source_modules"]) == {"aecore.worker", "aecore.estimator"}


def test_files_fit_in_the_head() -> None:
    assert len(list((ROOT / "aecore").glob("*.py"))) <= ROOT_FILES


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_pages_are_short() -> None:
    assert {path.name: n for path in (ROOT / "pages").glob("*.py") if (n := lines(path)) > PAGE_LINES} == {}


def test_files_are_short() -> None:
    paths = [path for folder in ("aecore", "pages") for path in (ROOT / folder).rglob("*.py")]
    paths += [path for suffix in ("js", "css") for path in (ROOT / "pages").rglob(f"*.{suffix}")]
    assert {".py", ".js", ".css"} == {path.suffix for path in paths} and len(paths) > 150
    assert not [path.relative_to(ROOT).as_posix() for path in paths if lines(path) > FILE_LINES]


def test_pages_import_first_what_threads_could_import_in_two_orders(graph: dict[str, set[str]]) -> None:
    """Packages that import modules of their own; one thread imports them before any other begins. Those that no page
    imports are left out."""
    packages = {module for module in graph if any(other.startswith(f"{module}.") for other in graph[module])}
    elsewhere = {module for module in packages if module.startswith(("aecore.worker", "aecore.estimator"))}
    first = "pages.widgets.frame"
    assert "aecore.datasets" in packages and packages - elsewhere - {"aecore"} == graph[first]
    for script in (ROOT / "app.py", *ROOT.glob("pages/[a-z]*.py")):
        imports = [node for node in ast.parse(script.read_text()).body if isinstance(node, ast.ImportFrom)]
        ours = [node.module for node in imports if (node.module or "").startswith(("aecore", "pages"))]
        assert ours[0] == first, script.name
