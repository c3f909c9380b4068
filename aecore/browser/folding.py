"""Constant folding: the ONNX operations that NumPy evaluates while compiling.

`VIEW_OPS` only move elements: applied to the index array of a view they give the index array of the result.
`CONSTANT_OPS` are evaluated for constants only. Operators: https://onnx.ai/onnx/operators, opset 17.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import helper

Attributes = dict[str, Any]


def evaluate(op: str, attributes: Attributes, inputs: list[np.ndarray | None]) -> np.ndarray:
    """The result of an operation of `VIEW_OPS` or `CONSTANT_OPS`. Raises KeyError for any other."""
    return np.asarray({**VIEW_OPS, **CONSTANT_OPS}[op](attributes, *inputs))


def _reshape(attributes: Attributes, x: np.ndarray, shape: np.ndarray) -> np.ndarray:
    # A 0 stands for the input's side.
    return x.reshape([x.shape[i] if side == 0 else side for i, side in enumerate(shape.tolist())])


def _squeeze(attributes: Attributes, x: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    return x.squeeze(None if axes is None else tuple(axes.tolist()))


def _unsqueeze(attributes: Attributes, x: np.ndarray, axes: np.ndarray) -> np.ndarray:
    return np.expand_dims(x, tuple(axes.tolist()))


def _slice(
    attributes: Attributes,
    x: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    axes: np.ndarray | None = None,
    steps: np.ndarray | None = None,
) -> np.ndarray:
    axes = np.arange(len(starts)) if axes is None else axes
    steps = np.ones_like(starts) if steps is None else steps
    parts = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), steps.tolist(), strict=True):
        # With a negative step ONNX writes "to the beginning" as an end below -size; in Python that is None.
        parts[axis] = slice(start, None if step < 0 and end < -x.shape[axis] else end, step)
    return x[tuple(parts)]


def _expand(attributes: Attributes, x: np.ndarray, shape: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape.tolist())))


def _flatten(attributes: Attributes, x: np.ndarray) -> np.ndarray:
    axis = attributes.get("axis", 1)
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


def _cast(attributes: Attributes, x: np.ndarray) -> np.ndarray:
    return x.astype(helper.tensor_dtype_to_np_dtype(attributes["to"]))


def _same(attributes: Attributes, x: np.ndarray) -> np.ndarray:
    return x


def _mean(attributes: Attributes, x: np.ndarray) -> np.ndarray:
    axes = attributes.get("axes")
    return x.mean(None if axes is None else tuple(axes), keepdims=bool(attributes.get("keepdims", 1)))


VIEW_OPS: dict[str, Callable[..., np.ndarray]] = {
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": lambda attributes, x, rows: np.take(x, rows, axis=attributes.get("axis", 0)),
    "Identity": _same,
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Tile": lambda attributes, x, times: np.tile(x, tuple(times.tolist())),
    "Transpose": lambda attributes, x: x.transpose(attributes.get("perm")),
    "Unsqueeze": _unsqueeze,
}
CONSTANT_OPS: dict[str, Callable[..., np.ndarray]] = {
    "Add": lambda attributes, a, b: a + b,
    "And": lambda attributes, a, b: a & b,
    "Cast": _cast,
    "Concat": lambda attributes, *parts: np.concatenate(parts, axis=attributes["axis"]),
    "Div": lambda attributes, a, b: a // b if np.issubdtype(a.dtype, np.integer) else a / b,
    "Less": lambda attributes, a, b: a < b,
    "MatMul": lambda attributes, a, b: a @ b,
    "Mul": lambda attributes, a, b: a * b,
    "Neg": lambda attributes, a: -a,
    "Reciprocal": lambda attributes, a: 1 / a,
    "ReduceMean": _mean,
    "ReduceProd": lambda attributes, x: x.prod(keepdims=bool(attributes.get("keepdims", 1))),
    "Sqrt": lambda attributes, a: np.sqrt(a),
    "Sub": lambda attributes, a, b: a - b,
}
