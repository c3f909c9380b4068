"""The lesson that a session has open: the knobs it sets and locks, and its question, which covers the page at first.

The lesson is stored in the link as `lesson=`. The token of the visitor's answer is a session cookie, not part of the
link: so a reload neither asks nor counts again, and a link that is passed on does not contain the answer.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from aecore.classroom import lessons
from aecore.classroom.lessons import Lesson
from aecore.errors import AecoreError
from pages.widgets.basics import notice
from pages.widgets.basics.notice import plain
from pages.widgets.components import answer_cookie
from pages.widgets.server import render_lock, shared
from pages.widgets.session import keys, knobs, link

LABELS = {keys.VARIANT: "Variant", **knobs.LABELS}
NAMES = (keys.VARIANT, *knobs.NAMES)
_NOT_SEEN = {keys.LESSON, keys.RUN, *NAMES}

_STYLE = """<style>
.ae-class{display:grid;grid-template-columns:minmax(6rem,auto) 1fr max-content;gap:.3rem .8rem;align-items:center;
 font-variant-numeric:tabular-nums;width:100%}
.ae-class b{font-weight:650}
.ae-class i{display:block;height:.85rem;border-radius:3px;background:#94a4a2;min-width:2px}
.ae-class i.ae-right{background:#3f90da}
</style>"""


def current() -> Lesson | None:
    """The open lesson, or None."""
    key = st.session_state.get(keys.LESSON)
    return _opened(key, shared.cache()) if key else None


def open_link(values: dict[str, Any], page: str) -> dict[str, Any]:
    """Open the link's lesson, once per session. Returns the knobs of the link combined with those of the lesson.

    The link overrides knobs that are not locked; if it names
    another variant, only locked ones are taken from the lesson.
    """
    st.session_state[keys.LESSON] = None
    key = link.take(keys.LESSON)
    if key is None:
        return values
    try:
        opened = _opened(key, shared.cache())
    except AecoreError as error:
        link.refuse(keys.LESSON, str(error))
        return values
    st.session_state[keys.LESSON] = opened.key
    st.session_state[keys.ANSWER_TOKEN] = _cookies().get(_cookie(opened.key), "")
    st.session_state[keys.ANSWER] = lessons.answered(opened.key, st.session_state[keys.ANSWER_TOKEN], shared.cache())
    _link_view(opened, page)
    other = values.get("variant", opened.knobs["variant"]) != opened.knobs["variant"]
    return ({} if other and not locks("variant") else _values(opened)) | values | locked()


def keep_link() -> None:
    """Write the lesson into the link, because a change of page clears the query parameters."""
    key = st.session_state.get(keys.LESSON)
    if key and st.query_params.get(keys.LESSON) != key:
        st.query_params[keys.LESSON] = key
    elif not key and keys.LESSON in st.query_params:
        del st.query_params[keys.LESSON]
    lesson = current()
    if lesson and covered():  # for the page's controls, which are drawn after the answer
        _link_view(lesson, st.session_state[keys.PAGE])


def locked() -> dict[str, Any]:
    """Names and values of the knobs that the lesson locks; {} without a lesson."""
    lesson = current()
    return {name: value for name, value in _values(lesson).items() if name in lesson.locked} if lesson else {}


def locks(name: str) -> bool:
    """True for a knob that the open lesson locks."""
    lesson = current()
    return lesson is not None and name in lesson.locked


def enforce() -> None:
    """Set locked knobs to the lesson's values; call it before their widgets are drawn.

    A link, a list of runs or a manipulated message of the browser may have changed them.
    """
    for name, value in locked().items():
        if name not in st.session_state or st.session_state[name] != value:
            st.session_state[name] = value


def covered() -> bool:
    """True while the lesson's question is not answered in this session; pages then show no results."""
    lesson = current()
    return lesson is not None and bool(lesson.question) and st.session_state.get(keys.ANSWER) is None


def note(page: str) -> None:
    """Store a page's query parameters for the form that makes a lesson of the page."""
    if page not in lessons.PAGES:
        return
    view = {name: value for name, value in st.query_params.items() if name not in _NOT_SEEN}
    st.session_state[keys.SEEN] = {**st.session_state.get(keys.SEEN, {}), page: view}
    st.session_state[keys.SEEN_LAST] = page


def draw() -> None:
    """Draw the lesson's title line and its question: first as a form, after the answer with the class's answers."""
    lesson = current()
    if lesson is None:
        return
    locks_text = f" · :material/lock: {_locked_in_words(lesson)}" if lesson.locked else ""
    st.markdown(f":material/school: **{plain(lesson.title)}**{locks_text}")
    if covered():
        _ask(lesson)
    elif lesson.question:
        _result(lesson)


def bars(lesson: Lesson, choice: int | None = None, solved: bool = True) -> str:
    """The counts of the class's answers as HTML bars; marks the visitor's `choice` and, if `solved`, the right one."""
    counts = lessons.counts(lesson.key, shared.cache())[: len(lesson.answers)]
    most = max(1, *counts)
    rows = []
    for number, (text, count) in enumerate(zip(lesson.answers, counts, strict=True)):
        right = solved and number == lesson.right
        notes = [note for note, applies in (("right", right), ("you", number == choice)) if applies]
        label = html.escape(text) + (f" <b>({', '.join(notes)})</b>" if notes else "")
        style = f"width:{100 * count / most:.0f}%"
        rows.append(
            f'<div>{label}</div><div><i class="{"ae-right" if right else "ae-other"}" style="{style}"></i></div>'
            f"<div>{count:,}</div>"
        )
    return f'{_STYLE}<div class="ae-class">{"".join(rows)}</div>'


def _locked_in_words(lesson: Lesson) -> str:
    advanced = set(knobs.ADVANCED) <= set(lesson.locked)
    names = [LABELS[name] for name in NAMES if name in lesson.locked and not (advanced and name in knobs.ADVANCED)]
    if advanced:
        names.append("all under Advanced")
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _ask(lesson: Lesson) -> None:
    """Draw the question in place of the page's results."""
    with st.form("predict", width=760):
        st.markdown(f"# {plain(lesson.question)}")
        st.radio(
            "Your answer",
            range(len(lesson.answers)),
            index=None,
            key=keys.PREDICTED,
            label_visibility="collapsed",
            format_func=lambda number: plain(lesson.answers[number]),
        )
        st.form_submit_button("Answer", type="primary", icon=":material/how_to_vote:", on_click=_answer)
    if warning := st.session_state.pop(keys.ANSWER_NOTICE, ""):
        notice.warning(warning)
    st.caption("Predict first: the page opens when you have answered. Answers are counted, not named.")


def _answer() -> None:
    """Callback of the form: count the answer and open the page."""
    lesson, choice = current(), st.session_state.get(keys.PREDICTED)
    if lesson is None or st.session_state.get(keys.ANSWER) is not None:
        return
    if choice is None:
        st.session_state[keys.ANSWER_NOTICE] = "Pick one of the answers first."
        return
    try:
        st.session_state[keys.ANSWER_TOKEN] = lessons.answer(lesson.key, choice, shared.cache())
    except AecoreError as error:  # the page opens although the answer is not counted
        st.session_state[keys.NOTICE] = str(error)
    st.session_state[keys.ANSWER] = choice


@render_lock.fragment
def _result(lesson: Lesson) -> None:
    """Draw whether the answer is right, the explanation, and the class's answers."""
    choice = st.session_state[keys.ANSWER]
    verdict = "Your answer" if lesson.right is None else "Right" if choice == lesson.right else "Not quite"
    colour = {"Right": "green", "Not quite": "orange"}.get(verdict, "blue")
    head = f":{colour}-badge[{verdict}] {plain(lesson.question)}"
    with st.expander(head, expanded=True):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.markdown(_explanation(lesson) or f"You said: {plain(lesson.answers[choice])}.")
            st.button("Count again", key="count_again", type="tertiary", icon=":material/refresh:")
            if token := st.session_state.get(keys.ANSWER_TOKEN):
                answer_cookie.draw(_cookie(lesson.key), token)
        with right:
            st.html(bars(lesson, choice))


def _explanation(lesson: Lesson) -> str:
    """The explanation as Markdown, a paragraph per line."""
    lines = filter(str.strip, lesson.explanation.splitlines())
    return "\n\n".join(plain(line, lessons.LONGEST["explanation"]) for line in lines)


def _cookie(key: str) -> str:
    return f"aecore_answer_{key}"


def _cookies() -> Mapping[str, str]:
    """The cookies that the browser sent when the session began."""
    return st.context.cookies


def _link_view(lesson: Lesson, page: str) -> None:
    """Set the query parameters of the lesson's view on its page; the page's controls start from them."""
    if lesson.page == page:
        for name, value in lesson.view.items():
            st.query_params.setdefault(name, value)


@functools.lru_cache(maxsize=256)
def _opened(key: str, cache: Path) -> Lesson:
    return lessons.open_lesson(key, cache)


def _values(lesson: Lesson) -> dict[str, Any]:
    """{'variant' and knobs: widget value} of the lesson."""
    spec = lesson.spec
    values = {name: knobs.widget_value(name, getattr(spec, name)) for name in knobs.NAMES}
    return {keys.VARIANT: lesson.knobs[keys.VARIANT], **values}
