"""Panel of a job on a page: a button that submits it, its place in the queue, its progress, and a Stop button.

The page reruns as soon as the job has ended, and then shows the result or the error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from aecore.errors import AecoreError
from aecore.jobs import Task, Ticket
from aecore.store.runs import ResultFolder
from pages.widgets.basics import notice
from pages.widgets.server import presence, render_lock, shared
from pages.widgets.session import active_run

SECONDS = 0.5  # between two polls of a job


def is_pending(work: ResultFolder) -> bool:
    """True while the job that fills the folder waits or runs."""
    return active_run.state(work) in active_run.PENDING


def submit(task: Task) -> Ticket | None:
    """Submit a task to the queue for this session; None, after a warning on the page, if the queue refuses it."""
    try:
        return shared.queue().submit(task, presence.session())
    except AecoreError as error:
        notice.warning(str(error))
        return None


def result(ticket: Ticket, title: str, *, stop_key: str = "") -> ResultFolder | None:
    """The finished folder of a submitted job; None while it is pending, after drawing its progress as `wait` does."""
    work = ResultFolder(ticket.folder)
    if ticket.state == "finished":  # an inline queue returns when the job has ended
        return work
    wait(work, title, stop_key=stop_key)
    return None


def offer(task: Task, label: str, *, key: str) -> None:
    """Draw a button that submits a task and reruns the page."""
    if st.button(label, icon=":material/compare_arrows:", key=key) and submit(task):
        st.rerun()


def wait(work: ResultFolder, title: str, *, stop_key: str = "", changed: Callable[[], bool] | None = None) -> None:
    """Draw the progress of a pending job: a bar below 'title: activity', or below the activity if `title` is ''.

    Parameters
    ----------
    work : the folder that the job fills.
    title : name of the job's result.
    stop_key : the key of a Stop button beside the bar; '' for none.
    changed : returns True if the page has to rerun before the job ends, because it shows something that changed.
    """

    def progress() -> None:
        place = None
        if stop_key:
            place, right = st.columns([6, 1], vertical_alignment="center")
            right.button("Stop", key=stop_key, on_click=shared.queue().stop, args=(work.key, presence.session()))
        notice.progress(work.status().get("fraction"), ": ".join(filter(None, (title, activity(work)))), place)

    poll([work], progress, changed=changed)


def poll(
    works: Sequence[ResultFolder],
    draw: Callable[[], None],
    *,
    changed: Callable[[], bool] | None = None,
    seconds: float = SECONDS,
) -> None:
    """Call `draw` every `seconds` until one of the pending jobs has ended or `changed()` is true; then rerun the
    page."""
    render_lock.polling_fragment(_tick, works[0].key, seconds)(works, draw, changed)


def _tick(works: Sequence[ResultFolder], draw: Callable[[], None], changed: Callable[[], bool] | None) -> None:
    if not all(map(is_pending, works)) or (changed is not None and changed()):
        st.rerun(scope="app")
    draw()


def activity(work: ResultFolder) -> str:
    """The activity of a pending job as text: its place in the queue, its epoch or its message, and the seconds left."""
    status = work.status()
    if active_run.state(work) == "waiting":
        return position(work.key) or status.get("message") or "about to start"
    if status.get("epoch"):
        parts = [status.get("phase"), f"epoch {status['epoch']} of {status.get('epochs')}"]
    else:
        parts = [status.get("message") or "the worker is getting ready"]
    if status.get("eta") is not None:
        parts.append(f"{status['eta']:.0f} s left")
    if status.get("loss") is not None:
        parts.append(f"loss {status['loss']:.4f}".replace(" 0.", " ."))
    return " · ".join(filter(None, parts))


def position(key: str) -> str:
    """'waiting, place 3 in the queue, about 40 s'; '' for a job that does not wait."""
    ticket = shared.queue().ticket(key)
    if ticket is None or not ticket.position:
        return ""
    seconds = ticket.expected_seconds
    if ticket.position == 1 and seconds == 0:  # it starts at once
        return "about to start"
    about = "" if seconds is None else f", about {seconds:.0f} s"
    reason = f" ({ticket.message})" if ticket.message else ""
    return f"waiting, place {ticket.position} in the queue{about}{reason}"
