"""From ONNX to a program for one sample: follow the graph once and write down what cannot be known beforehand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from aecore.browser import folding
from aecore.browser.graph import needed, unrolled, uses
from aecore.browser.layout import Layout, Live, ratio, short
from aecore.browser.program import Convolution, Network, NetworkError, Step, dense, packed, transposed

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


def program(model: ModelProto) -> Network:
    """The program of the model's first output. Raises `NetworkError` for what it cannot say."""
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes, conditions = unrolled(graph, constants)
    output = graph.output[0].name
    nodes = needed(nodes, {output, *conditions})
    layout = Layout(uses(nodes, output, graph.input[0].name))
    reading = _Reading(layout, dict(constants))
    sides = tuple(side.dim_value for side in graph.input[0].type.tensor_type.shape.dim[1:])
    if not all(sides):
        raise NetworkError("network: got an input of open size, allowed: a fixed one")
    reading.values[graph.input[0].name] = layout.new(graph.input[0].name, (1, *sides))
    for node in nodes:
        reading.node(node)
    found = reading.values[output]
    if not isinstance(found, Live) or not all(_holds(reading.values[name]) for name in conditions):
        raise NetworkError("network: got a constant output or a loop of open length, allowed: an output of the input")
    return layout.written(layout.ordered(found), sides)


class _Reading:
    """One method an operation that works on numbers; `values` are the tensors so far, by name."""

    def __init__(self, layout: Layout, values: dict[str, Any]) -> None:
        self.layout, self.values = layout, values
        # Buffers that hold a curve of another one: (curve, the other one, its scale), for gelu and silu.
        self.curves: dict[int, tuple[str, int, float]] = {}

    def node(self, node: NodeProto) -> None:
        """Follow one node."""
        inputs = [self.values[name] if name else None for name in node.input]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        op, name, first = node.op_type, node.output[0], inputs[0] if inputs else None
        if op == "Constant":
            self.values[name] = numpy_helper.to_array(attributes["value"])
        elif op == "Shape":
            self.values[name] = np.array((first.where if isinstance(first, Live) else np.asarray(first)).shape)
        elif op == "Split":
            self._split(node, attributes, inputs)
        elif not any(isinstance(value, Live) for value in inputs):
            self.values[name] = _folded(op, attributes, inputs)
        elif isinstance(first, Live) and op in folding.MOVES:
            self.values[name] = _moved(first, op, attributes, inputs[1:])
        elif isinstance(first, Live) and op in UNARY:
            self.values[name] = self._unary(name, first, op, attributes)
        elif op in NUMBERS:
            self.values[name] = NUMBERS[op](self, node, attributes, inputs)
        else:
            raise _unknown(op)

    # ---- layers

    def _matmul(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        x, kernel = inputs[:2]
        if not isinstance(x, Live) or not isinstance(kernel, np.ndarray) or kernel.ndim != 2:
            raise _unknown("MatMul of two results")
        x = self.layout.ordered(x)
        y = self.layout.new(node.output[0], (*x.where.shape[:-1], kernel.shape[1]))
        bias = np.zeros(kernel.shape[1], np.float32)
        self.layout.steps.append(dense(x.buffer, y.buffer, x.where.size // len(kernel), kernel, bias))
        return y

    def _conv(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        kernel = _kernel(node, attributes, inputs).transpose(2, 3, 1, 0)
        x, size = self.layout.image(inputs[0])
        stride, pads = attributes.get("strides", [1, 1]), attributes.get("pads", [0] * 4)
        rows, columns = ((size[i] + pads[i] + pads[i + 2] - kernel.shape[i]) // stride[i] + 1 for i in range(2))
        y = self.layout.new_image(node.output[0], rows, columns, kernel.shape[3])
        bias, count = _bias(inputs, kernel.shape[3]), (rows, columns)
        self.layout.steps.append(
            Convolution(x.buffer, y.buffer, kernel, bias, size, count, count, tuple(stride), tuple(pads[:2]))
        )
        return y

    def _conv_transpose(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        kernel = _kernel(node, attributes, inputs).transpose(2, 3, 0, 1)
        if "output_shape" in attributes:
            raise _unknown("ConvTranspose with a shape of its own")
        x, size = self.layout.image(inputs[0])
        stride, pads = attributes.get("strides", [1, 1]), attributes.get("pads", [0] * 4)
        extra = attributes.get("output_padding", [0, 0])
        rows, columns = (
            (size[i] - 1) * stride[i] + kernel.shape[i] + extra[i] - pads[i] - pads[i + 2] for i in range(2)
        )
        y = self.layout.new_image(node.output[0], rows, columns, kernel.shape[3])
        bias, places = _bias(inputs, kernel.shape[3]), (tuple(stride), tuple(pads[:2]))
        self.layout.steps += transposed(x.buffer, y.buffer, kernel, bias, size, (rows, columns), *places)
        return y

    def _max_pool(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        _plain(node, attributes)
        x, size = self.layout.image(inputs[0])
        kernel, pads = attributes["kernel_shape"], attributes.get("pads", [0] * 4)
        stride, channels = attributes.get("strides", [1, 1]), x.where.shape[1]
        rows, columns = ((size[i] + pads[i] + pads[i + 2] - kernel[i]) // stride[i] + 1 for i in range(2))
        y = self.layout.new_image(node.output[0], rows, columns, channels)
        self.layout.steps.append(
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

    def _lstm(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        x, kernel, recurrent, bias, lengths, hidden, cell, holes = inputs + [None] * (8 - len(inputs))
        begun = any(state is not None and (isinstance(state, Live) or np.any(state)) for state in (hidden, cell))
        curves = [name.decode() for name in attributes.get("activations", [b"Sigmoid", b"Tanh", b"Tanh"])]
        forward = attributes.get("direction", b"forward") == b"forward"
        odd = {"clip", "input_forget", "layout", "activation_alpha", "activation_beta"}.intersection(attributes)
        if begun or lengths is not None or holes is not None or not forward or odd or not {*curves} <= {*UNARY}:
            raise _unknown("LSTM with a state, lengths, peepholes, a clip or backwards")
        units, times = attributes["hidden_size"], x.where.shape[0]
        x = self.layout.settled(x)
        still = times > 1 and bool((x.where == x.where[:1]).all())  # one vector, repeated: it is projected once
        x = self.layout.ordered(replace(x, where=x.where[:1]) if still else x)
        rows = 1 if still else times
        sums = self.layout.new("", (rows, 4 * units))
        both = np.zeros(4 * units) if bias is None else bias[0, : 4 * units] + bias[0, 4 * units :]
        self.layout.steps.append(dense(x.buffer, sums.buffer, rows, kernel[0].T, both))
        y = self.layout.new(node.output[0], (times, 1, 1, units))
        self.layout.steps.append(
            {
                "op": "lstm",
                "x": sums.buffer,
                "y": y.buffer,
                "units": units,
                "times": times,
                "still": still,
                "weights": self.layout.table(packed(recurrent[0].T)),
                "curves": [UNARY[name] for name in curves],
                "work": times * recurrent.size,
            }
        )
        if len(node.output) > 1 and node.output[1]:  # the last moment alone
            self.layout.uses[node.output[0]] += self.layout.uses[node.output[1]]
            self.values[node.output[1]] = replace(y, where=y.where[-1])
        return y

    # ---- arithmetic

    def _sum(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        """a ± b. Two results of one scale, as in a layer's normalisation, are added before it is applied."""
        (a, b), name = inputs, node.output[0]
        sign = -1.0 if node.op_type == "Sub" else 1.0
        if not isinstance(b, Live):
            return self.layout.affine(name, a, 1.0, sign * b)
        if not isinstance(a, Live):
            return self.layout.affine(name, b, sign, a)
        factor = ratio(b.scale, a.scale)
        if factor is None:
            a, b, factor = self.layout.settled(a), self.layout.settled(b), 1.0
        found = self.layout.pair("add", name, a, b, (1.0, sign * factor))
        return replace(found, scale=a.scale, shift=short(a.shift + sign * b.shift))

    def _neg(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        return self.layout.affine(node.output[0], inputs[0], -1.0, 0.0)

    def _mul(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        (a, b), name = inputs, node.output[0]
        if isinstance(a, Live) and isinstance(b, Live):
            return self._gated(name, a, b) or self._gated(name, b, a) or self._product(name, a, b)
        live, constant = (a, b) if isinstance(a, Live) else (b, a)
        return self.layout.affine(name, live, constant, 0.0)

    def _div(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        (a, b), name = inputs, node.output[0]
        if not isinstance(b, Live):
            return self.layout.affine(name, a, 1 / b, 0.0)
        b = self._unary("", b, "Reciprocal", {})
        return self._product(name, a, b) if isinstance(a, Live) else self.layout.affine(name, b, a, 0.0)

    def _product(self, name: str, a: Live, b: Live) -> Live:
        a, b = (live if np.all(live.shift == 0) else self.layout.settled(live) for live in (a, b))
        return replace(self.layout.pair("multiply", name, a, b), scale=short(a.scale * b.scale))

    def _gated(self, name: str, x: Live, gate: Live) -> Live | None:
        """x · Φ(x) and x · sigmoid(x), which are exported as products, as one curve; None for any other product."""
        curve, source, inner = self.curves.get(gate.buffer, ("", -1, 0.0))
        if source != x.buffer or not np.array_equal(x.where, gate.where) or np.ndim(x.scale) or np.any(x.shift):
            return None
        gelu = curve == "erf" and abs(inner - ROOT_HALF) < 1e-5 and np.all(gate.scale == 1) and np.all(gate.shift == 1)
        if not (gelu or (curve == "sigmoid" and inner == 1 and gate.bare)):
            return None
        y = self.layout.like(name, x)
        kind = "gelu" if gelu else "silu"
        self.layout.steps.append({"op": "curve", "x": x.buffer, "y": y.buffer, "curve": kind})
        return replace(y, scale=x.scale * (2.0 if gelu else 1.0))

    def _unary(self, name: str, x: Live, op: str, attributes: Attributes) -> Live:
        live = self.layout.settled(x)
        y = replace(live, root=name) if self.layout.uses[live.root] == 1 else self.layout.like(name, live)
        step: Step = {"op": "curve", "x": live.buffer, "y": y.buffer, "curve": UNARY[op]}
        self.layout.steps.append(step | {key: attributes[key] for key in ("alpha", "gamma") if key in attributes})
        if y.buffer != x.buffer and np.ndim(x.scale) == 0 and not np.any(x.shift):
            self.curves[y.buffer] = (UNARY[op], x.buffer, float(x.scale))
        return y

    def _mean(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        x = inputs[0]
        rank = x.where.ndim
        given = inputs[1].tolist() if len(inputs) > 1 else attributes.get("axes", range(rank))
        axes = sorted(axis % rank for axis in given)
        others = [axis for axis in range(rank) if axis not in axes]
        outer = [x.where.shape[axis] for axis in others]
        x = self.layout.ordered(_moved(x, "Transpose", {"perm": [*others, *axes]}, []))
        kept = [1 if axis in axes else outer[others.index(axis)] for axis in range(rank)]
        y = self.layout.new(node.output[0], tuple(kept if attributes.get("keepdims", 1) else outer))
        run = x.where.size // math.prod(outer)
        self.layout.steps.append({"op": "mean", "x": x.buffer, "y": y.buffer, "run": run})
        return y

    # ---- several

    def _split(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> None:
        axis, x = attributes.get("axis", 0), inputs[0]
        side = (x.where if isinstance(x, Live) else x).shape[axis]
        sizes = inputs[1].tolist() if len(inputs) > 1 else [-(-side // len(node.output))] * len(node.output)
        begin = 0
        for size, name in zip(sizes, node.output, strict=True):
            rest = [np.array([value]) for value in (begin, begin + size, axis)]
            moved = isinstance(x, Live)
            self.values[name] = _moved(x, "Slice", {}, rest) if moved else _folded("Slice", {}, [x, *rest])
            begin += size

    def _stack(self, node: NodeProto, attributes: Attributes, inputs: list[Any]) -> Live:
        parts = [self.layout.settled(part) for part in inputs]
        y = self.layout.new(node.output[0], (len(parts), *parts[0].where.shape))
        for i, part in enumerate(parts):
            self.layout.gather(part, y.buffer, i * part.where.size)
        return y


NUMBERS = {
    "Add": _Reading._sum,
    "Conv": _Reading._conv,
    "ConvTranspose": _Reading._conv_transpose,
    "Div": _Reading._div,
    "LSTM": _Reading._lstm,
    "MatMul": _Reading._matmul,
    "MaxPool": _Reading._max_pool,
    "Mul": _Reading._mul,
    "Neg": _Reading._neg,
    "ReduceMean": _Reading._mean,
    "Stack": _Reading._stack,
    "Sub": _Reading._sum,
}


def _folded(op: str, attributes: Attributes, inputs: list[Any]) -> np.ndarray:
    try:
        return folding.apply(op, attributes, inputs)
    except KeyError:
        raise _unknown(op) from None


def _moved(live: Live, op: str, attributes: Attributes, rest: list[Any]) -> Live:
    """A view, and with it the scale and the shift of its elements."""
    shape = live.where.shape
    parts = {
        name: part if np.ndim(part) == 0 else short(_folded(op, attributes, [np.broadcast_to(part, shape), *rest]))
        for name, part in (("scale", live.scale), ("shift", live.shift))
    }
    return replace(live, where=_folded(op, attributes, [live.where, *rest]), **parts)


def _holds(condition: Any) -> bool:
    return not isinstance(condition, Live) and bool(np.all(condition))


def _kernel(node: NodeProto, attributes: Attributes, inputs: list[Any]) -> np.ndarray:
    _plain(node, attributes)
    if not isinstance(inputs[1], np.ndarray) or inputs[1].ndim != 4 or attributes.get("group", 1) != 1:
        raise _unknown(f"{node.op_type} in groups, not in two dimensions, or of two results")
    return inputs[1]


def _bias(inputs: list[Any], filters: int) -> np.ndarray:
    return inputs[2] if len(inputs) > 2 and inputs[2] is not None else np.zeros(filters, np.float32)


def _plain(node: NodeProto, attributes: Attributes) -> None:
    spread = any(side != 1 for side in attributes.get("dilations", [])) or attributes.get("ceil_mode")
    if spread or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise _unknown(f"{node.op_type} with dilations, automatic padding or rounding up")


def _unknown(op: str) -> NetworkError:
    return NetworkError(f"network: got the operation {op}, allowed: those that this app's layers are exported as")
