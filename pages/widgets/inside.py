"""A look inside: one sample's activations in any hidden layer, and what each layer is worth as a representation."""

from __future__ import annotations

import numpy as np
import streamlit as st

from aecore import figures, inference
from aecore.datasets import Data, as_float
from aecore.runs import Run
from pages.widgets import charts, image_grid, turns

MAPS_SHOWN = 32


def layer_names(run: Run) -> list[str]:
    """'codings', then the hidden layers of both halves in the order of the data's way through the network."""
    return ["codings", *(layer["name"] for layer in run.metrics.get("layers", []))]


def activations(run: Run, x: np.ndarray, layer: str) -> np.ndarray:
    """(n, ...) activations of samples (n, *shape) in a layer."""
    return inference.encode(run, x) if layer == "codings" else inference.layer_activations(run, x, layer)


@turns.fragment
def draw(run: Run, data: Data) -> None:
    """Let a person pick a layer and a sample, and show what the layer makes of it."""
    st.markdown("###### A look inside")
    names = layer_names(run)
    left, right = st.columns([3, 1])
    layer = left.selectbox("Layer", names, key="layer", help="Any layer can serve as the representation.")
    last = len(data.validation) - 1
    number = right.number_input("Sample", 0, last, 0, key="sample")
    x = as_float(data.validation[number : number + 1])
    activity = activations(run, x, layer)[0]
    if data.info.is_image:
        picture, chart = st.columns([1, 4], vertical_alignment="center")
        with picture:
            image_grid.large_image(x[0], alt=f"Sample {number}", width=140)
    else:
        chart = st.container()
    with chart:
        if activity.ndim == 3:
            maps = np.moveaxis(activity, -1, 0)[:MAPS_SHOWN]
            low, high = maps.min(), maps.max()
            image_grid.thumbnails((maps - low) / max(high - low, 1e-9), [f"map {i + 1}" for i in range(len(maps))])
            shape = " × ".join(map(str, activity.shape))
            st.caption(f"{shape}: each picture is one feature map. Look for edges, sides, filled shapes.")
        else:
            values = activity.mean(axis=0) if activity.ndim == 2 else activity
            charts.draw(
                lambda colours: figures.layer_activity(values, colours), of=(values.tobytes(),), key="activity",
                alt=f"Activations of {layer}",
            )  # fmt: skip
            over = ", averaged over the rows" if activity.ndim == 2 else ""
            st.caption(f"Each bar is one of {values.size:,} units{over}. Try two samples of one class: similar bars.")
