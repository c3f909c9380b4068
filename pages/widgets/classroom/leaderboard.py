"""The leaderboard on the page: a chart whose points open runs, and the same runs as a table, usable by keyboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from aecore import datasets
from aecore.classroom import leaderboard
from aecore.figures.leaderboard import errors_by_size, ring
from aecore.presets import demonstrations as demo
from aecore.presets.names import run_name
from aecore.specs.base import digest
from aecore.store import runs
from aecore.text import counted, error_text
from pages.widgets.basics import charts
from pages.widgets.basics.notice import plain
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys, knobs

MOST_TICKED = 24


def draw(bar: st.delta_generator.DeltaGenerator) -> None:
    """Draw the leaderboard, with the choice of the data set in `bar`."""
    boards = leaderboard.boards(shared.cache())
    if not boards:
        st.caption("No finished run on this server yet: Train makes the first.")
        return
    shown = boards[_dataset(bar, {name: len(one.rows) for name, one in boards.items()})]
    run_keys = shown.rows["key"].tolist()
    st.session_state[keys.BOARD_KEYS] = run_keys
    _opened()
    here = shown.rows[shown.rows["key"] == active_run.shown_key()]
    charts.draw(
        lambda colours: errors_by_size(shown.rows, shown.best, shown.pca_mse, colours),
        of=(shown.version,),
        add=lambda colours: [ring(here, colours.primary, 20, 3)],
        key=keys.BOARD_CHART,
        alt=f"Error against coding size of {counted(len(run_keys), 'run')}, smallest error "
        f"{error_text(shown.rows['mse'].min())}",
        on_select=_clicked,
        selection_mode="points",
    )
    st.caption(
        f"{counted(len(run_keys), 'run')}. Lower is better, and so is further left: fewer "
        "numbers for the same error. A ring is the best of its size, dotted what PCA reaches, which is the best a "
        "linear code can do."
    )
    _table(_rows(run_keys), shown)


def key_of(event: Any, run_keys: list[str]) -> str | None:
    """The key of the run that was clicked on, from a chart's selection event; None if no run was."""
    selection = event.get("selection") if isinstance(event, Mapping) else None
    points = selection.get("points") if isinstance(selection, Mapping) else None
    for point in points or ():
        key = point.get("customdata") if isinstance(point, Mapping) else None
        key = key[0] if isinstance(key, list) and key else key
        if key in run_keys:
            return str(key)
    return None


def keys_at(event: Any, run_keys: list[str]) -> list[str]:
    """The keys of the selected rows, from a table's selection event."""
    selection = event.get("selection") if isinstance(event, Mapping) else None
    ticked = selection.get("rows") if isinstance(selection, Mapping) else None
    return [run_keys[row] for row in ticked or () if isinstance(row, int) and 0 <= row < len(run_keys)][:MOST_TICKED]


def ticked() -> list[str]:
    """The keys of the runs that are selected in this session's table; the presenter shows them."""
    return st.session_state.get(keys.BOARD_TICKED, [])


def _dataset(bar: st.delta_generator.DeltaGenerator, counts: dict[str, int]) -> str:
    """The data set whose runs are shown, from a select box; initially that of the active run."""
    run = active_run.shown()
    names = list(counts)
    if st.session_state.get(keys.BOARD_DATASET) not in (None, *names):
        del st.session_state[keys.BOARD_DATASET]
    if keys.BOARD_DATASET not in st.session_state and run and run.spec.dataset in names:
        st.session_state[keys.BOARD_DATASET] = run.spec.dataset
    return bar.selectbox(
        "Data set",
        names,
        key=keys.BOARD_DATASET,
        label_visibility="collapsed",
        width=320,
        format_func=lambda name: (
            f"{knobs.in_words('dataset', name)} · {counts[name]:,}" if name in datasets.names() else name
        ),
    )


def _clicked() -> None:
    key = key_of(st.session_state.get(keys.BOARD_CHART), st.session_state.get(keys.BOARD_KEYS, []))
    if key:  # a chart that is redrawn loses its selection, which also calls this
        _open(key)


def _open(key: str) -> None:
    active_run.open_run_of(key)
    if st.session_state[keys.RUN] == key:
        st.session_state[keys.BOARD_OPENED] = key


def _opened() -> None:
    """Draw a line on the run that a click opened, with links to its pages."""
    key = st.session_state.get(keys.BOARD_OPENED)
    if not key or key != st.session_state.get(keys.RUN):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="board_opened_line"):
        name = plain(run_name(runs.open_run(key, shared.cache())))
        st.markdown(f":material/check: Opened: **{name}**. Look at it:", width="content")
        for page, title in (("reconstructions", "Reconstructions"), ("latent_map", "Latent map")):
            st.page_link(f"pages/{page}.py", label=title, width="content")


def _rows(run_keys: list[str]) -> list[str]:
    """The keys in the order of the table's rows.

    The order is stable while the table is shown, because selections arrive as row numbers; runs that finish meanwhile
    are appended. If a run is gone or other runs are shown, the selection moves to a new table with a key of its own.
    """
    state = st.session_state
    rows, table = state.get(keys.BOARD_ROWS, []), str(state.get(keys.BOARD_TABLE))
    looked_at = table in state
    if looked_at:
        state[keys.BOARD_TICKED] = keys_at(state[table], rows)
    if looked_at and set(rows) <= set(run_keys):
        rows = [*rows, *(key for key in reversed(run_keys) if key not in set(rows))]
    else:
        rows, table = run_keys, f"{keys.BOARD_TABLE}_{digest(*run_keys)}"
        state[keys.BOARD_TICKED] = [key for key in ticked() if key in run_keys]
        state[table] = {"selection": {"rows": [rows.index(key) for key in ticked()], "columns": [], "cells": []}}
    state[keys.BOARD_ROWS], state[keys.BOARD_TABLE] = rows, table
    return rows


@st.cache_resource(show_spinner=False, max_entries=16)
def _view(version: str, run_keys: tuple[str, ...], _shown: leaderboard.Board) -> pa.Table:
    """The table of these runs as Arrow, the format in which Streamlit sends it; cached by version and keys."""
    table = _shown.rows.set_index("key").loc[list(run_keys)]
    best, demonstrations = set(_shown.best["key"]), set(demo.keys().values())
    view = pd.DataFrame(
        {
            "Variant": table["name"],
            "Codings": table["codings"],
            "Error (MSE)": table["mse"],
            "Against PCA": 100 * (table["mse"] / table["pca_mse"].where(table["pca_mse"] > 0) - 1),
            "Epochs": table["epochs"],
            "Seed": table["seed"],
            "Trained in": table["seconds"],
            "Note": [_note(key, best, demonstrations) for key in run_keys],
        }
    )
    return pa.Table.from_pandas(view.reset_index(drop=True))


def _table(run_keys: list[str], shown: leaderboard.Board) -> None:
    """Draw the runs as a sortable table; selected runs can be opened and presented."""
    view = _view(shown.version, tuple(run_keys), shown)
    number = st.column_config.NumberColumn
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("## All of them", width="content")
        chosen = ticked()
        st.button(
            "Open",
            key="board_open",
            disabled=len(chosen) != 1,
            on_click=_open,
            args=(*chosen[:1],),
            icon=":material/visibility:",
            help="Tick one run in the table.",
        )
        st.button(
            f"Present {len(chosen) or ''}".strip(),
            key="board_present",
            disabled=not chosen,
            on_click=_present,
            icon=":material/present_to_all:",
            help="Tick the runs to step through.",
        )
    st.dataframe(
        view,
        key=st.session_state[keys.BOARD_TABLE],
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=min(390, 38 + 35 * len(view)),
        column_config={
            "Error (MSE)": number(format="%.4f"),
            "Against PCA": number(format="%+.0f %%"),
            "Trained in": number(format="%.1f s"),
        },
    )


def _note(key: str, best: set[str], demonstrations: set[str]) -> str:
    notes = [("best of its size", key in best), ("demonstration", key in demonstrations)]
    return ", ".join(text for text, sentence in notes if sentence)


def _present() -> None:
    st.session_state[keys.VIEW] = "present"
