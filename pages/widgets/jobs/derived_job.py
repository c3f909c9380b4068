"""The finished result of a job that a page computes from a run; a missing one is submitted, and its progress drawn."""

from __future__ import annotations

import streamlit as st

from aecore.jobs import Task
from aecore.store.runs import ResultFolder
from pages.widgets.basics import notice
from pages.widgets.jobs import panel
from pages.widgets.server import presence, shared
from pages.widgets.session import active_run, keys


def finished(task: Task, title: str, *, key: str, failed: str, stopped: str, again: str) -> ResultFolder | None:
    """The finished folder of a task; None while it is pending, stopped or failed, after drawing that state.

    Parameters
    ----------
    title : of the progress.
    key : the place on the page. A place waits for one job only, so it leaves its previous one.
    failed, stopped : what is said of a job that ended so; the reason follows `failed`.
    again : label of the button that submits it once more.
    """
    work = ResultFolder(task.folder(shared.cache()))
    _leave_other(key, work.key)
    state = active_run.state(work)
    if state == "finished":
        return work
    if state not in active_run.PENDING and st.session_state.get(keys.asked(key)) == work.key:
        # Resubmitted only by a button, since it would fail again.
        if state == "failed":
            notice.error(f"{failed}: {work.status().get('message')}")
        else:
            st.caption(f":material/stop_circle: {stopped}")
        if not st.button(again, key=f"{key}_again", icon=":material/replay:"):
            return None
    ticket = panel.submit(task)
    if ticket is None:
        return None
    st.session_state[keys.asked(key)] = work.key
    return panel.result(ticket, title, stop_key=f"{key}_stop")


def _leave_other(key: str, wanted: str) -> None:
    """Leave the job that this place waited for before its settings changed."""
    asked = st.session_state.get(keys.asked(key))
    if asked and asked != wanted:
        shared.queue().stop(asked, presence.session())
        del st.session_state[keys.asked(key)]
