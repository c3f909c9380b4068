"""Page "Classroom": leaderboard, examples, the teacher's form for lessons, and the presenter's view."""

import streamlit as st

from pages.widgets.frame import header, shell
from pages.widgets.classroom import examples, leaderboard, lesson_form, presenter
from pages.widgets.session import active_run, controls, keys

shell.enter()

VIEWS = {"board": "Leaderboard", "make": "Make a lesson", "examples": "Examples", "present": "Present"}
SENTENCES = {
    "board": "Every run of this server, error against coding size. Good: low and left. Click a point to open its run; "
    "the thick ring marks the run that is shown.",
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
        header.draw(run, SENTENCES[view], [])
    if view == "board":
        leaderboard.draw(bar)
    elif view == "make":
        lesson_form.draw()
    else:
        examples.draw()


main()
