"""Writer of a finished training's results: arrays, metrics, the Keras model, and encoder and decoder as ONNX."""

from __future__ import annotations

import contextlib
import io
import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from aecore.analysis import metrics
from aecore.datasets import Data, as_float
from aecore.store import onnx_file
from aecore.store.files import write_array, write_arrays, write_json
from aecore.store.runs import Run
from aecore.worker.training import keras_file
from aecore.worker.training.architectures import Autoencoder, hidden_layers, layer_title
from aecore.worker.training.batches import decode, encode, in_batches
from aecore.worker.training.layers import keras_model
from aecore.worker.training.record import compact, half

OPSET = 17
LAYER_SAMPLES = 500  # samples for the statistics of hidden layers, since feature maps are large
MAX_TRAIN_CODINGS = 10_000
MAX_TRAIN_NUMBERS = 50_000
WIDE = 64


def finish(run: Run, model: Autoencoder, data: Data, pca_errors: np.ndarray, summary: dict[str, Any]) -> None:
    """Write all files except status and mark into the run's folder. `summary` holds the metrics from `Fit.summary`."""
    info, folder = data.info, run.folder
    codings, *more = in_batches(model.encoder, data.validation)
    log_var = more[0] if model.spec.variational else None
    reconstructions = decode(model, codings)
    width = codings.shape[1]
    write_array(folder / "codings.npy", codings if width <= WIDE else half(codings))
    n = min(MAX_TRAIN_CODINGS, max(1, MAX_TRAIN_NUMBERS // width), info.n_train)
    write_array(folder / "codings_train.npy", half(encode(model, data.train[:n])))
    write_arrays(folder / "reconstructions.npz", {"x": compact(reconstructions, info.is_image)})

    encoder, decoder = halves(model)
    layers = describe_layers(model)
    write_arrays(folder / "activations.npz", _statistics(encoder, decoder, layers, codings, data.validation))
    clean = as_float(data.validation)
    kl = metrics.kl_per_dimension(codings, log_var).tolist() if log_var is not None else None
    write_json(
        folder / "metrics.json",
        {
            "key": run.key,
            "parameters": model.count_params(),
            **summary,
            "rounded_accuracy": metrics.rounded_accuracy(clean, reconstructions) if info.unit_range else None,
            "pca_mse": metrics.pca_mse(pca_errors, width),
            "mean_mse": metrics.pca_mse(pca_errors, 0),  # of the mean training sample, see `aecore.analysis.learned`
            "coding_size": width,
            "coding_shape": list(model.coding_shape),
            "active_dimensions": metrics.active_dimensions(codings),
            "kl_per_dimension": kl,
            "silent_share": metrics.silent_share(codings),
            "mean_activation": float(codings.mean()),
            "dead_units": metrics.dead_units(codings),
            "layers": layers,
        },
    )
    versions = environment()
    write_json(folder / "environment.json", versions)
    keras_file.write(model, folder / "model.keras")
    properties = onnx_file.metadata(run.key, model.spec, versions)
    export_half(encoder, folder / "encoder.onnx", properties)
    export_half(decoder, folder / "decoder.onnx", properties)


def halves(model: Autoencoder) -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder with their hidden layers' activations as further outputs; they share the weights.

    Encoder outputs: codings, for variational ones log-variance, hidden layers. Decoder: reconstruction, hidden layers.
    """
    encoder, decoder = (
        keras_model(part.input, [*part.outputs, *(layer.output for layer in hidden_layers(part))], part.name)
        for part in (model.encoder, model.decoder)
    )
    return encoder, decoder


def describe_layers(model: Autoencoder) -> list[dict[str, Any]]:
    """Name, side, output position and shape of every hidden layer, as `metrics.json` lists them."""
    return [
        {
            "name": layer_title(layer),
            "side": part.name,
            "output": position,
            "shape": list(layer.output.shape[1:]),
        }
        for part in (model.encoder, model.decoder)
        for position, layer in enumerate(hidden_layers(part), len(part.outputs))
    ]


def export_half(model: keras.Model, path: Path, properties: Mapping[str, str] = MappingProxyType({})) -> None:
    """Write an encoder or decoder to `path` as ONNX; inputs and outputs are named after their layers.

    The batch axis is dynamic. `properties`: metadata, see `onnx_file.metadata`.
    """

    def export(target: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            model.export(target, format="onnx", verbose=False, opset_version=OPSET)
        content = Path(target).read_bytes()
        Path(target).write_bytes(onnx_file.named(content, model.name, model.output_names, properties))

    keras_file.write_beside(path, export)


def environment() -> dict[str, Any]:
    """Versions of the libraries and facts of the machine, to explain differences between runs."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in ("numpy", "keras", "tensorflow", "onnx", "tf2onnx")},
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "finished": time.time(),
    }


def _version(name: str) -> str:
    for candidate in (name, f"{name}-cpu"):
        with contextlib.suppress(PackageNotFoundError):
            return version(candidate)
    return "unknown"


def _statistics(
    encoder: keras.Model, decoder: keras.Model, layers: list[dict[str, Any]], codings: np.ndarray, samples: np.ndarray
) -> dict[str, np.ndarray]:
    """`layers` (names, codings first) and for the i-th of them `counts_i`, `edges_i` (histogram) and `means_i`."""
    outputs = {
        "encoder": in_batches(encoder, samples[:LAYER_SAMPLES]),
        "decoder": in_batches(decoder, codings[:LAYER_SAMPLES]),
    }
    named = [("codings", codings), *((layer["name"], outputs[layer["side"]][layer["output"]]) for layer in layers)]
    arrays: dict[str, np.ndarray] = {"layers": np.array([name for name, _ in named])}
    for i, (_, activations) in enumerate(named):
        arrays[f"counts_{i}"], arrays[f"edges_{i}"] = metrics.histogram(activations)
        arrays[f"means_{i}"] = metrics.unit_means(activations)
    return arrays
