"""A small run that all tests of the command line look at, and how they ask."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aecore.__main__ import main
from aecore.store import runs

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"dataset": "digits", "hidden": "24", "coding_size": "6", "epochs": "4"}
SETTINGS = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
HEAVY = {"tensorflow", "keras", "umap", "numba", "sklearn"}


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """A small run, trained by a process of its own, whose output `test_one_json_value` looks at."""
    cache = tmp_path_factory.mktemp("cache")
    arguments = ["-m", "aecore", "--cache", str(cache), "train", "stacked", *SETTINGS, "--json"]
    process = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    (cache / "stdout").write_text(process.stdout)
    (cache / "stderr").write_text(process.stderr)
    assert process.returncode == 0, process.stderr
    return runs.open_run(json.loads(process.stdout)["key"], cache)


@pytest.fixture
def cache(trained: runs.Run, cache: Path) -> Path:
    """The cache of this test, with the trained run in it."""
    shutil.copytree(trained.folder, cache / "runs" / trained.key)
    return cache


def answer(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> Any:
    """The JSON value that a command prints."""
    assert main([*argv, "--json"]) == code
    return json.loads(capsys.readouterr().out)
