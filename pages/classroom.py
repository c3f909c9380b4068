"""Page "Classroom": leaderboard, examples, the teacher's form for lessons, and the presenter's view."""

import streamlit as st

from pages.widgets.frame import header, shell
from aecore.presets.names import run_heading
from aecore.store.runs import Run
from pages.widgets.basics.notice import plain
from pages.widgets.classroom import examples, leaderboard, lesson_form, presenter
from pages.widgets.session import active_run, controls, keys

shell.enter()

VIEWS = {"board": "Leaderboard", "make": "Make a lesson", "examples": "Examples", "present": "Present"}
SENTENCES = {
    "board": "Every run of this server, error against coding size. Good: low and left. Click a point to open its run.",
    "make": "Choose settings and a page, then make a link that opens the same page with the same settings.",
    "examples": "Settings worth trying, good and bad, with the reason. Apply them, predict the result, then train.",
}


def main() -> None:
    presenter.leave_if_asked()
    head = st.container()
    bar = st.container(horizontal=True, vertical_alignment="center", key="classroom_bar")
    view = controls.segments(bar, "View", VIEWS, keys.VIEW)
    if view == "present":
        header.notices()
        presenter.draw()
        return
    run = active_run.shown()
    with head:
        header.draw_page("Classroom", run, _sentence(view, run))
    if view == "board":
        leaderboard.draw(bar)
    elif view == "make":
        lesson_form.draw()
    else:
        examples.draw()


def _sentence(view: str, run: Run | None) -> str:
    if view == "board" and run:
        return f"{SENTENCES[view]} The thick ring is the run on show: {plain(run_heading(run))}."
    return SENTENCES[view]


main()
