"""Pictures of the guide's steps, each computed from trained runs for one value of the step's control."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from aecore import datasets
from aecore.analysis import corruption, inference, latent_axes, metrics
from aecore.datasets import Data, as_float
from aecore.store.runs import Run
from aecore.text import counted, error_text
from pages.widgets.images import grid, run_images
from pages.widgets.server import shared

SHOWN = 10  # samples in a row


def bottleneck(found: Sequence[Run], data: Data, kept: int) -> None:
    """Draw reconstructions from the first `kept` principal components of the codings."""
    (run,) = found
    index = _one_of_each(data)
    x, codings = _samples(data, index), np.asarray(shared.array(run, "codings"), np.float32)
    mean, axes = metrics.principal_axes(codings, kept)
    output = inference.decode(run, mean + (codings[index] - mean) @ axes @ axes.T)
    _rows(data, index, x, {"input": x, "reconstruction": output}, "reconstruction")
    st.caption(
        f"Reconstructions from {counted(kept, 'number')} an image, the first of the {run.spec.coding_size} principal "
        f"components of the codings; mean squared error {_mse(x, output)}. Silhouettes come first, shades later. A "
        "network trained with as few codings does better: open these settings to train one."
    )


def depth(found: Sequence[Run], data: Data, name: str) -> None:
    """Draw reconstructions of one class by a network with hidden layers and by one without."""
    linear, deep = found
    group = data.info.classes.index(name)
    index = run_images.choose("class", np.zeros(0), data.validation_labels, group=group, n=SHOWN)
    x = _samples(data, index)
    outputs = {run: as_float(run_images.reconstructions_of(run)[index]) for run in (linear, deep)}
    rows = {"input": x, "no hidden layer": outputs[linear], "hidden layers": outputs[deep]}
    _rows(data, index, x, rows, "hidden layers", columns=[f"no. {number}" for number in index])
    size, other = linear.spec.coding_size, deep.spec.coding_size
    sizes = f"Both have {size} codings" if size == other else f"They have {size} and {other} codings"
    all_images = " and ".join(error_text(run.metrics.get("val_mse")) for run in (linear, deep))
    st.caption(
        f"Mean squared error of these images {_mse(x, outputs[linear])} without hidden layers and "
        f"{_mse(x, outputs[deep])} with them; {all_images} over all classes. {sizes}."
    )


def convolution(found: Sequence[Run], data: Data, layer: str) -> None:
    """Draw the feature maps of one sample in a convolutional layer."""
    (run,) = found
    index = _one_of_each(data)[-1:]
    x = _samples(data, index)
    maps = np.moveaxis(inference.layer_activations(run, x, layer)[0], -1, 0)
    low, high = float(maps.min()), float(maps.max())
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        with st.container(width=110):
            grid.large_image(x[0], alt=data.names_of(index)[0], width=110, caption="input")
        with st.container():
            name = layer.replace("_", " ")
            labels = [f"Feature map {number + 1} of {name}" for number in range(len(maps))]
            grid.thumbnails((maps - low) / max(high - low, 1e-9), labels)
    height, width = maps.shape[1:]
    st.caption(
        f"{len(maps)} feature maps of {height} × {width}, bright where the filter's pattern is "
        "found. Look for edges, sides and filled areas; a black map has not found its pattern in this image."
    )


def noise(found: Sequence[Run], data: Data, rate: float) -> None:
    """Draw corrupted samples, restored by a denoising run and by one trained without noise."""
    denoising, plain = found
    index = _one_of_each(data)
    x = _samples(data, index)
    noisy = corruption.corrupt(x, denoising.spec.replace(noise_rate=rate))
    outputs = {run: inference.reconstruct(run, noisy) for run in found}
    rows = {"noisy input": noisy, "trained without": outputs[plain], "trained with noise": outputs[denoising]}
    _rows(data, index, x, {"original": x, **rows}, "trained with noise")
    st.caption(
        f"Mean squared error against the original: {_mse(x, outputs[denoising])} trained with noise (rate "
        f"{denoising.spec.noise_rate:g}), {_mse(x, outputs[plain])} trained without. Good: the noise goes, the shape "
        "stays. Far below the rate of its training the other network may be the better one."
    )


def sparsity(found: Sequence[Run], data: Data, kept: int) -> None:
    """Draw reconstructions from the `kept` largest activations, by a sparse run and by one without penalty."""
    sparse, dense = found
    index = _one_of_each(data)
    x = _samples(data, index)
    outputs, silent = {}, {}
    for run in found:
        codings = np.asarray(shared.array(run, "codings")[index], np.float32)
        outputs[run] = inference.decode(run, strongest(codings, kept))
        silent[run] = f"{100 * run.metrics['silent_share']:.0f} %"
    rows = {"input": x, "no penalty": outputs[dense], "sparse": outputs[sparse]}
    _rows(data, index, x, rows, "sparse")
    st.caption(
        f"Only the {counted(kept, 'largest coding')} of each image {'is' if kept == 1 else 'are'} decoded, the others "
        f"are set to 0: mean squared error {_mse(x, outputs[sparse])} with the penalty, {_mse(x, outputs[dense])} "
        f"without. Of all activations {silent[sparse]} are below {metrics.SILENT:g} with it, {silent[dense]} without."
    )


def strongest(codings: np.ndarray, kept: int) -> np.ndarray:
    """Codings (n, d) with all but the `kept` largest absolute values of each row set to 0."""
    order = np.argsort(-np.abs(codings), axis=1, kind="stable")
    result = np.zeros_like(codings)
    np.put_along_axis(result, order[:, :kept], np.take_along_axis(codings, order[:, :kept], axis=1), axis=1)
    return result


def probability(found: Sequence[Run], data: Data, temperature: float) -> None:
    """Draw decoded random codings of a variational run and of a plain one."""
    variational, plain = found
    rows = [
        (title, inference.decode(run, latent_axes.sample(run, SHOWN, temperature=temperature)))
        for title, run in (("variational", variational), ("plain", plain))
    ]
    grid.show(rows, [f"draw {number}" for number in range(1, SHOWN + 1)])
    st.caption(
        "Random codings, decoded. Above drawn from the standard normal distribution, times the temperature; below each "
        "coding of a plain network drawn from the values that it takes in the data. Good: every draw could be an image "
        "of the data set. At temperature 0 all draws are the centre; far above 1 they leave the data."
    )


def _one_of_each(data: Data) -> np.ndarray:
    """Numbers of the first validation sample of each class."""
    return datasets.watched(len(data.validation), data.validation_labels)[:SHOWN]


def _samples(data: Data, index: np.ndarray) -> np.ndarray:
    return as_float(data.validation[index])


def _rows(
    data: Data,
    index: np.ndarray,
    x: np.ndarray,
    rows: dict[str, np.ndarray],
    measured: str,
    columns: list[str] | None = None,
) -> None:
    """Draw rows of samples by title, with the error of the row `measured` against `x` below each column."""
    errors = [error_text(error) for error in metrics.per_sample_mse(x, rows[measured])]
    grid.show(list(rows.items()), columns or data.names_of(index), ("MSE", errors))


def _mse(x: np.ndarray, output: np.ndarray) -> str:
    return error_text(metrics.mse(x, output))
