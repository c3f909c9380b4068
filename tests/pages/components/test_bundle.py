"""A component's modules become one script."""

from __future__ import annotations

from pathlib import Path

import pytest

from aecore.figures.theme import LIGHT
from pages.widgets.components.shared import bundle, marker_shapes

ENTRIES = sorted(
    path.relative_to(bundle.COMPONENTS).as_posix()
    for path in bundle.COMPONENTS.glob("*/*.js")
    if "export default" in path.read_text(encoding="utf-8")
)


def script(folder: Path, **modules: str) -> str:
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source)
    return bundle.script("entry.js", root=folder)


def test_every_module_stands_once_and_before_those_that_import_it(tmp_path: Path) -> None:
    joined = script(
        tmp_path,
        entry='// Entry.\nimport { twice } from "./twice.js";\nimport { ONE } from "./one.js";\n\n'
        "export default function (component) {\n  return twice(ONE);\n}\n",
        twice='import { ONE } from "./one.js";\n\nexport function twice(x) {\n  return (x + x) / ONE;\n}\n',
        one="export const ONE = 1;\n",
    )
    assert joined.count("const ONE = 1") == 1 and "import" not in joined
    assert joined.index("const ONE") < joined.index("function twice") < joined.index("export default")
    assert joined.count("export") == 1


@pytest.mark.parametrize(
    "declaration", ["function x() {}", "const x = 2;", "class x {}", "function* x() {}", "let x = 1;"]
)
def test_a_name_that_two_files_have_is_refused(declaration: str, tmp_path: Path) -> None:
    entry = f'import {{ y }} from "./other.js";\n{declaration}\nexport default function () {{\n  return y + x;\n}}\n'
    with pytest.raises(ValueError, match=r"x: declared in other.js and in entry.js"):
        script(tmp_path, entry=entry, other="const x = 1;\nexport const y = x;\n")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('import { z } from "./other.js";\n', "entry.js: imports z, which other.js does not export"),
        ('import { y } from "./missing.js";\n', "entry.js: imports missing.js, which is no file"),
        ('import { y } from "../outside.js";\n', "entry.js: imports .*outside.js, which is no file"),
        ('import { a } from "./circle.js";\nexport const b = 1;\n', "in a circle: entry.js → circle.js → entry.js"),
        ('import * as other from "./other.js";\n', r"got 'import \* as other"),
        ("const a = 1;\nexport { a };\n", "got 'export { a };'"),
        ('import { d } from "./default.js";\n', "default.js: got 'export default'"),
    ],
)
def test_what_cannot_be_joined_is_refused(entry: str, message: str, tmp_path: Path) -> None:
    (tmp_path.parent / "outside.js").write_text("export const y = 1;\n")
    default = "export const d = 1;\nexport default function () {}\n"
    circle = 'import { b } from "./entry.js";\nexport const a = b;\n'
    with pytest.raises(ValueError, match=message):
        script(tmp_path, entry=entry, other="export const y = 1;\n", default=default, circle=circle)


def test_there_is_an_entry_for_every_component() -> None:
    assert len(ENTRIES) == 16


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_component_can_be_joined(entry: str) -> None:
    assert bundle.script(entry).count("export ") == 1


def test_the_marker_shapes_are_those_of_the_figures() -> None:
    written = marker_shapes.PATH.read_text(encoding="utf-8")
    assert written == marker_shapes.source(), "run python -m pages.widgets.components.shared.marker_shapes"
    assert all(f'"{symbol}": [' in bundle.script("shared/markers.js") for symbol in LIGHT.symbols)
