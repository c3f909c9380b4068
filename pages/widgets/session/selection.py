"""The selected samples of a session, as numbers that survive changes of map, run and page, and their panel."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np
import streamlit as st

from aecore.datasets import Data, as_float
from aecore.export import codings
from aecore.store.runs import ResultFolder, Run
from aecore.text import counted
from pages.widgets.basics import notice
from pages.widgets.basics.notice import plain
from pages.widgets.components import thumbnails
from pages.widgets.session import keys

SHOWN = 32
MOST_NAMES = 20
TABLES = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "npz": ("NumPy (NPZ)", "application/zip"),
}


def current() -> list[int]:
    """The numbers of the selected samples (see `aecore.datasets.Data`), in the order in which they were picked."""
    return st.session_state.get(keys.SELECTION, [])


def choose(numbers: list[int], data: Data) -> None:
    """Select the samples of a data set with these numbers."""
    st.session_state[keys.SELECTION] = numbers
    st.session_state[keys.SELECTION_OF] = data.info.name


def forget_other(data: Data) -> None:
    """Clear the selection, the named selections and the marked point if they belong to another data set."""
    if st.session_state.get(keys.SELECTION_OF, data.info.name) != data.info.name:
        for name in (keys.SELECTION, keys.NAMED, keys.POINT):
            st.session_state.pop(name, None)


def draw(run: Run, data: Data, work: ResultFolder) -> None:
    """Draw the selection as thumbnails with class counts, and its buttons: clear, open, download, name."""
    numbers = current()
    names = st.session_state.get(keys.NAMED, {})
    if not numbers:
        _named(data, names)
        return
    labels = data.labels_of(np.array(numbers))
    counts = Counter(data.info.classes[label] for label in labels) if labels is not None else Counter()
    class_counts = "".join(f" · {count} {plain(name)}" for name, count in counts.most_common(5))
    st.markdown(f"**Selected: {counted(len(numbers), 'sample')}**{class_counts}")
    titles = data.captions_of(numbers[:SHOWN])
    clicked = thumbnails.thumbnails(as_float(data.numbered(np.array(numbers[:SHOWN]))), titles, key="selected_images")
    if clicked is not None and clicked < len(numbers):
        st.session_state[keys.POINT] = numbers[clicked]
        st.rerun(scope="fragment")
    if len(numbers) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(numbers):,}.")
    with st.container(horizontal=True, gap="small"):
        if st.button("Clear", key="clear"):
            choose([], data)
            st.session_state[keys.POINT] = None
            st.rerun(scope="fragment")
        if st.button("Open in Latent walk", key="to_walk"):
            st.session_state[keys.WALK_FROM] = numbers[0]
            st.switch_page("pages/latent_walk.py")
        if st.button("Reconstructions", key="to_reconstructions"):
            st.session_state[keys.SHOW] = "selection"
            st.switch_page("pages/reconstructions.py")
        with st.popover("Download", icon=":material/download:"):
            _downloads(run, data, work, numbers)
        with st.popover("Name it", icon=":material/bookmark:"):
            _name(data, numbers, names)
    _named(data, names)


def _downloads(run: Run, data: Data, work: ResultFolder, numbers: list[int]) -> None:
    """Draw the download buttons. Files are made when they are clicked."""
    st.caption("Number, class, all codings (32-bit) and place on this map of each selected sample.")
    for kind, (label, media) in TABLES.items():
        st.download_button(
            label,
            partial(_file, kind, run, data, work, numbers),
            f"selection-{run.key}.{kind}",
            media,
            key=kind,
            on_click="ignore",
        )


def _file(kind: str, run: Run, data: Data, work: ResultFolder, numbers: list[int]) -> bytes:
    return codings.WRITERS[kind](codings.table(run, data, numbers, work))


def _name(data: Data, numbers: list[int], names: dict[str, list[int]]) -> None:
    given = st.text_input("Name of this selection", max_chars=40, key="selection_name").strip()
    if st.button("Keep", key="keep_selection", disabled=not given):
        if given not in names and len(names) >= MOST_NAMES:
            notice.warning(f"Selections: got a {MOST_NAMES + 1}st, allowed: {MOST_NAMES}. Give one of the old names.")
            return
        st.session_state[keys.NAMED] = {**names, given: list(numbers)}
        st.rerun(scope="fragment")


def _named(data: Data, names: dict[str, list[int]]) -> None:
    if not names:
        return
    st.caption("Kept selections")
    with st.container(horizontal=True, gap="small"):
        for place, (name, numbers) in enumerate(names.items()):
            if st.button(f"{plain(name)} ({len(numbers):,})", key=f"named_{place}"):
                choose(list(numbers), data)
                st.rerun(scope="fragment")
