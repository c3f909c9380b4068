"""The project's own loop, for measurements against others: each in a process of its own, so that none finds anything
traced, compiled or kept by the one before."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aecore import datasets
from aecore.specs.run import RunSpec
from aecore.store.runs import Run

Row = dict[str, Any]


class _Stamped(list[Row]):
    """A history that notes when each epoch ended."""

    def append(self, row: Row) -> None:
        super().append({**row, "at": time.perf_counter()})


def ours(spec: RunSpec, enough: Callable[[Row], bool]) -> list[Row]:
    """The history of training `spec` as `training.train` does, with its snapshots and its status: `seconds`
    since the start, building and tracing included, are those of each epoch's end. Ends early after an `enough` one."""
    import keras

    from aecore.worker.training.architectures import Autoencoder
    from aecore.worker.training.fit import Fit

    data = datasets.load(spec.dataset)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as pool:
        started = time.perf_counter()
        keras.utils.set_random_seed(spec.seed)
        fit = Fit(Run(Path(folder)), Autoencoder(spec, data.info.shape), data, pool)
        fit.recorder.rows = rows = _Stamped()
        fit.all_stages(lambda: bool(rows) and enough(rows[-1]))
    return [{**row, "seconds": row["at"] - started} for row in rows]


def apart(module: str, *arguments: object) -> Any:
    """What `python -m module arguments` prints on its last line, as JSON."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])
