"""Cards of the examples: settings, expected result and reason, with a button that sets the knobs."""

from __future__ import annotations

import streamlit as st

from aecore.presets import examples
from aecore.presets.examples import Example
from aecore.store import runs
from aecore.store.runs import Run
from aecore.text import error_text
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys, knobs, lesson, page_titles

KINDS = {True: ("Known good", "green"), False: ("Known bad", "red")}


def draw() -> None:
    """Draw all cards: successes in the left column, failures in the right one."""
    columns = st.columns(2, gap="medium")
    for column, good in zip(columns, (True, False), strict=True):
        with column:
            title, colour = KINDS[good]
            st.markdown(f"## :{colour}[{title}]")
            for example in examples.EXAMPLES:
                if example.good == good:
                    _card(example)


def _card(example: Example) -> None:
    run = runs.open_run(example.key, shared.cache())
    finished = active_run.state(run) == "finished"
    shown = st.session_state.get(keys.RUN) == run.key
    with st.container(border=True, gap="small"):
        st.markdown(f"**{example.title}**")
        st.markdown(f"{example.setup}  \n**See** {_small(example.see)}  \n**Why** {_small(example.why)}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Set these knobs", key=f"set_{example.name}", icon=":material/tune:", on_click=_set, args=(example,)
            )
            if finished:
                st.button(
                    "Show", key=f"show_{example.name}", icon=":material/visibility:", on_click=_show, args=(example,)
                )
                st.caption(_errors_text(run))
        if st.session_state.get(keys.EXAMPLE) == example.name:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption("Opened." if shown else "The knobs are set: press Train or Show.", width="content")
                st.page_link(
                    f"pages/{example.page}.py", label=f"Look at {page_titles.TITLES[example.page]}", width="content"
                )


def _small(text: str) -> str:
    """A sentence with its first letter in lower case, to follow a word in front of it."""
    return text[0].lower() + text[1:]


def _errors_text(run: Run) -> str:
    mse, floor = run.metrics.get("val_mse"), run.metrics.get("pca_mse")
    return f"MSE {error_text(mse)}{f' (PCA {error_text(floor)})' if floor is not None else ''}"


def _set(example: Example) -> None:
    st.session_state.update(knobs.of_spec(example.spec) | lesson.locked())
    st.session_state[keys.EXAMPLE] = example.name


def _show(example: Example) -> None:
    _set(example)
    active_run.open_run_of(example.key)
