"""Lowering of an ONNX graph to a program: constants are folded, all other nodes become views or steps."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from aecore.browser import folding
from aecore.browser.allocation import Allocator, View, compact, ratio
from aecore.browser.graph import unroll_loops, use_counts, without_dead_nodes
from aecore.browser.program import Convolution, Program, ProgramError, Step, dense, packed, transposed

Attributes = dict[str, Any]

UNARY = {
    "Abs": "abs",
    "Elu": "elu",
    "Erf": "erf",
    "LeakyRelu": "leaky",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}
ROOT_HALF = math.sqrt(0.5)


def lower(model: ModelProto) -> Program:
    """The program of the model's first output. Raises `ProgramError` for a model that the browser cannot run."""
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes, conditions = unroll_loops(graph, constants)
    output = graph.output[0].name
    nodes = without_dead_nodes(nodes, {output, *conditions})
    allocator = Allocator(use_counts(nodes, output, graph.input[0].name))
    lowering = _Lowering(allocator, dict(constants))
    sides = tuple(side.dim_value for side in graph.input[0].type.tensor_type.shape.dim[1:])
    if not all(sides):
        raise ProgramError("network: got an input of open size, allowed: a fixed size")
    lowering.values[graph.input[0].name] = allocator.allocate(graph.input[0].name, (1, *sides))
    for node in nodes:
        lowering.lower(node)
    result = lowering.values[output]
    if not isinstance(result, View) or not all(_is_true(lowering.values[name]) for name in conditions):
        raise ProgramError("network: got a constant output or a loop of open length, allowed: an output of the input")
    return allocator.program(allocator.contiguous(result), sides)


class _Lowering:
    """A method per ONNX operation that needs a step; `values` are the tensors by name: constant arrays, or views."""

    def __init__(self, allocator: Allocator, values: dict[str, Any]) -> None:
        self.buffers, self.values = allocator, values
        # Activations by buffer: (curve, input buffer, scale of the input), to recognise gelu and silu.
        self.curves: dict[int, tuple[str, int, float]] = {}

    def lower(self, node: NodeProto) -> None:
        """Lower one node."""
        inputs = [self.values[name] if name else None for name in node.input]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        op, name, first = node.op_type, node.output[0], inputs[0] if inputs else None
        if op == "Constant":
            self.values[name] = numpy_helper.to_array(attributes["value"])
        elif op == "Shape":
            self.values[name] = np.array((first.index if isinstance(first, View) else np.asarray(first)).shape)
        elif op == "Split":
            self._split(node, attributes, inputs)
        elif not any(isinstance(value, View) for value in inputs):
            self.values[name] = _evaluate(op, attributes, inputs)
        elif isinstance(first, View) and op in folding.VIEW_OPS:
            self.values[name] = _view(first, op, attributes, inputs[1:])
        elif isinstance(first, View) and op in UNARY:
            self.values[name] = self._unary(name, first, op, attributes)
        elif op in LOWERINGS:
            self.values[name] = LOWERINGS[op](self, node, attributes, inputs)
        else:
            raise _unsupported(op)

    # ---- layers

    def _matmul(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        x, kernel = inputs[:2]
        if not isinstance(x, View) or not isinstance(kernel, np.ndarray) or kernel.ndim != 2:
            raise _unsupported("MatMul of two results")
        x = self.buffers.contiguous(x)
        y = self.buffers.allocate(node.output[0], (*x.index.shape[:-1], kernel.shape[1]))
        bias = np.zeros(kernel.shape[1], np.float32)
        self.buffers.steps.append(dense(x.buffer, y.buffer, x.index.size // len(kernel), kernel, bias))
        return y

    def _conv(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        kernel = _kernel(node, attributes, inputs).transpose(2, 3, 1, 0)
        x, size = self.buffers.channels_last(inputs[0])
        stride, pads = attributes.get("strides", [1, 1]), attributes.get("pads", [0] * 4)
        rows, columns = ((size[i] + pads[i] + pads[i + 2] - kernel.shape[i]) // stride[i] + 1 for i in range(2))
        y = self.buffers.allocate_image(node.output[0], rows, columns, kernel.shape[3])
        bias, count = _bias(inputs, kernel.shape[3]), (rows, columns)
        self.buffers.steps.append(
            Convolution(x.buffer, y.buffer, kernel, bias, size, count, count, tuple(stride), tuple(pads[:2]))
        )
        return y

    def _conv_transpose(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        kernel = _kernel(node, attributes, inputs).transpose(2, 3, 0, 1)
        if "output_shape" in attributes:
            raise _unsupported("ConvTranspose with an output shape")
        x, size = self.buffers.channels_last(inputs[0])
        stride, pads = attributes.get("strides", [1, 1]), attributes.get("pads", [0] * 4)
        extra = attributes.get("output_padding", [0, 0])
        rows, columns = (
            (size[i] - 1) * stride[i] + kernel.shape[i] + extra[i] - pads[i] - pads[i + 2] for i in range(2)
        )
        y = self.buffers.allocate_image(node.output[0], rows, columns, kernel.shape[3])
        bias, places = _bias(inputs, kernel.shape[3]), (tuple(stride), tuple(pads[:2]))
        self.buffers.steps += transposed(x.buffer, y.buffer, kernel, bias, size, (rows, columns), *places)
        return y

    def _max_pool(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        _plain(node, attributes)
        x, size = self.buffers.channels_last(inputs[0])
        kernel, pads = attributes["kernel_shape"], attributes.get("pads", [0] * 4)
        stride, channels = attributes.get("strides", [1, 1]), x.index.shape[1]
        rows, columns = ((size[i] + pads[i] + pads[i + 2] - kernel[i]) // stride[i] + 1 for i in range(2))
        y = self.buffers.allocate_image(node.output[0], rows, columns, channels)
        self.buffers.steps.append(
            {
                "op": "pool",
                "x": x.buffer,
                "y": y.buffer,
                "size": [*size, channels],
                "kernel": list(kernel),
                "count": [rows, columns],
                "stride": list(stride),
                "pad": list(pads[:2]),
            }
        )
        return y

    def _lstm(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        x, kernel, recurrent, bias, lengths, hidden, cell, holes = inputs + [None] * (8 - len(inputs))
        begun = any(state is not None and (isinstance(state, View) or np.any(state)) for state in (hidden, cell))
        curves = [name.decode() for name in attributes.get("activations", [b"Sigmoid", b"Tanh", b"Tanh"])]
        forward = attributes.get("direction", b"forward") == b"forward"
        odd = {"clip", "input_forget", "layout", "activation_alpha", "activation_beta"}.intersection(attributes)
        if begun or lengths is not None or holes is not None or not forward or odd or not {*curves} <= {*UNARY}:
            raise _unsupported("LSTM with a state, lengths, peepholes, a clip or backwards")
        units, times = attributes["hidden_size"], x.index.shape[0]
        x = self.buffers.materialized(x)
        still = times > 1 and bool((x.index == x.index[:1]).all())  # a repeated vector is projected once
        x = self.buffers.contiguous(replace(x, index=x.index[:1]) if still else x)
        rows = 1 if still else times
        sums = self.buffers.allocate("", (rows, 4 * units))
        both = np.zeros(4 * units) if bias is None else bias[0, : 4 * units] + bias[0, 4 * units :]
        self.buffers.steps.append(dense(x.buffer, sums.buffer, rows, kernel[0].T, both))
        y = self.buffers.allocate(node.output[0], (times, 1, 1, units))
        self.buffers.steps.append(
            {
                "op": "lstm",
                "x": sums.buffer,
                "y": y.buffer,
                "units": units,
                "times": times,
                "still": still,
                "weights": self.buffers.constant(packed(recurrent[0].T)),
                "curves": [UNARY[name] for name in curves],
                "work": times * recurrent.size,
            }
        )
        if len(node.output) > 1 and node.output[1]:  # the last time step alone
            self.buffers.uses[node.output[0]] += self.buffers.uses[node.output[1]]
            self.values[node.output[1]] = replace(y, index=y.index[-1])
        return y

    # ---- arithmetic

    def _sum(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        """a ± b. Two views with proportional scales, as in layer normalisation, are added before these are applied."""
        (a, b), name = inputs, node.output[0]
        sign = -1.0 if node.op_type == "Sub" else 1.0
        if not isinstance(b, View):
            return self.buffers.affine(name, a, 1.0, sign * b)
        if not isinstance(a, View):
            return self.buffers.affine(name, b, sign, a)
        factor = ratio(b.scale, a.scale)
        if factor is None:
            a, b, factor = self.buffers.materialized(a), self.buffers.materialized(b), 1.0
        total = self.buffers.binary("add", name, a, b, (1.0, sign * factor))
        return replace(total, scale=a.scale, shift=compact(a.shift + sign * b.shift))

    def _neg(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        return self.buffers.affine(node.output[0], inputs[0], -1.0, 0.0)

    def _mul(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        (a, b), name = inputs, node.output[0]
        if isinstance(a, View) and isinstance(b, View):
            return self._gated(name, a, b) or self._gated(name, b, a) or self._product(name, a, b)
        live, constant = (a, b) if isinstance(a, View) else (b, a)
        return self.buffers.affine(name, live, constant, 0.0)

    def _div(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        (a, b), name = inputs, node.output[0]
        if not isinstance(b, View):
            return self.buffers.affine(name, a, 1 / b, 0.0)
        b = self._unary("", b, "Reciprocal", {})
        return self._product(name, a, b) if isinstance(a, View) else self.buffers.affine(name, b, a, 0.0)

    def _product(self, name: str, a: View, b: View) -> View:
        a, b = (live if np.all(live.shift == 0) else self.buffers.materialized(live) for live in (a, b))
        return replace(self.buffers.binary("multiply", name, a, b), scale=compact(a.scale * b.scale))

    def _gated(self, name: str, x: View, gate: View) -> View | None:
        """x · Φ(x) and x · sigmoid(x), exported as products, as gelu and silu; None for any other product."""
        curve, source, inner = self.curves.get(gate.buffer, ("", -1, 0.0))
        if source != x.buffer or not np.array_equal(x.index, gate.index) or np.ndim(x.scale) or np.any(x.shift):
            return None
        gelu = curve == "erf" and abs(inner - ROOT_HALF) < 1e-5 and np.all(gate.scale == 1) and np.all(gate.shift == 1)
        if not (gelu or (curve == "sigmoid" and inner == 1 and gate.plain)):
            return None
        y = self.buffers.allocate_like(name, x)
        kind = "gelu" if gelu else "silu"
        self.buffers.steps.append({"op": "curve", "x": x.buffer, "y": y.buffer, "curve": kind})
        return replace(y, scale=x.scale * (2.0 if gelu else 1.0))

    def _unary(self, name: str, x: View, op: str, attributes: Attributes) -> View:
        live = self.buffers.materialized(x)
        in_place = self.buffers.uses[live.source] == 1
        y = replace(live, source=name) if in_place else self.buffers.allocate_like(name, live)
        step: Step = {"op": "curve", "x": live.buffer, "y": y.buffer, "curve": UNARY[op]}
        self.buffers.steps.append(step | {key: attributes[key] for key in ("alpha", "gamma") if key in attributes})
        if y.buffer != x.buffer and np.ndim(x.scale) == 0 and not np.any(x.shift):
            self.curves[y.buffer] = (UNARY[op], x.buffer, float(x.scale))
        return y

    def _mean(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        x = inputs[0]
        rank = x.index.ndim
        given = inputs[1].tolist() if len(inputs) > 1 else attributes.get("axes", range(rank))
        axes = sorted(axis % rank for axis in given)
        others = [axis for axis in range(rank) if axis not in axes]
        outer = [x.index.shape[axis] for axis in others]
        x = self.buffers.contiguous(_view(x, "Transpose", {"perm": [*others, *axes]}, []))
        sides = [1 if axis in axes else outer[others.index(axis)] for axis in range(rank)]
        y = self.buffers.allocate(node.output[0], tuple(sides if attributes.get("keepdims", 1) else outer))
        run = x.index.size // math.prod(outer)
        self.buffers.steps.append({"op": "mean", "x": x.buffer, "y": y.buffer, "run": run})
        return y

    # ---- operations with several outputs or inputs

    def _split(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> None:
        axis, x = attributes.get("axis", 0), inputs[0]
        side = (x.index if isinstance(x, View) else x).shape[axis]
        sizes = inputs[1].tolist() if len(inputs) > 1 else [-(-side // len(node.output))] * len(node.output)
        begin = 0
        for size, name in zip(sizes, node.output, strict=True):
            rest = [np.array([value]) for value in (begin, begin + size, axis)]
            moved = isinstance(x, View)
            self.values[name] = _view(x, "Slice", {}, rest) if moved else _evaluate("Slice", {}, [x, *rest])
            begin += size

    def _stack(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> View:
        parts = [self.buffers.materialized(part) for part in inputs]
        y = self.buffers.allocate(node.output[0], (len(parts), *parts[0].index.shape))
        for i, part in enumerate(parts):
            self.buffers.copy(part, y.buffer, i * part.index.size)
        return y


LOWERINGS = {
    "Add": _Lowering._sum,
    "Conv": _Lowering._conv,
    "ConvTranspose": _Lowering._conv_transpose,
    "Div": _Lowering._div,
    "LSTM": _Lowering._lstm,
    "MatMul": _Lowering._matmul,
    "MaxPool": _Lowering._max_pool,
    "Mul": _Lowering._mul,
    "Neg": _Lowering._neg,
    "ReduceMean": _Lowering._mean,
    "Stack": _Lowering._stack,
    "Sub": _Lowering._sum,
}


def _evaluate(op: str, attributes: Attributes, inputs: list[Any]) -> np.ndarray:
    try:
        return folding.evaluate(op, attributes, inputs)
    except KeyError:
        raise _unsupported(op) from None


def _view(live: View, op: str, attributes: Attributes, rest: list[Any]) -> View:
    """The view after an operation of `VIEW_OPS`, with the scale and shift of its elements."""
    shape = live.index.shape
    parts = {
        name: part if np.ndim(part) == 0 else compact(_evaluate(op, attributes, [np.broadcast_to(part, shape), *rest]))
        for name, part in (("scale", live.scale), ("shift", live.shift))
    }
    return replace(live, index=_evaluate(op, attributes, [live.index, *rest]), **parts)


def _is_true(condition: Any) -> bool:
    return not isinstance(condition, View) and bool(np.all(condition))


def _kernel(node: NodeProto, attributes: Attributes, inputs: list[Any]) -> np.ndarray:
    _plain(node, attributes)
    if not isinstance(inputs[1], np.ndarray) or inputs[1].ndim != 4 or attributes.get("group", 1) != 1:
        raise _unsupported(f"{node.op_type} in groups, not in two dimensions, or of two results")
    return inputs[1]


def _bias(inputs: list[Any], filters: int) -> np.ndarray:
    return inputs[2] if len(inputs) > 2 and inputs[2] is not None else np.zeros(filters, np.float32)


def _plain(node: NodeProto, attributes: Attributes) -> None:
    spread = any(side != 1 for side in attributes.get("dilations", [])) or attributes.get("ceil_mode")
    if spread or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise _unsupported(f"{node.op_type} with dilations, automatic padding or rounding up")


def _unsupported(op: str) -> ProgramError:
    return ProgramError(f"network: got the operation {op}, allowed in the browser: those of this app's layers")
