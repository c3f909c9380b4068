"""The chosen layer of the network's drawing: its facts, and the activations of the sample on show."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from aecore import figures
from aecore.analysis import metrics
from aecore.analysis.forward_pass import ForwardPass
from aecore.analysis.network_layers import Layer
from aecore.store import onnx_file
from aecore.store.runs import Run
from aecore.text import counted, error_text
from pages.widgets.basics import charts
from pages.widgets.images import grid

MAPS_SHOWN = 32
KERNELS_SHOWN = 16


def draw(layer: Layer, through: ForwardPass | None) -> None:
    """Draw a layer's facts and, if the network is trained, the activations of the sample in it."""
    name = layer.name.replace("_", " ")
    facts = [layer.kind] if layer.kind else []
    facts += [counted(math.prod(layer.shape), "output" if layer.name != "input" else "number")]
    facts += [counted(layer.parameters, "parameter")] if layer.parameters else []
    st.markdown(f"**{name.capitalize()}** · {' · '.join(facts)}")
    if through is None:
        st.caption("These settings are not trained: press Train to see what this layer does with an image.")
        return
    values = through.activations[layer.name].reshape(layer.shape)
    if layer.part in ("input", "output"):
        _sample(layer, values, through)
    elif through.deviations is not None and layer.part == "codings":
        _distributions(values, through)
    elif len(layer.shape) == 3:
        maps = np.moveaxis(values, -1, 0)[:MAPS_SHOWN]
        low, high = float(maps.min()), float(maps.max())
        labels = [f"Feature map {number + 1} of {name}" for number in range(len(maps))]
        grid.thumbnails((maps - low) / max(high - low, 1e-9), labels, per_row=16)
        st.caption("Each picture is one feature map. Look for edges, sides, filled shapes.")
    else:
        over = ", averaged over the rows" if len(layer.shape) == 2 else ""
        _bars(values.mean(axis=0) if len(layer.shape) == 2 else values, name)
        st.caption(
            f"Each bar is one of {counted(layer.shape[-1], 'unit')}{over}. Try two samples of one class: similar bars."
        )


def kernels(run: Run, activations: np.ndarray, shape: tuple[int, ...]) -> None:
    """Draw the kernels, as images of this shape, of the first layer's units that are most active; nothing if that layer
    is not dense."""
    kernel = onnx_file.input_kernel(run)
    if kernel is None:
        return
    units = np.argsort(-np.abs(activations), kind="stable")[:KERNELS_SHOWN]
    weights = kernel.T[units]
    images = 0.5 + 0.5 * weights / np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1e-9)
    labels = [f"Kernel of unit {unit + 1}" for unit in units]
    grid.thumbnails(images.reshape(-1, *shape), labels, per_row=KERNELS_SHOWN)
    shared = " The output layer uses the same kernels, transposed." if run.spec.tied else ""
    st.caption(
        f"Kernels of the {len(units)} units most active for this sample: white pixels raise the activation, black ones "
        f"lower it.{shared}"
    )


def _bars(values: np.ndarray, name: str) -> None:
    charts.draw(
        lambda colours: figures.layer_activity(values, colours),
        of=(values.tobytes(),),
        key="activity",
        alt=f"Activations of {name}",
    )


def _distributions(means: np.ndarray, through: ForwardPass) -> None:
    deviations, draw = through.deviations, through.draw
    assert deviations is not None and draw is not None
    charts.draw(
        lambda colours: figures.coding_distributions(means, deviations, draw, colours),
        of=(means.tobytes(), deviations.tobytes(), draw.tobytes()),
        key="activity",
        alt="Mean and standard deviation of each coding of the sample, and the draw that is decoded",
    )
    st.caption(
        "The encoder gives each coding a mean μ and a standard deviation σ; the decoder gets the draw (×). A coding "
        "whose σ is near 1 and whose μ is near 0 carries no information about the image."
    )


def _sample(layer: Layer, values: np.ndarray, through: ForwardPass) -> None:
    source = through.activations["input"]
    shown = {"input": source}
    if layer.part == "output":
        shown |= {"output": values, "difference": grid.difference(source[None], values[None])[0]}
    if source.ndim >= 2:
        grid.show([("", list(shown.values()))], list(shown), per_row=3)
    else:
        grid.show([(title, [sample]) for title, sample in shown.items()], [""], per_row=1)
    if layer.part == "output":
        error = metrics.per_sample_mse(source[None], values[None])[0]
        st.caption(f"Mean squared error of this sample {error_text(error)}.")
