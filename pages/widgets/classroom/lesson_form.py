"""The teacher's form: makes a lesson of the current knobs and a page's view, and shows its link and the answers."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from aecore.classroom import lessons
from aecore.classroom.lessons import Lesson
from aecore.errors import AecoreError, SpecError
from aecore.presets.names import run_name
from aecore.text import counted
from pages.widgets.basics import notice
from pages.widgets.basics.notice import plain
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run, keys, knobs, lesson, page_titles

_ADVANCED = "All under Advanced"
COUNT_EVERY = 3.0  # seconds between two counts of the answers
RIGHT = ("No right one", *(f"Answer {number + 1}" for number in range(lessons.MOST_ANSWERS)))


def draw() -> None:
    """Draw the form and, once a lesson is stored, its link and the counts of the answers."""
    want = active_run.wanted()
    if want.spec is None:
        notice.warning(f"A lesson is made from the current settings, which cannot be trained. {want.error}")
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _form(want)
        _link()
    with right:
        st.markdown("## What a lesson does")
        st.caption(
            "The link sets every knob and opens the page. Locked knobs cannot be changed. With a question, results are "
            "hidden until a student has answered; then the right answer, the explanation and the answers of the class "
            "are shown."
        )


def link(key: str, page: str, here: str | None) -> str:
    """The URL that opens a lesson; `here` is the URL of the classroom page in the teacher's browser."""
    path = "" if page == active_run.HOME else page
    parts = urlsplit(here or "")
    root = parts.path[: parts.path.rindex("/")] if "/" in parts.path else ""
    base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return f"{base}{root}/{path}?lesson={key}"


def _form(want: active_run.Wanted) -> None:
    state = (
        "It is trained already: the class sees it at once."
        if want.finished
        else ("It is not trained yet. Press Train now, so that the class does not have to wait.")
    )
    st.markdown(f"## Lesson from the current settings: {_run_text(want)}")
    st.caption(state)
    with st.form("lesson_form"):
        st.text_input(
            "Title",
            key=keys.LESSON_TITLE,
            max_chars=lessons.LONGEST["title"],
            placeholder="Two numbers an image: what is lost?",
        )
        st.selectbox(
            "Opens the page, as you looked at it last",
            lessons.PAGES,
            key=keys.LESSON_PAGE,
            index=lessons.PAGES.index(st.session_state.get(keys.SEEN_LAST, lessons.PAGES[0])),
            format_func=page_titles.TITLES.__getitem__,
        )
        st.pills(
            "Locked knobs: students cannot change these",
            ("variant", *knobs.MAIN, _ADVANCED),
            selection_mode="multi",
            key=keys.LESSON_LOCKED,
            format_func=lambda name: lesson.LABELS.get(name, name),
        )
        st.text_input(
            "Predict first: the page stays covered until this is answered (may be empty)",
            key=keys.LESSON_QUESTION,
            max_chars=lessons.LONGEST["question"],
            placeholder="How many classes will one tell apart?",
        )
        st.text_area("Answers, one a line, 2 to 5", key=keys.LESSON_ANSWERS, height=110)
        st.selectbox("Right is", range(len(RIGHT)), key=keys.LESSON_RIGHT, format_func=RIGHT.__getitem__)
        st.text_area(
            "Explanation, shown after the answer",
            key=keys.LESSON_EXPLANATION,
            height=80,
            max_chars=lessons.LONGEST["explanation"],
        )
        st.form_submit_button("Make the link", type="primary", icon=":material/link:", on_click=_keep)
    if error := st.session_state.pop(keys.LESSON_ERROR, ""):
        notice.error(error)


def _run_text(want: active_run.Wanted) -> str:
    """Name and seed of the run that the knobs describe, trained or not."""
    assert want.run is not None
    run, spec = want.run, want.spec
    name = (
        run_name(run)
        if want.finished
        else (
            f"{knobs.in_words('variant', knobs.variant())} · {spec.coding_size} codings · {spec.epochs} epochs"
            if spec
            else ""
        )
    )
    return f"{plain(name)} · seed {spec.seed if spec else ''}"


def _keep() -> None:
    """Callback: store the lesson of the submitted form, or the error's text in the session."""
    state = st.session_state
    page = state[keys.LESSON_PAGE]
    number = state[keys.LESSON_RIGHT]
    try:
        new = Lesson(
            title=state[keys.LESSON_TITLE],
            knobs={"variant": knobs.variant(), **knobs.values()},
            page=page,
            view=state.get(keys.SEEN, {}).get(page, {}),
            locked=_locked(state[keys.LESSON_LOCKED] or []),
            question=state[keys.LESSON_QUESTION],
            answers=tuple(filter(None, (line.strip() for line in state[keys.LESSON_ANSWERS].splitlines()))),
            right=number - 1 if number else None,
            explanation=state[keys.LESSON_EXPLANATION],
        )
        lessons.keep(new, shared.cache())
    except SpecError as error:
        state[keys.LESSON_ERROR] = f"No lesson yet. {error}"
    except AecoreError as error:
        state[keys.LESSON_ERROR] = str(error)
    else:
        state[keys.LESSON_MADE] = new


def _locked(chosen: list[str]) -> tuple[str, ...]:
    advanced = knobs.ADVANCED if _ADVANCED in chosen else ()
    return (*(name for name in chosen if name != _ADVANCED), *advanced)


def _link() -> None:
    """Draw the link of the lesson that was stored last, and the counts of its answers."""
    new: Lesson | None = st.session_state.get(keys.LESSON_MADE)
    if new is None:
        return
    st.markdown(f"## The link to “{plain(new.title)}”")
    st.code(link(new.key, new.page, st.context.url), language=None, wrap_lines=True)
    if new.question:
        render_lock.fragment(_answers, COUNT_EVERY)(new)


def _answers(new: Lesson) -> None:
    total = sum(lessons.counts(new.key, shared.cache()))
    st.markdown(f"## {counted(total, 'answer')} so far")
    st.html(lesson.bars(new))
