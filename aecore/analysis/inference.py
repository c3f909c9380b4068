"""Encoding and decoding with ONNX Runtime, without Keras.

Outputs are read by position, since files of older versions have other names (`aecore.store.onnx_file`); `metrics.json`
lists the hidden layers with their positions.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from aecore.datasets.base import as_float
from aecore.errors import RunError
from aecore.specs.fields import unknown
from aecore.store.runs import Run

CHUNK = 1000  # samples in one call: bounds the memory of wide convolutional layers
MAX_SESSIONS = 12  # ONNX Runtime sessions: encoder and decoder of six runs

_sessions: OrderedDict[tuple[str, int, int], onnxruntime.InferenceSession] = OrderedDict()
_lock = threading.Lock()


def encode(run: Run, x: np.ndarray) -> np.ndarray:
    """Codings (n, d) float32 of samples (n, *shape), uint8 images or floats; the means of a variational run.

    Raises `RunError` for a missing or damaged encoder, and for samples of another shape than the run's data.
    """
    return _flat(_outputs(run, "encoder", x, 0))


def log_variance(run: Run, x: np.ndarray) -> np.ndarray:
    """Log-variances (n, d) float32 of the codings. Raises `RunError` for a run that is not variational."""
    if not run.spec.variational:
        raise RunError(f"run {run.key}: got {run.spec.coding} codings, allowed: a variational run")
    return _flat(_outputs(run, "encoder", x, 1))


def decode(run: Run, z: np.ndarray) -> np.ndarray:
    """Reconstructions (n, *shape) float32 of codings (n, d). Raises `RunError` like `encode`."""
    return _outputs(run, "decoder", z, 0)


def reconstruct(run: Run, x: np.ndarray) -> np.ndarray:
    """Reconstructions (n, *shape) float32 of samples (n, *shape)."""
    return decode(run, encode(run, x))


def layer_activations(run: Run, x: np.ndarray, layer_name: str) -> np.ndarray:
    """Activations (n, *layer's shape) float32 of one hidden layer, of either half: 'hidden_1', or its title in the
    run's metrics."""
    layers: Sequence[dict[str, Any]] = run.metrics.get("layers") or ()
    for layer in layers:
        if layer_name in (layer["name"], short_name(layer["name"])):
            inputs = x if layer["side"] == "encoder" else encode(run, x)
            return _outputs(run, layer["side"], inputs, layer["output"])
    names = [layer["name"] for layer in layers] or ["none, the run has no hidden layer"]
    raise RunError(unknown("layer", layer_name, names))


def all_activations(run: Run, x: np.ndarray, z: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Activations (n, ...) float32 by layer: 'codings', the hidden layers as 'hidden_1', and 'output'.

    `z` are codings (n, d) that the decoder gets instead of the encoder's, such as draws of a variational run.
    """
    codings = encode(run, x)
    inputs = {"encoder": x, "decoder": codings if z is None else z}
    hidden = {
        short_name(layer["name"]): _outputs(run, layer["side"], inputs[layer["side"]], layer["output"])
        for layer in run.metrics.get("layers") or ()
    }
    return {"codings": codings, **hidden, "output": decode(run, inputs["decoder"])}


def short_name(title: str) -> str:
    """'hidden_1' for a layer's title in the metrics, 'hidden 1 · dense 100'."""
    return title.split(" · ")[0].replace(" ", "_")


def clear() -> None:
    """Free all cached sessions."""
    with _lock:
        _sessions.clear()


def _outputs(run: Run, half: str, x: np.ndarray, position: int) -> np.ndarray:
    """One output of the encoder or decoder (`half`) for any number of inputs, computed in chunks."""
    session = _session(run, half)
    inputs, outputs = session.get_inputs()[0], session.get_outputs()
    x = np.asarray(x)
    shape = tuple(inputs.shape[1:])
    # Dynamic dimensions are text or None and allow any size.
    if x.ndim != len(shape) + 1 or any(isinstance(b, int) and a != b for a, b in zip(x.shape[1:], shape, strict=True)):
        expected = ", ".join(str(size) for size in ("n", *shape))
        raise RunError(f"run {run.key}: {half} got an array of shape {x.shape}, allowed: ({expected})")
    if position >= len(outputs):
        raise RunError(f"run {run.key}: {half}.onnx has no output {position}; train it again")
    # For zero samples, a sample of zeros gives the shape of the result.
    batch = x if len(x) else np.zeros((1, *x.shape[1:]), np.float32)
    parts = []
    for start in range(0, len(batch), CHUNK):
        part = np.ascontiguousarray(as_float(batch[start : start + CHUNK]))
        try:
            parts.append(session.run([outputs[position].name], {inputs.name: part})[0])
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise RunError(f"run {run.key}: {half} failed ({_line(error)}); train it again") from None
    return np.concatenate(parts).astype(np.float32, copy=False)[: len(x)]


def _session(run: Run, half: str) -> onnxruntime.InferenceSession:
    """The session of the encoder or decoder, from an LRU cache keyed by the file's path, time and size."""
    path = run.folder / f"{half}.onnx"
    try:
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        with _lock:
            if key not in _sessions:
                _sessions[key] = onnxruntime.InferenceSession(str(path), _options(), providers=["CPUExecutionProvider"])
                while len(_sessions) > MAX_SESSIONS:
                    _sessions.popitem(last=False)
            _sessions.move_to_end(key)
            return _sessions[key]
    except OSError as error:
        raise RunError(f"run {run.key}: {half}.onnx cannot be read ({error.strerror}); train it again") from None
    except Exception as error:
        raise RunError(f"run {run.key}: {half}.onnx is damaged ({_line(error)}); train it again") from None


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # visitors share the cores
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena keeps the memory of its largest batch
    options.log_severity_level = 4
    return options


def _flat(codings: np.ndarray) -> np.ndarray:
    return codings.reshape(len(codings), int(np.prod(codings.shape[1:])))


def _line(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
