"""What a session shows when it begins, on a change of page, and after the browser's Back or Forward.

The link names a run, knobs, or both. Without them a page opens its own demonstration together with its knobs; a visitor
who turns a knob, trains or opens a run keeps his run on all pages.
"""

from __future__ import annotations

import contextlib
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from aecore.errors import AecoreError, RunError
from aecore.presets import demonstrations
from aecore.store import runs
from pages.widgets.server import shared, streamlit_patches
from pages.widgets.session import active_run, keys, knobs, lesson, link

# The demonstration that a page opens; another page keeps the one on show.
DEMONSTRATIONS = {
    active_run.HOME: "stacked",
    "latent_map": "stacked",
    "latent_walk": "variational-2",
    "compare": "stacked",
    "sparsity": "sparse-kl",
    "anomalies": "stacked",
    "pretraining": "convolutional",
}


def begin(reconnected: bool = False) -> None:
    """Set knobs and run before any widget is drawn: those of the link in a session's first script run and after Back or
    Forward, else those of the page's demonstration until the visitor has a run. Then write them into the link."""
    if keys.RUN not in st.session_state:
        _restore(reconnected)
    else:
        _follow_history()
    _follow_page()
    _keep_link()


def _restore(reconnected: bool) -> None:
    """Set the knobs and the active run from the link.

    A link with a run and no knobs has the run's knobs, unless the page was `reconnected` to a server that does not know
    it: then they were turned to their defaults. The header lists parameters that are not used.
    """
    st.session_state[keys.RUN] = None
    asked = _asked()
    view = st.query_params.to_dict()
    values = lesson.open_link(dict(asked), st.session_state[keys.PAGE])
    key = link.take(keys.RUN)
    if key is not None:
        try:
            run = runs.open_run(key, shared.cache())
            missing = active_run.state(run) == "missing"
            if missing and not run.described:
                raise RunError(f"run {run.key} is not on this machine; Train makes what the knobs say")
            # The header shows the error and Train for a failed or interrupted run.
            if not asked and not reconnected and not knobs.describe(values, run.spec):
                values = knobs.of_spec(run.spec) | lesson.locked()
            active_run.choose(run.key)
            if missing:
                refused = st.session_state.get(keys.NOTICE, "")
                line = f"Run {run.key} was asked for and never made; Train makes it."
                st.session_state[keys.NOTICE] = f"{line} {refused}".strip()
        except AecoreError as error:
            link.refuse(keys.RUN, str(error))
    _refuse_overridden(asked, values)
    if st.session_state[keys.RUN] is None:
        if lesson.current():
            _open_lessons_run()
        elif asked:
            _open_run_of_knobs(values)
    knobs.restore(values)
    if st.query_params.to_dict() != view:  # widgets read the lesson's view only at the start of a script run
        st.rerun()


def _asked() -> dict[str, Any]:
    """{knob: widget value} of the link; those that cannot be read are refused."""
    values = {}
    for name in (keys.VARIANT, *knobs.NAMES):
        text = link.take(name)
        if text is not None:
            try:
                values[name] = knobs.from_text(name, text)
            except AecoreError as error:
                link.refuse(name, str(error))
    return values


def _refuse_overridden(asked: dict[str, Any], values: dict[str, Any]) -> None:
    """Refuse the link's knobs that the lesson sets to other `values`, and those that the variant lacks."""
    variant = values.get(keys.VARIANT, knobs.DEFAULT_VARIANT)
    lacking = knobs.lacking(variant)
    for name, value in asked.items():
        words = knobs.in_words(name, value)
        if values[name] != value:
            link.refuse(name, f"{name}: got {words[:40]}, the lesson has {knobs.in_words(name, values[name])[:40]}")
        elif name in lacking:
            link.refuse(name, f"{name}: {knobs.in_words(keys.VARIANT, variant)} has no such knob")
            del values[name]


def _open_lessons_run() -> None:
    """Make the open lesson's run the active one if it is trained."""
    opened = lesson.current()
    run = runs.run_of(opened.spec, shared.cache()) if opened else None
    if run and run.readable:
        active_run.choose(run.key)


def _open_run_of_knobs(values: dict[str, Any]) -> None:
    """Open the run that the link's knobs describe if it is trained, else the page's demonstration beside them."""
    opened = st.session_state[keys.OPENED] = _pages_demonstration()
    with contextlib.suppress(AecoreError):  # contradictory knobs, which the sidebar explains
        knobs_of_link = {name: value for name, value in values.items() if name != keys.VARIANT}
        spec = knobs.from_values(values.get(keys.VARIANT, knobs.DEFAULT_VARIANT), knobs_of_link)
        run = runs.run_of(spec, shared.cache())
        if run.readable and run.key != demonstrations.keys().get(opened or ""):
            active_run.choose(run.key)


def _pages_demonstration() -> str | None:
    """Name of the demonstration to open on the page: its own one, else the one on show; None if it is not on disk."""
    page, shown = st.session_state[keys.PAGE], st.session_state.get(keys.OPENED)
    for name in (DEMONSTRATIONS.get(page, shown), DEMONSTRATIONS[active_run.HOME]):
        if name and runs.open_run(demonstrations.keys()[name], shared.cache()).readable:
            return name
    return None


def _follow_page() -> None:
    """Open the page's demonstration with its knobs, unless the visitor has a run or has turned a knob; then the one on
    show becomes his run. A lesson keeps its knobs."""
    state = st.session_state
    if state[keys.RUN]:
        return
    shown = state.get(keys.OPENED)
    if lesson.current():
        state[keys.OPENED] = _pages_demonstration()
    elif shown and active_run.wanted().spec != demonstrations.spec(shown):
        active_run.choose(demonstrations.keys()[shown])
    elif (own := _pages_demonstration()) and own != shown:
        state[keys.OPENED] = own
        state.update(knobs.of_spec(demonstrations.spec(own)))


def _follow_history() -> None:
    """Return to the run and the knobs of the address that Back or Forward has reached; one without a run keeps them.

    In such a script run Streamlit sets a knob that is not in the address to its default, whatever the session says. So
    the script runs again, and the knobs are set in that run.
    """
    state = st.session_state
    if streamlit_patches.is_history_navigation():
        state[keys.RESTORED] = _of_address()
        st.rerun()
    state.update(state.pop(keys.RESTORED, {}))


def _of_address() -> dict[str, Any]:
    """Make the address's run the active one; the values of the knobs that belong to it."""
    key = st.query_params.get(keys.RUN)
    try:
        run = runs.open_run(key, shared.cache()) if key else None
        spec = run.spec if run else None
    except AecoreError:  # it was evicted
        run = spec = None
    if run is None or spec is None:
        return {keys.VARIANT: knobs.variant(), **knobs.values()}
    active_run.choose(run.key)
    asked = {}
    for name in (keys.VARIANT, *knobs.NAMES):
        with contextlib.suppress(AecoreError):
            if name in st.query_params:
                asked[name] = knobs.from_text(name, st.query_params[name])
    variant = asked.get(keys.VARIANT, knobs.DEFAULT_VARIANT)
    values = {keys.VARIANT: variant, **knobs.defaults(variant), **asked} if asked else knobs.of_spec(spec)
    return values | lesson.locked()


def _keep_link() -> None:
    """Write the active run and the knobs into the link. A change of page clears the run, and a knob's widget writes its
    value only from its second script run on; then Streamlit refuses it here."""
    start = {keys.VARIANT: knobs.DEFAULT_VARIANT, **knobs.defaults(knobs.variant())}
    values = {keys.VARIANT: knobs.variant(), **knobs.values()}
    texts = {name: knobs.in_words(name, value) for name, value in values.items() if value != start[name]}
    texts[keys.RUN] = st.session_state[keys.RUN]
    for name in (keys.RUN, *values):
        text, written = texts.get(name), st.query_params.get(name)
        with contextlib.suppress(StreamlitAPIException):
            if text and text != written:
                st.query_params[name] = text
            elif not text and written is not None:
                del st.query_params[name]
