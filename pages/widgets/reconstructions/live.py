"""Live view of a training: reconstructions of the same samples and the learning curves, updated every second."""

from __future__ import annotations

import streamlit as st

from aecore.datasets import as_float, watched
from aecore.store.runs import Run, open_run
from pages.widgets.images import run_images
from pages.widgets.reconstructions import errors, network, pictures
from pages.widgets.server import render_lock, shared

SECONDS = 1.0  # between two updates


def draw(run: Run) -> None:
    """Draw the live view of a run in training until the training ends."""
    render_lock.polling_fragment(_draw, run.key, SECONDS)(run.key)


def _draw(key: str) -> None:
    """Draw the images of the newest snapshot and the learning curves."""
    run = open_run(key, shared.cache())
    snapshot = run.latest_snapshot()
    network.draw_live(run)
    data = shared.data(run.spec.dataset)
    if snapshot:
        output = as_float(snapshot["reconstructions"][: run_images.SHOWN])
        index = watched(len(data.validation), data.validation_labels)[: run_images.SHOWN]
        x = as_float(data.validation[index])
        pictures.comparison([("original", x), ("reconstruction", output)], x, output, data.names_of(index))
    errors.learning_curves(run, run.status().get("pca_mse"), untrained=run.untrained_error())
    st.caption("Loss at each step; the dotted line is PCA with as many components.")
