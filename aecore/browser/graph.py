"""The graph before it is read: loops written out, what the output needs, and how often a tensor is wanted.

A recurrent layer with another activation than ONNX's LSTM has is exported as a loop. The number of rounds is a constant
there, so the loop becomes as many copies of its body. What it collects, a round at a time, becomes a `Stack`, an
operation of our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from onnx import GraphProto, NodeProto, helper, numpy_helper

from aecore.browser.folding import MOVES
from aecore.browser.program import NetworkError

MOST_ROUNDS = 1000
AFFINE = ("Add", "Sub", "Mul", "Div", "Neg")  # with a constant: a view like `MOVES`, scaled and shifted


def unrolled(graph: GraphProto, constants: dict[str, np.ndarray]) -> tuple[list[NodeProto], list[str]]:
    """The graph's nodes without loops, and the names of the conditions that have to hold for that.

    Adds the bodies' constants and the rounds' numbers to `constants`.
    """
    nodes: list[NodeProto] = []
    conditions: list[str] = []
    for node in graph.node:
        if node.op_type == "Loop":
            nodes += _rounds(node, constants, conditions)
        else:
            nodes.append(node)
    return nodes, conditions


def needed(nodes: list[NodeProto], outputs: Iterable[str]) -> list[NodeProto]:
    """The nodes that the outputs depend on, in their order."""
    wanted, found = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            found.append(node)
    return found[::-1]


def uses(nodes: list[NodeProto], output: str, source: str) -> Counter[str]:
    """How often each tensor's numbers are wanted, by all that is a view of it; its shape alone is not a use.

    Counted for what depends on `source`, the graph's input.
    """
    live = {source}
    for node in nodes:
        if node.op_type != "Shape" and live.intersection(node.input):
            live.update(node.output)
    counted: Counter[str] = Counter({output: 1})
    for node in reversed(nodes):
        wanted = [name for name in node.input if name in live]
        through = node.op_type in (*MOVES, "Split") or (node.op_type in AFFINE and len(wanted) == 1)
        for name in wanted if node.op_type != "Shape" else ():
            counted[name] += sum(counted[view] for view in node.output) if through else 1
    return counted


def _rounds(loop: NodeProto, constants: dict[str, np.ndarray], conditions: list[str]) -> list[NodeProto]:
    body: GraphProto = helper.get_attribute_value(loop.attribute[0])
    count = constants.get(loop.input[0])
    if count is None or not 0 < int(count.item()) <= MOST_ROUNDS:
        raise NetworkError(f"network: got a loop of an unknown number of rounds, allowed: 1 to {MOST_ROUNDS:,}")
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
        if number < int(count.item()) - 1:  # what it says after the last round, the count overrules
            conditions.append(condition)
        carried, told = results[: len(carried)], results[len(carried) :]
        for parts, part in zip(collected, told, strict=True):
            parts.append(part)
    nodes += [helper.make_node("Identity", [a], [b]) for a, b in zip(carried, loop.output, strict=False) if b]
    for parts, output in zip(collected, loop.output[len(carried) :], strict=True):
        nodes.append(helper.make_node("Stack", parts, [output]))
    return nodes


def _renamed(node: NodeProto, names: Mapping[str, str], number: int) -> tuple[NodeProto, dict[str, str]]:
    """A round's copy of a node, and what its outputs are called there."""
    renamed = {name: f"{name} {number}" for name in node.output if name}
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [renamed.get(name, "") for name in node.output]
    return copy, renamed
