"""A finished run that nobody trained: its codings are random projections, each half is one dense layer.

Written in milliseconds, in any shape, healthy or not; every picture it decodes can be computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from aecore import datasets
from aecore.analysis import metrics
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run

STEEP = 20.0  # of a hash's sigmoid: its codings lie near 0 and 1


def write(
    spec: RunSpec,
    folder: Path,
    *,
    odd: bool = False,
    codings: float | np.ndarray = 1.0,
    weight: float | None = None,
) -> Run:
    """A finished run of `spec` in a cache folder. `codings` scales them, each by its own number where it is (d,) (0:
    collapsed), `odd` puts an operation into both halves that no browser of ours knows, `weight` replaces all weights of
    the decoder."""
    run = runs.run_of(spec, folder)
    run.begin(spec)
    data, d = datasets.load(spec.dataset), spec.coding_size
    shape, features = list(data.info.shape), data.info.features
    project = np.random.default_rng(7).normal(size=(features, d)).astype(np.float32) * codings
    found = {}
    for name, samples in (("codings", data.validation), ("codings_train", data.train)):
        x = datasets.as_float(samples).reshape(len(samples), -1)
        z = (x - x.mean(axis=0)) @ project
        if spec.coding_activation == "sigmoid":
            z = 1 / (1 + np.exp(np.clip(-STEEP * z, -50, 50)))
        found[name] = z.astype(np.float32)
        files.write_array(run.folder / f"{name}.npy", found[name])
    decoder = weights(d, features) if weight is None else np.full((d, features), weight, np.float32)
    variational = spec.coding == "variational"
    files.write_bytes(run.folder / "encoder.onnx", _dense(project, shape, [d], odd, two=variational))
    files.write_bytes(run.folder / "decoder.onnx", _dense(decoder, [d], shape, odd))
    measured = {
        "coding_size": d,
        "coding_shape": [d],
        "val_mse": 0.05,
        "active_dimensions": metrics.active_dimensions(found["codings"]),
        "kl_per_dimension": np.broadcast_to(0.5 * np.asarray(codings), d).tolist() if variational else None,
    }
    files.write_json(run.folder / "metrics.json", measured)
    run.write_status(state="finished")
    run.mark("DONE")
    return run


def weights(d: int, features: int) -> np.ndarray:
    """The decoder's kernel (d, features); a sample is the sigmoid of codings times it."""
    return np.random.default_rng(8).normal(size=(d, features)).astype(np.float32)


def _dense(kernel: np.ndarray, before: list[int], after: list[int], odd: bool, two: bool = False) -> bytes:
    """An ONNX file of one dense layer between samples of two shapes; with `two`, log-variances of -2 follow."""
    steps = [("Reshape", ["x", "flat"], "a"), ("MatMul", ["a", "kernel"], "b"), ("Sigmoid", ["b"], "c")]
    steps += [("Atan", ["c"], "d")] if odd else []
    steps += [("Reshape", [steps[-1][2], "shape"], "y")]
    steps += [("Mul", ["y", "none"], "e"), ("Sub", ["e", "two"], "v")] if two else []
    constants = {
        "kernel": kernel.astype(np.float32),
        "flat": np.array([-1, len(kernel)]),
        "shape": np.array([-1, *after]),
        "none": np.array(0, np.float32),
        "two": np.array(2, np.float32),
    }
    used = {name for _, inputs, _ in steps for name in inputs}
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps],
        "half",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *before])],
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, ["n", *after]) for y in (("y", "v") if two else ("y",))],
        [numpy_helper.from_array(array, name) for name, array in constants.items() if name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()
