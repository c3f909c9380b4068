"""The sidebar: Train and Stop, the knobs, and the recent runs in the cache folder."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import streamlit as st

from pages.widgets.frame import knob_widgets, presentation
from aecore.presets.names import run_label
from aecore.store import listing
from aecore.text import duration_text
from pages.widgets.basics.notice import plain
from pages.widgets.server import shared
from pages.widgets.session import active_run, lesson, own_data

RECENT = 10


def draw() -> Buttons:
    """Draw the sidebar and return the state of its buttons.

    It is drawn before every page, so that its widgets keep their state on a change of page.
    """
    with st.sidebar:
        buttons = st.container()
        knob_widgets.draw()
        if not lesson.covered():  # the errors of runs would reveal the answer
            _recent()
        presentation.draw()
        with buttons:
            state = _buttons()
            _train_and_stop(state)
    return state


@dataclass(frozen=True)
class Buttons:
    """State of Train and Stop at the current knobs."""

    want: active_run.Wanted
    finished: bool
    busy: bool
    trains_this: bool
    is_shown: bool

    @property
    def shows(self) -> bool:
        """True if Train only opens a run that is finished already."""
        return self.finished and not self.is_shown

    @property
    def label(self) -> str:
        """Text of Train."""
        return "Show" if self.shows else "Train again" if self.is_shown else "Train"

    @property
    def trains(self) -> bool:
        """True if Train is enabled."""
        if self.want.spec is None or self.trains_this:
            return False
        return not self.is_shown or not lesson.locks(active_run.SEED)


def _buttons() -> Buttons:
    want, busy = active_run.wanted(), active_run.pending()
    trains_this = busy is not None and want.run is not None and busy.key == want.run.key
    finished = want.finished
    is_shown = finished and want.run is not None and want.run.key == active_run.shown_key()
    return Buttons(want, finished, busy is not None, trains_this, is_shown)


def _train_and_stop(can: Buttons) -> None:
    """Draw the two buttons and the caption of `_what_train_does`."""
    with st.container(horizontal=True, gap="small"):
        st.button(
            can.label,
            key="train",
            type="primary",
            icon=":material/visibility:" if can.shows else ":material/play_arrow:",
            width="stretch",
            disabled=not can.trains,
            on_click=active_run.train,
        )
        st.button("Stop", key="stop", width=84, disabled=not can.busy, on_click=active_run.stop)
    with st.container(key="what_train_does"):
        st.caption(_what_train_does(can))


def _what_train_does(can: Buttons) -> str:
    if can.want.spec is None:
        return f":red[{plain(can.want.error)}]"
    if can.trains_this:
        return "Training these settings."
    if can.is_shown:
        if not can.trains:
            return "These settings are trained, and the lesson sets the seed. Change another setting."
        return "These settings are trained. Change one, or train again with a new seed."
    if can.finished:
        return "Already trained: Show opens it."
    seconds = active_run.expected_seconds(can.want.spec)
    return f"About {duration_text(seconds)} on this machine." if seconds else "Not yet trained on this machine."


def _recent() -> None:
    box = st.expander("Recent runs", key="recent", on_change="rerun")
    if not box.open:
        return
    with box:
        recent = list(islice(listing.recent_runs(shared.cache(), own_data.names()), RECENT))
        for run in recent:
            st.button(
                plain(run_label(run)),
                key=f"recent_{run.key}",
                type="tertiary",
                on_click=active_run.open_run_of,
                args=(run.key,),
                wrap=True,
            )
        if not recent:
            st.caption("None yet: what is trained here appears here.")
