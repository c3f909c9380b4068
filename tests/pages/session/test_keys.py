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
READS = ("link.take", "link.read", "link.drop")
CONTROLS = ("segments", "choice", "number", "switch", "text")
# Keys that are passed on, by module.
PASSED_ON = {"controls.py": ("key",), "endpoints.py": ("name",), "interpolation.py": ("name",), "maps.py": ("key",)}
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


def test_only_two_modules_bind_widgets_to_query_parameters() -> None:
    """Those that check a link's values before they do: `link.offer`, and for knobs `active_run.restore`."""
    binding = {
        path.name
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "bind"
    }
    assert binding | {"knob_widgets.py"} == {"controls.py", "knob_widgets.py"}


def test_every_name_that_is_used_stands_among_the_keys() -> None:
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("keys.") and path.name != "keys.py":
                assert node.attr in vars(keys), f"{path.name}: {ast.unparse(node)}"


def test_parameters_are_what_is_bound_or_read_from_the_link() -> None:
    named: set[str] = set()
    for path, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            function = ast.unparse(node.func)
            if function in READS:
                named |= {word.attr for word in node.args if isinstance(word, ast.Attribute)}
            if function in CONTROLS or function.removeprefix("controls.") in CONTROLS:
                by_name = {word.arg: word.value for word in node.keywords}
                key = by_name.get("key", node.args[3] if len(node.args) > 3 else None)
                if key is None:  # another function of that name
                    continue
                assert isinstance(key, ast.Attribute) or ast.unparse(key) in PASSED_ON.get(path.name, ()), path.name
                named |= {key.attr} if isinstance(key, ast.Attribute) else set()
    assert {CONSTANTS[name] for name in named} <= set(keys.PARAMETERS)
