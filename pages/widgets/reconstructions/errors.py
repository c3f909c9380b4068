"""Charts of a run's error: learning curves, error per class and error per pixel."""

from __future__ import annotations

import streamlit as st

from aecore import figures
from aecore.datasets import Data
from aecore.store.runs import Run
from aecore.text import error_text
from pages.widgets.basics import charts
from pages.widgets.images import run_images
from pages.widgets.server import shared


def learning(run: Run, data: Data) -> None:
    """Draw the learning curves beside the mean error of each class."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("## Learning curves")
        pca_mse = run.metrics.get("pca_mse")
        learning_curves(run, pca_mse, shared.identity(run, "reconstructions.npz"))
        below = "; below the dotted line it is better than PCA of the same size" if pca_mse else ""
        st.caption(f"The error falls fast, then slowly{below}.")
    with right:
        labels = data.validation_labels
        if labels is not None:
            st.markdown("## Error per class")
            charts.draw(
                lambda colours: figures.class_errors(run_images.errors_of(run), labels, data.info.classes, colours),
                of=shared.identity(run, "reconstructions.npz"),
                key="class_errors",
                alt="Mean error of each class, hardest first",
            )
            st.caption(
                "Mean error of each class, hardest first: classes with texture or thin parts have the largest errors."
            )


def pixels(run: Run) -> None:
    """Draw the mean error of each pixel as a heat map."""
    st.markdown("## Error per pixel")
    charts.draw(
        lambda colours: figures.error_heat_map(run_images.pixel_errors_of(run), colours),
        of=shared.identity(run, "reconstructions.npz"),
        key="pixel_errors",
        alt=f"Mean error of each pixel, {error_text(run.metrics.get('val_mse'))} on average",
    )
    st.caption("Mean error of each pixel: largest at edges, where images differ most.")


def learning_curves(
    run: Run, pca_mse: float | None, identity: tuple | None = None, untrained: float | None = None
) -> None:
    """Draw errors against epochs.

    `identity` is the cache key; None while the run trains, for a chart without cache, whose axes hold from the start
    if the error of the `untrained` network is given.
    """
    charts.draw(
        lambda colours: figures.learning_curves(
            run.history,
            pca_mse,
            colours,
            epochs=run.status().get("epochs") or run.spec.epochs,
            components=run.metrics.get("coding_size"),
            untrained=untrained,
        ),
        of=identity,
        key="curves",
        alt=_curves_text(run, pca_mse),
    )


def _curves_text(run: Run, pca_mse: float | None) -> str:
    """Alternative text of the learning curves, with the final validation error and PCA's."""
    mse = run.metrics.get("val_mse")
    text = "Learning curves" if mse is None else f"Learning curves: validation error {error_text(mse)} at the end"
    return f"{text}, PCA {error_text(pca_mse)}" if pca_mse else text
