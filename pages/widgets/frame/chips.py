"""The demonstrations as chips on every page that shows a run; a click opens one together with its knobs."""

from __future__ import annotations

import streamlit as st

from aecore.presets import demonstrations
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys, knobs, lesson


def draw(run: Run) -> None:
    """Draw a chip for each demonstration that is on disk and that the lesson allows; that of `run` is selected."""
    titles = {demonstration.key: demonstration.title for demonstration in demonstrations.DEMONSTRATIONS}
    offered = {key: title for key, title in titles.items() if title and _is_offered(key)}
    if not offered:
        return
    st.session_state[keys.CHIP] = run.key if run.key in offered else None
    st.pills(
        "Demonstrations",
        list(offered),
        format_func=offered.__getitem__,
        key=keys.CHIP,
        label_visibility="collapsed",
        on_change=_open,
        args=(run.key,),
    )


def _open(shown: str) -> None:
    """Callback of the chips: open the one that was clicked. A click on the selected one, the run `shown`, restores its
    knobs."""
    active_run.open_run_of(st.session_state[keys.CHIP] or shown)


def _is_offered(key: str) -> bool:
    run, locked = runs.open_run(key, shared.cache()), lesson.locked()
    return run.readable and (not locked or locked.items() <= knobs.of_spec(run.spec).items())
