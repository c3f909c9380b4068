"""Page "Anomalies": the reconstruction errors of validation samples against those of samples that do not belong."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore import jobs
from aecore.analysis.anomaly_samples import Samples, samples
from aecore.errors import AecoreError
from aecore.specs.anomalies import AnomalySpec
from pages.widgets.anomalies import results, settings
from pages.widgets.basics import notice
from pages.widgets.jobs import derived_job
from pages.widgets.server import shared
from pages.widgets.session import active_run

shell.enter()


def main() -> None:
    run = active_run.shown()
    header.draw(
        run,
        "A network reconstructs well what resembles its training data, and badly what does not: a large error marks "
        "an anomaly.",
        [],
    )
    if run is None:
        return
    data = shared.data(run.spec.dataset)
    spec = settings.draw(run, data)
    settings.leave_out(run, spec, data)
    try:
        test = _samples(spec, run.spec.dataset)
    except AecoreError as error:
        notice.warning(str(error))
        return
    work = derived_job.finished(
        jobs.AnomalyTask(run.key, spec),
        "Scores",
        key="anomalies",
        failed="No scores",
        stopped="Stopped before the scores were computed.",
        again="Compute them again",
    )
    if work:
        results.draw(run, spec, work, test)


@st.cache_resource(show_spinner=False, max_entries=4)
def _samples(spec: AnomalySpec, dataset: str) -> Samples:
    return samples(spec, shared.data(dataset))


main()
