"""The finished map of a run for a page; a missing one is submitted to the queue, and its progress drawn."""

from __future__ import annotations

import streamlit as st

from aecore import jobs
from aecore.specs.map import MapSpec
from aecore.store.runs import ResultFolder, Run
from pages.widgets.basics import notice
from pages.widgets.jobs import panel
from pages.widgets.server import presence, shared
from pages.widgets.session import active_run, keys

METHODS = {"none": "As it is", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def finished(run: Run, spec: MapSpec, *, key: str = "map") -> ResultFolder | None:
    """The folder of a finished map of a run; None while it is pending, stopped or failed, after drawing that state.

    `key` names the place on the page. A place waits for one map only, so it leaves the job of its previous one.
    """
    task = jobs.MapTask(run.key, spec)
    work = ResultFolder(task.folder(shared.cache()))
    _leave_other(key, work.key)
    state = active_run.state(work)
    if state == "finished":
        return work
    if state not in active_run.PENDING and st.session_state.get(keys.asked(key)) == work.key:
        # Resubmitted only by a button, since it would fail again.
        if state == "failed":
            notice.error(f"No map: {work.status().get('message')}")
        else:
            st.caption(":material/stop_circle: Stopped before the map was drawn.")
        if not st.button("Draw it again", key=f"{key}_again", icon=":material/replay:"):
            return None
    ticket = panel.submit(task)
    if ticket is None:
        return None
    st.session_state[keys.asked(key)] = work.key
    return panel.result(ticket, METHODS[spec.method], stop_key=f"{key}_stop")


def _leave_other(key: str, wanted: str) -> None:
    """Leave the job of the map that this place waited for before its settings changed."""
    asked = st.session_state.get(keys.asked(key))
    if asked and asked != wanted:
        shared.queue().stop(asked, presence.session())
        del st.session_state[keys.asked(key)]
