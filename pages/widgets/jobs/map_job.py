"""A map that may still have to be drawn: asked of the queue, awaited with progress and Stop."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from aecore import jobs
from aecore.errors import AecoreError
from aecore.specs.map import MapSpec
from aecore.store.runs import ResultFolder, Run
from pages.widgets.basics import notice
from pages.widgets.jobs import waiting
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run, keys

METHODS = {"none": "As it is", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def finished(run: Run, spec: MapSpec, *, key: str = "map") -> ResultFolder | None:
    """The finished map of a run. None while it is drawn, and where it was stopped or failed: the page then says so.

    `key` names the place on the page; a place waits for one map only, and leaves the one it waited for before.
    """
    task = jobs.MapTask(run.key, spec)
    work = ResultFolder(task.folder(shared.cache()))
    _leave_other(key, work.key)
    state = active_run.state(work)
    if state == "finished":
        return work
    if state not in active_run.PENDING and st.session_state.get(keys.asked(key)) == work.key:
        # It was asked for and is not there: drawing it again unasked would end the same way.
        if state == "failed":
            notice.error(f"No map: {work.status().get('message')}")
        else:
            st.caption(":material/stop_circle: Stopped before the map was drawn.")
        if not st.button("Draw it again", key=f"{key}_again", icon=":material/replay:"):
            return None
    try:
        ticket = shared.queue().submit(task, shared.session())
    except AecoreError as error:
        notice.warning(str(error))
        return None
    st.session_state[keys.asked(key)] = work.key
    if ticket.state == "finished":  # a queue without workers has done it already
        return work
    render_lock.look(_wait, work.key)(str(ticket.folder), METHODS[spec.method], key)
    return None


def _leave_other(key: str, wanted: str) -> None:
    """Nobody looks at the map any more that was asked for before the settings changed."""
    asked = st.session_state.get(keys.asked(key))
    if asked and asked != wanted:
        shared.queue().stop(asked, shared.session())
        del st.session_state[keys.asked(key)]


def _wait(folder: str, name: str, key: str) -> None:
    work = ResultFolder(Path(folder))
    if active_run.state(work) not in active_run.PENDING:
        st.rerun(scope="app")
    status = work.status()
    doing = waiting.told(work.key) or status.get("message") or "about to start"
    bar, button = st.columns([6, 1], vertical_alignment="center")
    notice.progress(status.get("fraction"), f"{name}: {doing}", bar)
    button.button("Stop", key=f"{key}_stop", on_click=shared.queue().stop, args=(work.key, shared.session()))
