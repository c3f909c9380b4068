"""Small runs that are trained once for all tests, xdist workers and sessions.

They stand in pytest's cache (`.pytest_cache/d/trained-runs/<digest>/`; `pytest --cache-clear` empties it). The digest
is of everything that a training reads, so an edit there trains them again."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.runs import Run

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("analysis", "datasets", "presets", "specs", "store", "variants", "worker")  # what a training imports


def digest() -> str:
    """The first digits of SHA-256 over the code of `ROOMS` and the pinned packages."""
    paths = [ROOT / "requirements.txt", *(path for room in ROOMS for path in (ROOT / "aecore" / room).rglob("*.py"))]
    content = hashlib.sha256()
    for path in sorted(paths):
        content.update(path.read_bytes())
    return content.hexdigest()[:16]


def folder(config: pytest.Config, otherwise: Path) -> Path:
    """The folder of today's trained runs, without those of other code; `otherwise` where pytest has no cache."""
    cache = getattr(config, "cache", None)
    if cache is None:
        return otherwise
    current = cache.mkdir("trained-runs") / digest()
    for old in current.parent.iterdir():
        if old != current:
            shutil.rmtree(old, ignore_errors=True)
    return current


def ensure(spec: RunSpec, cache: Path, fill: Callable[[RunSpec, Run], object]) -> Run:
    """The finished run of `spec` in a cache folder; where it is missing, `fill` makes it, in one process at a time.

    Tests read it or copy it: what they write into it would stay for all later sessions."""
    run = runs.run_of(spec, cache)
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / f".{run.key}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = cache / f".{run.key}.ready"
        if not ready.exists():
            shutil.rmtree(run.folder, ignore_errors=True)
            fill(spec, run)
            ready.touch()
    return run
