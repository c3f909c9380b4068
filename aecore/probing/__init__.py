"""Worker side: what a run's codings are worth, beside PCA codings of the same size and raw pixels.

Importing the package costs nothing; scikit-learn and ONNX Runtime are imported by the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aecore.probing.numbers import NUMBERS, Number, about, missing, ranked
from aecore.probing.spec import ProbeSpec
from aecore.runs import Work, read_json

if TYPE_CHECKING:
    from aecore.runs import Run

__all__ = ["NUMBERS", "Number", "ProbeSpec", "about", "missing", "probe", "ranked", "result", "work_of"]


def probe(spec: ProbeSpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Judge a run and fill `folder` with the result; see `aecore.probing.measuring` for the files.

    Returns without a `DONE` mark when `should_stop()` says so. What cannot be measured is null, with the reason.
    Raises an `AecoreError` with one line where the data or the run's files are not there.
    """
    from aecore.probing.measuring import fill

    fill(spec, run, folder, should_stop)


def work_of(run: Run, spec: ProbeSpec | None = None) -> Work:
    """The folder of a run's probe, in whatever state."""
    return Work(run.folder / "probe" / (spec or ProbeSpec()).key(run.key))


def result(run: Run, spec: ProbeSpec | None = None) -> dict[str, Any] | None:
    """What a finished probe found; None where there is none yet."""
    work = work_of(run, spec)
    return read_json(work.folder / "metrics.json", {}) if work.state == "finished" else None
