"""Activations of hidden layers: one sample's activations, and statistics and a histogram over validation samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from aecore import figures
from aecore.analysis import inference, metrics
from aecore.datasets import Data, as_float
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.basics import charts
from pages.widgets.images import grid
from pages.widgets.server import render_lock, shared

MAPS_SHOWN = 32
SAMPLES = 2000  # validation samples for the statistics of a hidden layer; those of the codings use all


@dataclass(frozen=True)
class Activity:
    """Statistics of a layer's activations over the validation samples."""

    silent: float  # share of activations below `metrics.SILENT`
    mean: float
    dead: int  # units that stay at 0
    stuck: int  # units that stay near a value other than 0
    lowest: float
    means: np.ndarray  # (units,)


def layer_names(run: Run) -> list[str]:
    """'codings', then the hidden layers of encoder and decoder in the order of the forward pass."""
    return ["codings", *(layer["name"] for layer in run.metrics.get("layers", []))]


def activations(run: Run, x: np.ndarray, layer: str) -> np.ndarray:
    """(n, ...) activations of samples (n, *shape) in a layer."""
    return inference.encode(run, x) if layer == "codings" else inference.layer_activations(run, x, layer)


def shown_activations(run: Run, layer: str) -> np.ndarray:
    """(n, units) activations of the validation samples: all for the codings, the first `SAMPLES` for a hidden layer."""
    if layer == "codings":
        return np.asarray(run.array("codings"), np.float32)
    x = as_float(shared.data(run.spec.dataset).validation[:SAMPLES])
    return activations(run, x, layer).reshape(len(x), -1)


@st.cache_resource(show_spinner=False, max_entries=200)
def activity(cache: str, key: str, modified: int, layer: str) -> Activity:
    """The `Activity` of a layer, cached by the run's `shared.identity`."""
    values = shown_activations(runs.open_run(key, shared.cache()), layer)
    return Activity(
        metrics.silent_share(values),
        float(values.mean()),
        metrics.dead_units(values),
        metrics.stuck_units(values),
        float(values.min()),
        values.mean(axis=0),
    )


@render_lock.fragment
def draw(run: Run, data: Data) -> None:
    """Draw pickers of a layer and a sample, the sample's activations in that layer, and the layer's statistics."""
    st.markdown("## Activations")
    names = layer_names(run)
    left, right = st.columns([3, 1])
    layer = left.selectbox("Layer", names, key="layer", help="Any layer can serve as the representation.")
    last = len(data.validation) - 1
    number = right.number_input("Sample", 0, last, 0, key="activations_sample")
    x = as_float(data.validation[number : number + 1])
    output = activations(run, x, layer)[0]
    if data.info.is_image:
        picture, chart = st.columns([1, 4], vertical_alignment="center")
        with picture:
            grid.large_image(x[0], alt=f"Sample {number}", width=140)
    else:
        chart = st.container()
    with chart:
        if output.ndim == 3:
            maps = np.moveaxis(output, -1, 0)[:MAPS_SHOWN]
            low, high = maps.min(), maps.max()
            grid.thumbnails((maps - low) / max(high - low, 1e-9), [f"map {i + 1}" for i in range(len(maps))])
            shape = " × ".join(map(str, output.shape))
            st.caption(f"{shape}: each picture is one feature map. Look for edges, sides, filled shapes.")
        else:
            values = output.mean(axis=0) if output.ndim == 2 else output
            charts.draw(
                lambda colours: figures.layer_activity(values, colours),
                of=(values.tobytes(),),
                key="activity",
                alt=f"Activations of {layer}",
            )
            over = ", averaged over the rows" if output.ndim == 2 else ""
            st.caption(f"Each bar is one of {values.size:,} units{over}. Try two samples of one class: similar bars.")
