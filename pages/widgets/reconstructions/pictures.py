"""Image grid of samples and their reconstructions, with differences and errors."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aecore.analysis import corruption, inference, metrics
from aecore.datasets import Data, as_float
from aecore.store.runs import Run
from aecore.text import error_text
from pages.widgets.images import grid, run_images
from pages.widgets.session import controls, keys, selection


def draw(run: Run, data: Data) -> None:
    """Draw the choice of samples and the grid; a denoising run gets corrupted samples as its input."""
    labels, names = data.validation_labels, data.info.classes
    ways = {way: text for way, text in run_images.WAYS.items() if names or way not in ("each", "class")}
    selection.forget_other(data)
    if selection.current():
        ways["selection"] = "Selected on the map"
    bar = st.container(horizontal=True, vertical_alignment="center")
    way = controls.segments(bar, "Which images", ways, keys.SHOW)
    group = 0
    if way == "class":
        name = controls.choice(bar.selectbox, "Class", names, key=keys.CLASS, label_visibility="collapsed", width=180)
        group = names.index(name)
    if way == "random" and bar.button("Another ten", icon=":material/casino:"):
        st.session_state[keys.DRAW] = st.session_state.get(keys.DRAW, 0) + 1
    if way == "selection":
        index = np.array(selection.current()[: run_images.SHOWN])
    else:
        index = run_images.choose(
            way, run_images.errors_of(run), labels, group=group, seed=st.session_state.get(keys.DRAW, 0)
        )
    x, columns = as_float(data.numbered(index)), data.names_of(index)
    if run.spec.corrupts_input:
        noisy = corruption.corrupt(x, run.spec)
        output = inference.reconstruct(run, noisy)
        rows = [("original", x), ("noisy", noisy), ("reconstruction", output)]
    elif (index >= len(data.validation)).any():  # only reconstructions of validation samples are stored
        output = inference.reconstruct(run, x)
        rows = [("original", x), ("reconstruction", output)]
    else:
        output = as_float(run_images.reconstructions_of(run)[index])
        rows = [("original", x), ("reconstruction", output)]
    comparison(rows, x, output, columns)


def comparison(rows: list[tuple[str, np.ndarray]], x: np.ndarray, output: np.ndarray, columns: list[str]) -> None:
    """Draw rows of samples (title, (n, *shape)), and below them the difference and the error of `output` against `x`.

    Vectors are drawn as bars; `columns` are the titles of the n columns.
    """
    errors = [error_text(error) for error in metrics.per_sample_mse(x, output)]
    grid.show([*rows, ("difference", grid.difference(x, output))], columns, ("MSE", errors))
    if x.ndim >= 3:
        st.caption("Difference: orange where the reconstruction is too bright, blue where it is too dark.")
