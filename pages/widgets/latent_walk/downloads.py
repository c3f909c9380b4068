"""Download buttons of a row of pictures: GIF, PNG and the codings as CSV."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import streamlit as st

from aecore.analysis import inference
from aecore.analysis import interpolation as ways
from aecore.export import walk_files
from aecore.presets.names import run_name
from aecore.store.runs import Run
from pages.widgets.basics import theme

PER_ROW = 10  # pictures in a row
FINE = 25  # pictures of a GIF between two codings


def draw(
    run: Run,
    z: np.ndarray,
    names: Sequence[str],
    name: str,
    *,
    columns: int = PER_ROW,
    framed: Collection[int] = (),
    sheet: Sequence[str] | None = None,
    fine: tuple[np.ndarray, np.ndarray, ways.Path] | None = None,
) -> None:
    """Draw the buttons. A file is created when its button is pressed.

    Parameters
    ----------
    z : the codings (m, d) of the pictures, in rows of `columns`.
    names : names (m) of the codings, in the CSV and below the pictures of the PNG.
    name : prefix of the files' names and the buttons' keys.
    framed : positions of the pictures with a frame; a sheet with frames has no labels.
    sheet : labels of the PNG instead of `names`.
    fine : two codings and the kind of path between them, for a GIF with smaller steps than `z`.
    """
    colours, title = theme.current(), run_name(run)

    def gif() -> bytes:
        path = z if fine is None else ways.interpolate(fine[0], fine[1], FINE, fine[2])
        return walk_files.gif(inference.decode(run, path), colours)

    def png() -> bytes:
        labels = sheet if sheet is not None else None if framed else names
        return walk_files.png(inference.decode(run, z), columns, colours, labels=labels, framed=framed, title=title)

    file = f"{name}-{run.key}"
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "GIF",
            gif,
            f"{file}.gif",
            "image/gif",
            key=f"{name}_gif",
            on_click="ignore",
            icon=":material/movie:",
            help="The pictures there and back, enlarged.",
        )
        st.download_button(
            "PNG",
            png,
            f"{file}.png",
            "image/png",
            key=f"{name}_png",
            on_click="ignore",
            icon=":material/image:",
            help="All pictures on one sheet.",
        )
        st.download_button(
            "Codings (CSV)",
            lambda: walk_files.csv(z, names),
            f"{file}.csv",
            "text/csv",
            key=f"{name}_csv",
            on_click="ignore",
            icon=":material/table:",
            help="A row a picture: its label and all its codings.",
        )
