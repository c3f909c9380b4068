"""Graph passes before lowering: loop unrolling, dead-node elimination, and use counts of tensors.

A recurrent layer with activations that ONNX's LSTM lacks is exported as a loop with a constant number of iterations: it
is replaced by copies of its body. Its scan outputs become `Stack` nodes, an operation of this package.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from onnx import GraphProto, NodeProto, helper, numpy_helper

from aecore.browser.folding import VIEW_OPS
from aecore.browser.program import ProgramError

MOST_ROUNDS = 1000
AFFINE = ("Add", "Sub", "Mul", "Div", "Neg")  # with a constant they give a view with a scale and a shift


def unroll_loops(graph: GraphProto, constants: dict[str, np.ndarray]) -> tuple[list[NodeProto], list[str]]:
    """The graph's nodes with loops unrolled, and the names of the loop conditions that must be true for that.

    Adds the constants of the loop bodies and the iteration numbers to `constants`.
    """
    nodes: list[NodeProto] = []
    conditions: list[str] = []
    for node in graph.node:
        if node.op_type == "Loop":
            nodes += _unrolled(node, constants, conditions)
        else:
            nodes.append(node)
    return nodes, conditions


def without_dead_nodes(nodes: list[NodeProto], outputs: Iterable[str]) -> list[NodeProto]:
    """The nodes that the outputs depend on, in their order."""
    needed, kept_nodes = set(outputs), []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept_nodes.append(node)
    return kept_nodes[::-1]


def use_counts(nodes: list[NodeProto], output: str, source: str) -> Counter[str]:
    """The number of uses of each tensor that depends on `source`, the graph's input. Uses of a view count for the
    tensor it views; `Shape` is no use."""
    live = {source}
    for node in nodes:
        if node.op_type != "Shape" and live.intersection(node.input):
            live.update(node.output)
    counted: Counter[str] = Counter({output: 1})
    for node in reversed(nodes):
        wanted = [name for name in node.input if name in live]
        through = node.op_type in (*VIEW_OPS, "Split") or (node.op_type in AFFINE and len(wanted) == 1)
        for name in wanted if node.op_type != "Shape" else ():
            counted[name] += sum(counted[view] for view in node.output) if through else 1
    return counted


def _unrolled(loop: NodeProto, constants: dict[str, np.ndarray], conditions: list[str]) -> list[NodeProto]:
    body: GraphProto = helper.get_attribute_value(loop.attribute[0])
    count = constants.get(loop.input[0])
    if count is None or not 0 < int(count.item()) <= MOST_ROUNDS:
        raise ProgramError(f"network: got a loop with an unknown number of iterations, allowed: 1 to {MOST_ROUNDS:,}")
    constants.update({tensor.name: numpy_helper.to_array(tensor) for tensor in body.initializer})
    carried = list(loop.input[2:])
    conditions.append(loop.input[1])
    collected: list[list[str]] = [[] for _ in loop.output[len(carried) :]]
    nodes: list[NodeProto] = []
    for number in range(int(count.item())):
        counter = f"{body.input[0].name} {number}"
        constants[counter] = np.array(number)
        inputs = [counter, conditions[-1], *carried]
        names = dict(zip((value.name for value in body.input), inputs, strict=True))
        for node in body.node:
            copy, renamed = _renamed(node, names, number)
            nodes.append(copy)
            names.update(renamed)
        condition, *results = (names.get(value.name, value.name) for value in body.output)
        if number < int(count.item()) - 1:  # after the last iteration the count decides
            conditions.append(condition)
        carried, scanned = results[: len(carried)], results[len(carried) :]
        for parts, part in zip(collected, scanned, strict=True):
            parts.append(part)
    nodes += [helper.make_node("Identity", [a], [b]) for a, b in zip(carried, loop.output, strict=False) if b]
    for parts, output in zip(collected, loop.output[len(carried) :], strict=True):
        nodes.append(helper.make_node("Stack", parts, [output]))
    return nodes


def _renamed(node: NodeProto, names: Mapping[str, str], number: int) -> tuple[NodeProto, dict[str, str]]:
    """The copy of a node for one iteration, and the new names of its outputs."""
    renamed = {name: f"{name} {number}" for name in node.output if name}
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [renamed.get(name, "") for name in node.output]
    return copy, renamed
