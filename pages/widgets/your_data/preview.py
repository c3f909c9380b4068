"""What is in a data set, what was changed, which variants it does not fit, and the buttons to use and delete it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from aecore import datasets, presets
from aecore.analysis.data_ranges import ranges
from aecore.datasets import Data, DatasetInfo, own
from aecore.errors import AecoreError
from aecore.figures.sequences import sequence_lines
from aecore.store import own_data
from aecore.text import counted
from pages.widgets.basics import charts, notice
from pages.widgets.images import grid
from pages.widgets.server import shared
from pages.widgets.session import keys
from pages.widgets.session import own_data as session_data

EXAMPLES = 16  # pictures
ROWS = 8  # of a table
LINES = 6  # sequences
MOST_CLASSES = 50  # in the table of counts


def draw(names: list[str]) -> None:
    """Draw one of the data sets that this session knows."""
    if st.session_state.get(keys.OWN_SHOWN) not in names:
        st.session_state[keys.OWN_SHOWN] = names[0]
    titles = {name: f"{datasets.info(name).title} · {name[-6:]}" for name in names}
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Data set", names, format_func=titles.__getitem__, key=keys.OWN_SHOWN)
    with notice.errors():
        info, facts = datasets.info(name), own.facts(name, shared.cache())
        st.markdown(f"## {notice.plain(info.title)}")
        _buttons(name)
        shape = " × ".join(f"{side:,}" for side in info.shape)
        noun = own_data.FORMS[facts["form"]]
        size = f"{counted(info.n_train, noun)} to train on, {info.n_validation:,} to validate, each {shape}"
        st.markdown(f"{size}{f', {len(info.classes)} classes' if info.classes else ''}.")
        st.markdown("\n".join(f"- {notice.plain(fact)}" for fact in facts["facts"]))
        data = shared.data(name)
        _examples(data)
        _misfits(info)
        left, right = st.columns([2, 3])
        with left:
            _classes(data)
        with right:
            _ranges(data)


def _buttons(name: str) -> None:
    with st.container(horizontal=True, key="own_buttons"):
        used = st.session_state.get(keys.DATASET) == name
        st.button(
            "In the sidebar" if used else "Use it",
            icon=":material/check:" if used else ":material/play_arrow:",
            key="own_use",
            disabled=used,
            on_click=session_data.adopt,
            args=(name,),
        )
        with st.popover("Delete", icon=":material/delete:", key="own_delete"):
            n_runs = len(own_data.results_of(name, shared.cache()))
            st.markdown(f"Delete the data and {counted(n_runs, 'run')} on it? This cannot be undone.")
            st.button("Delete all", type="primary", key="own_delete_all", on_click=_delete, args=(name,))
    st.caption("Keep the address of this page: it holds the name of the data, the only way back to them.")


def _delete(name: str) -> None:
    n_runs = own_data.remove(name, shared.cache())
    st.session_state[keys.NOTICE] = f"The data and {counted(n_runs, 'run')} are deleted."


def _examples(data: Data) -> None:
    st.markdown("## Examples")
    if data.info.is_image:
        numbers = list(range(min(EXAMPLES, len(data.validation))))
        grid.thumbnails([data.validation[i] for i in numbers], data.names_of(numbers), captions=bool(data.info.classes))
    elif data.info.sequences:
        n = min(LINES, len(data.validation))
        named = data.captions_of(range(n))
        charts.draw(
            lambda theme: sequence_lines(np.asarray(data.validation[:n]), named, theme),
            key="own_sequences",
            alt=f"Lines of {n} sequences over their steps",
            of=(data.info.fingerprint,),
        )
    else:
        frame = pd.DataFrame(np.asarray(data.validation[:ROWS]), columns=list(data.info.columns) or None)
        st.dataframe(frame, hide_index=True)


def _misfits(info: DatasetInfo) -> None:
    """The variants that cannot be trained on the data, by reason."""
    reasons: dict[str, list[str]] = {}
    for name in presets.VARIANTS:
        preset = presets.get(name)
        try:
            datasets.check(datasets.fitting(preset.spec, info), info)
        except AecoreError as error:
            reason = str(error).replace(f"{info.name} ", "the data set ")
            reasons.setdefault(reason, []).append(preset.title)
    if not reasons:
        notice.caption("Every variant fits.", ":material/check:")
    for reason, titles in reasons.items():
        notice.caption(f"{', '.join(titles)}: not on these data. {reason}.", ":material/block:")


def _classes(data: Data) -> None:
    st.markdown("## Classes")
    if data.train_labels is None or data.validation_labels is None:
        st.caption("No labels: maps have one colour, and no class accuracy is measured.")
        return
    k = len(data.info.classes)
    counts = [np.bincount(labels, minlength=k) for labels in (data.train_labels, data.validation_labels)]
    frame = pd.DataFrame({"class": list(data.info.classes), "train": counts[0], "validation": counts[1]})
    st.dataframe(frame.head(MOST_CLASSES), hide_index=True)
    if k > MOST_CLASSES:
        st.caption(f"The first {MOST_CLASSES} of {k}.")


def _ranges(data: Data) -> None:
    st.markdown("## Values")
    st.dataframe(ranges(data), hide_index=True)
