"""Every key of the session and every query parameter is written in `keys.py` only."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pages.widgets.session import keys, knobs
from tests.pages.conftest import ROOT

STATES = ("st.session_state", "st.query_params")
METHODS = ("get", "get_all", "pop", "setdefault")
# Functions whose parameter is bound to a query parameter of the same name, which their callers pass.
BY_PARAMETER = {"controls.py": "key", "endpoints.py": "name", "interpolation.py": "name", "sidebar.py": "name"}
CONSTANTS = {name: value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "pages").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def names_in(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions that name a value of the session or a query parameter."""
    states = {*STATES}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target, value in _pairs(node):
                if ast.unparse(value) in STATES:
                    states.add(ast.unparse(target))
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in states:
            yield node.slice
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) in states:
            yield node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if ast.unparse(node.func.value) in states and node.func.attr in METHODS:
                yield node.args[0]
            if ast.unparse(node.func.value) in states and node.func.attr == "update":
                yield from (ast.Constant(word.arg) for word in node.keywords)


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    target = node.targets[0]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        yield from zip(target.elts, node.value.elts, strict=True)
    else:
        yield target, node.value


def widget_keys(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for word in node.keywords:
                if word.arg == "key":
                    yield node, word.value


def test_no_module_writes_a_key_out() -> None:
    for path, tree in sources():
        # A component names its own state after its own key.
        literal = (ast.Constant,) if "components" in path.parts else (ast.Constant, ast.JoinedStr)
        written = [ast.unparse(name) for name in names_in(tree) if isinstance(name, literal)]
        assert not written, f"{path.name}: {written}"


def test_the_check_sees_every_way_to_write_a_key_out() -> None:
    ways = (
        'st.session_state["x"]',
        "st.query_params.get('x', 1)",
        "'x' in st.session_state",
        "st.session_state.update(x=1)",
        "state = st.session_state; state[f'{y}_x']",
        "state, y = st.session_state, 1; state.pop('x')",
    )
    for way in ways:
        assert [name for name in names_in(ast.parse(way)) if isinstance(name, ast.Constant | ast.JoinedStr)], way


def test_a_key_written_at_its_widget_is_no_other_s() -> None:
    written = Counter(
        key.value
        for _, tree in sources()
        for _, key in widget_keys(tree)
        if isinstance(key, ast.Constant) and key.value not in knobs.NAMES
    )
    assert not set(written) & set(CONSTANTS.values())


def test_no_two_constants_name_the_same() -> None:
    assert max(Counter(CONSTANTS.values()).values()) == 1


def test_parameters_are_what_is_bound_or_read_from_the_link() -> None:
    bound: set[str] = set()
    for path, tree in sources():
        for call, key in widget_keys(tree):
            if "bind" in {word.arg for word in call.keywords}:
                text = ast.unparse(key)
                passed_on = text == BY_PARAMETER.get(path.name) or text.strip("'") in knobs.NAMES
                assert isinstance(key, ast.Attribute) or passed_on, f"{path.name}: {text}"
                bound |= {key.attr} if isinstance(key, ast.Attribute) else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "controls.segments":
                bound |= {node.args[3].attr} if isinstance(node.args[3], ast.Attribute) else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("keys.") and path.name != "keys.py":
                assert node.attr in vars(keys), f"{path.name}: {ast.unparse(node)}"
    named = {CONSTANTS[name] for name in bound} - set(knobs.NAMES)
    assert named <= set(keys.PARAMETERS)
