"""`encoder.onnx` and `decoder.onnx` of a run: names of inputs and outputs, the batch axis, and where they are from.

The encoder maps `samples` to `codings`, for a variational run `log_variance`, and the activations `hidden_1`, … of its
hidden layers; the decoder maps `codings` to `reconstructions` and the activations of its hidden layers. Files of older
versions have the same inputs and outputs in the same order, by other names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
from onnx import GraphProto

from aecore.errors import RunError
from aecore.specs.run import RunSpec
from aecore.store.files import read_json
from aecore.store.runs import Run

INPUTS = {"encoder": "samples", "decoder": "codings"}
BATCH = "batch"


def metadata(key: str, spec: RunSpec, environment: Mapping[str, Any]) -> dict[str, str]:
    """The properties in a file: the run's key, its spec and the versions that trained it, both JSON."""
    versions = {"python": environment.get("python"), **environment.get("packages", {})}
    return {"key": key, "spec": json.dumps(spec.to_dict()), "versions": json.dumps(versions)}


def named(content: bytes, half: str, outputs: Sequence[str], properties: Mapping[str, str]) -> bytes:
    """The ONNX file `content` with those names of its outputs, `batch` as the first axis, and the properties."""
    model = onnx.load_model_from_string(content)
    graph = model.graph
    names = {graph.input[0].name: INPUTS[half]}
    names |= {value.name: name for value, name in zip(graph.output, outputs, strict=True)}
    _rename(graph, names)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    del graph.value_info[:]  # shapes of inner tensors, with other names for the batch axis
    graph.name = half
    onnx.helper.set_model_props(model, dict(properties))
    return model.SerializeToString()


def content(run: Run, half: str) -> bytes:
    """The run's file of one `half`, named as above whatever version wrote it. Raises `RunError` if it is damaged."""
    path = run.folder / f"{half}.onnx"
    try:
        stored = path.read_bytes()
        if any(prop.key == "key" for prop in onnx.load_model_from_string(stored).metadata_props):
            return stored
        environment = read_json(run.folder / "environment.json", {})
        return named(stored, half, _output_names(run, half), metadata(run.key, run.spec, environment))
    except Exception:  # onnx lets OSError and protobuf's own errors through
        raise RunError(f"run {run.key}: {path.name} cannot be read; train it again") from None


def input_kernel(run: Run) -> np.ndarray | None:
    """The kernel (features, units) of the dense layer that gets the samples; None if the first layer is another one.

    Raises `RunError` for a damaged file.
    """
    try:
        graph = onnx.load(run.folder / "encoder.onnx").graph
        constants = {constant.name: constant for constant in graph.initializer}
        node = next(node for node in graph.node if node.op_type not in ("Reshape", "Cast", "Identity"))
        kernel = constants.get(node.input[1]) if node.op_type in ("MatMul", "Gemm") else None
        return None if kernel is None else np.asarray(onnx.numpy_helper.to_array(kernel))
    except Exception:  # onnx lets OSError and protobuf's own errors through
        raise RunError(f"run {run.key}: encoder.onnx cannot be read; train it again") from None


def _output_names(run: Run, half: str) -> list[str]:
    first = ["reconstructions"] if half == "decoder" else ["codings", *["log_variance"] * run.spec.variational]
    layers = [layer["name"] for layer in run.metrics["layers"] if layer["side"] == half]
    return [*first, *(name.split(" · ")[0].replace(" ", "_") for name in layers)]


def _rename(graph: GraphProto, names: Mapping[str, str]) -> None:
    """Rename tensors in a graph and in the loop bodies that use them."""
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        for tensors in (node.input, node.output):
            tensors[:] = [names.get(name, name) for name in tensors]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, names)
