"""Page "Anomalies": the reconstruction errors of validation samples against those of samples that do not belong."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore import jobs
from aecore.analysis.anomaly_samples import Samples, samples
from aecore.errors import AecoreError
from aecore.specs.anomalies import AnomalySpec
from aecore.store.runs import ResultFolder, Run
from pages.widgets.anomalies import results, settings
from pages.widgets.basics import notice
from pages.widgets.jobs import panel
from pages.widgets.server import presence, shared
from pages.widgets.session import active_run, keys

shell.enter()

PLACE = "anomalies"


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
    if work := _finished(run, spec):
        results.draw(run, spec, work, test)


@st.cache_resource(show_spinner=False, max_entries=4)
def _samples(spec: AnomalySpec, dataset: str) -> Samples:
    return samples(spec, shared.data(dataset))


def _finished(run: Run, spec: AnomalySpec) -> ResultFolder | None:
    """The folder of the finished test; None while it is computed, after drawing its progress, and if it ended early."""
    task, work = jobs.AnomalyTask(run.key, spec), run.derived(spec)
    asked = st.session_state.get(keys.asked(PLACE))
    if asked and asked != work.key:
        shared.queue().stop(asked, presence.session())
    st.session_state[keys.asked(PLACE)] = work.key
    state = active_run.state(work)
    if state == "finished":
        return work
    if state not in active_run.PENDING and asked == work.key:  # it would end again
        message = work.status().get("message") if state == "failed" else "stopped"
        notice.error(f"No scores: {message}")
        if not st.button("Compute them again", key="anomalies_again", icon=":material/replay:"):
            return None
    ticket = panel.submit(task)
    return panel.result(ticket, "Scores", stop_key="anomalies_stop") if ticket else None


main()
