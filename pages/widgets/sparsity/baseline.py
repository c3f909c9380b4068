"""The baseline of a sparse run: the same spec without the sparsity penalty."""

from __future__ import annotations

from aecore import jobs
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.jobs import panel
from pages.widgets.server import shared


def find(run: Run) -> Run | None:
    """The baseline, if it is trained; None otherwise and for a run without a penalty."""
    if run.spec.sparsity_weight == 0:
        return None
    without = runs.run_of(run.spec.replace(sparsity_weight=0), shared.cache())
    return without if without.readable else None


def offer(run: Run, baseline: Run | None) -> None:
    """Draw a button that trains the missing baseline, or its progress; nothing if `baseline` is given."""
    if run.spec.sparsity_weight == 0 or baseline:
        return
    spec = run.spec.replace(sparsity_weight=0)
    without = runs.run_of(spec, shared.cache())
    if panel.is_pending(without):
        panel.wait(without, "The same run without penalty")
    else:
        panel.offer(jobs.TrainTask(spec), "Train the same without penalty, to compare", key="baseline")
