"""Bundler: joins a component's ES modules into the single script that Streamlit accepts, without renaming.

`streamlit.components.v2.component(js=…)` loads one string as a module, in which relative imports cannot be resolved.
`script` concatenates the entry module and its imports, each once and before its importers. The supported syntax is
`import { a, b } from "./x.js";`, `export` before a top-level function, class or constant with one name per declaration,
and `export default function` in the entry.
"""

from __future__ import annotations

import re
from pathlib import Path

COMPONENTS = Path(__file__).resolve().parents[1]
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.M)
_DECLARATION = re.compile(r"^(export )?(?:(?:async )?function\b ?\*? ?|class |const |let )([A-Za-z_$][\w$]*)", re.M)
_LEFT = re.compile(r"^(?:import\b|export (?!default\b)).*", re.M)


def script(*entries: str, root: Path = COMPONENTS) -> str:
    """Entry modules, such as 'latent_map/map.js', and their imports as one module without imports.

    Raises
    ------
    ValueError : for a file that is missing or outside `root`, a circle of imports, a name that the imported file does
        not export, a top-level name that two files have, an import or export in another form.
    """
    root = root.resolve()
    bodies: dict[Path, str] = {}
    owners: dict[str, str] = {}
    exports: dict[Path, set[str]] = {}

    def add(path: Path, importers: tuple[Path, ...] = ()) -> None:
        name = _name(path, root)
        if path in importers:
            raise ValueError(f"imports in a circle: {' → '.join(_name(p, root) for p in (*importers, path))}")
        if path in bodies:
            return
        if not path.is_relative_to(root) or not path.is_file():
            raise ValueError(
                f"{_name(importers[-1], root) if importers else 'entry'}: imports {name}, which is no file"
            )
        source = path.read_text(encoding="utf-8")
        for names, target in _IMPORT.findall(source):
            imported = (path.parent / target).resolve()
            add(imported, (*importers, path))
            for binding in filter(None, map(str.strip, names.split(","))):
                if binding not in exports[imported]:
                    raise ValueError(f"{name}: imports {binding}, which {_name(imported, root)} does not export")
        declared = _DECLARATION.findall(source)
        for _, binding in declared:
            if owners.setdefault(binding, name) != name:
                raise ValueError(f"{binding}: declared in {owners[binding]} and in {name}")
        exports[path] = {binding for export, binding in declared if export}
        body = _DECLARATION.sub(lambda match: match[0].removeprefix("export "), _IMPORT.sub("", source))
        if left := _LEFT.search(body):
            raise ValueError(f"{name}: got {left[0]!r}, allowed: named imports, exported declarations")
        if importers and re.search(r"^export default\b", body, re.M):
            raise ValueError(f"{name}: got 'export default', which only an entry module may have")
        bodies[path] = body

    for entry in entries:
        add((root / entry).resolve())
    return "\n".join(bodies.values())


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
