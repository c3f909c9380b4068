"""The head of every page: the shown run's name and numbers, and the progress of the session's training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st

from pages.widgets.frame import chips
from aecore import jobs
from aecore.analysis import learned
from aecore.presets.names import run_heading, run_name
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.basics import notice
from pages.widgets.basics.notice import plain
from pages.widgets.jobs import panel
from pages.widgets.server import open_runs, shared
from pages.widgets.session import active_run, keys, knobs

_NOTHING = (
    "Press Train: the default takes a few seconds, and what it learns appears here while it trains. Trained runs are "
    "listed under Recent runs."
)


@dataclass(frozen=True)
class HeaderMetric:
    """A number of the header with its comparison; `good` colours the comparison, None leaves it grey."""

    label: str
    value: str
    note: str = ""
    good: bool | None = None
    help: str = ""


def draw(run: Run | None, sentence: str, numbers: list[HeaderMetric]) -> None:
    """Draw name, sentence and numbers of the shown run and the chips, then the progress of a pending training.

    All of it in one container, so that the rest of the page keeps its place when a line comes or goes.
    """
    with st.container(key="head"):
        _draw(run, sentence, numbers)


def draw_page(title: str, run: Run | None, sentence: str) -> None:
    """Draw title and sentence of a page that is not about one run, then the progress of a pending training."""
    with st.container(key="head"):
        open_runs.note(*filter(None, [run]))
        notices()
        st.markdown(f"# {title}")
        st.caption(sentence if run else f"{sentence} {_NOTHING}")
        _verdict(run)
        _place_of_progress(run)


def _verdict(run: Run | None) -> None:
    """Draw a warning if the run learned nothing."""
    if run and (line := learned.verdict(run.spec, run.metrics)):
        notice.warning(line)


def _draw(run: Run | None, sentence: str, numbers: list[HeaderMetric]) -> None:
    open_runs.note(*filter(None, [run]))
    notices()
    if run is None:
        st.markdown("# Nothing to show yet")
        st.caption(_NOTHING)
    else:
        left, right = (
            st.columns([11 - 1.4 * len(numbers), 1.4 * len(numbers)], gap="medium")
            if numbers
            else (st.container(), None)
        )
        with left:
            st.markdown(f"# {plain(run_heading(run))}")
            st.caption(sentence)
        if right:
            with right.container(horizontal=True, key="numbers", gap="medium", horizontal_alignment="distribute"):
                for number in numbers:
                    _metric(number)
        _verdict(run)
        chips.draw(run)
    _place_of_progress(run)


def _place_of_progress(run: Run | None) -> None:
    with st.container(key="progress"):
        st.space(1)  # an empty container would not be drawn, and keep no place free for its line
        _progress(run)


def notices() -> None:
    """Draw the line that the session keeps until the next action, if there is one."""
    if line := st.session_state.get(keys.NOTICE):
        notice.warning(line)


def _metric(number: HeaderMetric) -> None:
    colour: Literal["green", "red", "off"] = "off" if number.good is None else "green" if number.good else "red"
    st.metric(
        number.label,
        number.value,
        number.note or None,
        delta_color=colour,
        delta_arrow="off",
        help=number.help or None,
        width="content",
    )


def _progress(shown: Run | None) -> None:
    """Draw the progress of the session's training, or one line on the differences between the shown run and the
    knobs."""
    busy = active_run.pending()
    if busy:
        panel.wait(busy, run_name(busy), changed=partial(_changed, busy, active_run.state(busy)))
        return
    key = st.session_state.get(keys.RUN)
    chosen = runs.open_run(key, shared.cache()) if key else None
    if chosen and active_run.state(chosen) in ("failed", "damaged"):
        _failure(chosen, shown)
        return
    want = active_run.wanted()
    if shown and want.spec:
        difference = knobs.differences(shown.spec, want.spec)
        if difference:
            verb = "Show opens it." if want.finished else "Train makes it."
            notice.caption(f"{difference} {verb}", ":material/tune:")


def _failure(chosen: Run, shown: Run | None) -> None:
    damaged = "its files are damaged or incomplete; train it again"
    reason = jobs.actual_status(chosen).get("message") or "it ended early"
    message = damaged if active_run.state(chosen) == "damaged" else reason
    remark = " The picture is the last good run's." if shown else ""
    notice.error(f"{run_name(chosen)}: {message}.{remark}".replace("..", "."))
    st.button("Train again", key="again", icon=":material/replay:", on_click=active_run.train)


def _changed(run: Run, state: str) -> bool:
    """True if a training has left `state` or has its first snapshot, from which on pages can draw it."""
    if st.session_state.get(keys.SEEN_LEARNING) != run.key and run.latest_snapshot():
        st.session_state[keys.SEEN_LEARNING] = run.key
        return True
    return active_run.state(run) != state
