"""The finished map of a run for a page; a missing one is submitted to the queue, and its progress drawn."""

from __future__ import annotations

from aecore import jobs
from aecore.specs.map import MapSpec
from aecore.store.runs import ResultFolder, Run
from pages.widgets.jobs import derived_job

METHODS = {"none": "As it is", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def finished(run: Run, spec: MapSpec, *, key: str = "map") -> ResultFolder | None:
    """The folder of a finished map of a run; None while it is pending, stopped or failed, after drawing that state.

    `key` names the place on the page. A place waits for one map only, so it leaves the job of its previous one.
    """
    return derived_job.finished(
        jobs.MapTask(run.key, spec),
        METHODS[spec.method],
        key=key,
        failed="No map",
        stopped="Stopped before the map was drawn.",
        again="Draw it again",
    )
