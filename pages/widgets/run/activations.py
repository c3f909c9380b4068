"""Activations of a run's layers over the validation samples, and their statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from aecore.analysis import inference, metrics
from aecore.datasets import as_float
from aecore.store import runs
from aecore.store.runs import Run
from pages.widgets.server import shared

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
