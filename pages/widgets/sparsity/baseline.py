"""The same run without its sparsity penalty, which a page compares it with."""

from __future__ import annotations

from aecore import jobs
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.jobs import panel
from pages.widgets.server import shared


def find(run: Run) -> Run | None:
    """The run without a penalty; None where it was not trained yet, and for a run that has no penalty itself."""
    if run.spec.sparsity_weight == 0:
        return None
    without = runs.run_of(run.spec.replace(sparsity_weight=0), shared.cache())
    return without if without.readable else None


def offer(run: Run, baseline: Run | None) -> None:
    """Offer to train the run without a penalty where there is no `baseline` yet."""
    if run.spec.sparsity_weight == 0 or baseline:
        return
    spec = run.spec.replace(sparsity_weight=0)
    without = runs.run_of(spec, shared.cache())
    if panel.is_pending(without):
        panel.wait(without, "The same run without penalty")
    else:
        panel.offer(jobs.TrainTask(spec), "Train the same without penalty, to compare", key="baseline")
