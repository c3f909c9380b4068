"""Names of runs for headings, lists and files."""

from __future__ import annotations

from aecore.store.runs import Run
from aecore.text import counted, error_text
from aecore.variants import title


def run_name(run: Run) -> str:
    """Variant, codings and epochs of a run: 'Stacked · 30 codings · 5 epochs'."""
    codings = run.metrics.get("coding_size", run.spec.coding_size)
    return " · ".join((title(run.spec), counted(codings, "coding"), counted(run.spec.epochs, "epoch")))


def run_heading(run: Run) -> str:
    """The name, for one that was stopped early 'Stacked · 30 codings · 5 epochs · stopped early'."""
    return f"{run_name(run)}{' · stopped early' if run.state == 'stopped' else ''}"


def run_label(run: Run) -> str:
    """The name with the validation error, if it is known: 'Stacked · 30 codings · 5 epochs · .0131'.

    The label of a run that was stopped early begins with 'stopped · '.
    """
    stopped = "stopped · " if run.state == "stopped" else ""
    mse = run.metrics.get("val_mse")
    return f"{stopped}{run_name(run)}{f' · {error_text(mse)}' if mse is not None else ''}"
