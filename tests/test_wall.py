"""The wall: what a page's process imports must not bring TensorFlow, Keras, UMAP, scikit-learn or Streamlit along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("tensorflow", "keras", "umap", "openTSNE", "numba", "sklearn", "tf2onnx")
WORKER_SIDE = ("aecore.worker", "aecore.estimator")

IMPORT_EACH = """
import importlib, json, sys
found = {}
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
    for heavy in json.loads(sys.argv[2]):
        if heavy in sys.modules:
            found.setdefault(heavy, name)
print(json.dumps(found))
"""


def modules(folder: str) -> list[str]:
    """The modules below a folder that a page's process may import, found without importing any."""
    names = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return [name for name in names if not _is_below(name, WORKER_SIDE)]


def first_to_import(names: list[str], forbidden: tuple[str, ...], path: Path = ROOT) -> dict[str, str]:
    """{forbidden package: the first of the modules whose import brought it}, as seen by a fresh interpreter."""
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH, json.dumps(names), json.dumps(forbidden)],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def _is_below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize(
    ("folder", "forbidden"), [("aecore", (*HEAVY, "streamlit")), ("pages/widgets", HEAVY)], ids=["aecore", "pages"]
)
def test_page_side_modules_stay_light(folder: str, forbidden: tuple[str, ...]) -> None:
    names = modules(folder)
    assert len(names) > 5
    assert first_to_import(names, forbidden) == {}


def test_worker_side_modules_are_left_out() -> None:
    names = modules("aecore")
    assert {"aecore", "aecore.specs.run", "aecore.store.runs", "aecore.datasets.mnist"} <= set(names)
    assert not any(name.startswith("aecore.worker") for name in names)


def test_a_hole_in_the_wall_is_seen(tmp_path: Path) -> None:
    (tmp_path / "light.py").write_text("import json\n")
    (tmp_path / "heavy.py").write_text("import sklearn\n")
    assert first_to_import(["light", "heavy"], HEAVY, tmp_path) == {"sklearn": "heavy"}
