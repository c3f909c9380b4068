"""A look inside: one sample's activations in any hidden layer, and what each layer is worth as a representation."""

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
SAMPLES = 2000  # whose activations in a hidden layer are looked at; of the codings it is all


@dataclass(frozen=True)
class Activity:
    """What there is to tell of a layer's activations over the validation samples."""

    silent: float  # share of them below `metrics.SILENT`
    mean: float
    dead: int  # units that stay at 0
    stuck: int  # units that hardly change at another value
    lowest: float
    means: np.ndarray  # (units,)


def layer_names(run: Run) -> list[str]:
    """'codings', then the hidden layers of both halves in the order of the data's way through the network."""
    return ["codings", *(layer["name"] for layer in run.metrics.get("layers", []))]


def activations(run: Run, x: np.ndarray, layer: str) -> np.ndarray:
    """(n, ...) activations of samples (n, *shape) in a layer."""
    return inference.encode(run, x) if layer == "codings" else inference.layer_activations(run, x, layer)


def shown_activations(run: Run, layer: str) -> np.ndarray:
    """(n, units) activations of validation samples."""
    if layer == "codings":
        return np.asarray(run.array("codings"), np.float32)
    x = as_float(shared.data(run.spec.dataset).validation[:SAMPLES])
    return activations(run, x, layer).reshape(len(x), -1)


@st.cache_resource(show_spinner=False, max_entries=200)
def activity(cache: str, key: str, modified: int, layer: str) -> Activity:
    """Of a run, named as `shared.identity` names it."""
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
    """Let a person pick a layer and a sample, and show what the layer makes of it."""
    st.markdown("###### A look inside")
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
