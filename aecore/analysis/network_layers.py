"""The layers of a `RunSpec` as plain values: shapes and numbers of parameters, without building a Keras model.

`aecore.worker.training.architectures` builds the models; `tests/worker/training/test_network_layers.py` compares both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from aecore.specs.run import RunSpec

Part = Literal["input", "encoder", "codings", "decoder", "output"]
Shape = tuple[int, ...]
KERNEL = 9  # weights of a 3 × 3 kernel, for one input and one output channel


@dataclass(frozen=True)
class Layer:
    """One layer of the network.

    name : as in the exported activations ('hidden_1'), or 'input', 'codings', 'output'.
    kind : of the layer, such as 'dense' or 'convolution'; '' for the input.
    shape : of its output for one sample.
    parameters : number of its weights and biases, those of its normalization included.
    part : where it stands in the network.
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    part: Part


def network_layers(spec: RunSpec, shape: Shape) -> list[Layer]:
    """All layers from input to output, for samples of this shape. Pooling, cropping and reshaping are part of the layer
    that they follow or precede."""
    make = {"dense": _dense, "convolutional": _convolutional, "recurrent": _recurrent}[spec.architecture]
    return [Layer("input", "", shape, 0, "input"), *make(spec, shape)]


def _dense(spec: RunSpec, shape: Shape) -> Iterator[Layer]:
    inputs = math.prod(shape)
    for number, units in enumerate(spec.hidden, 1):
        yield _units(spec, f"hidden_{number}", inputs, units, "encoder")
        inputs = units
    yield _codings(spec, inputs)
    inputs = spec.coding_size
    for number, units in enumerate(spec.decoder_hidden or spec.hidden[::-1], len(spec.hidden) + 1):
        yield _units(spec, f"hidden_{number}", inputs, units, "decoder")
        inputs = units
    weights = 0 if spec.tied else inputs * math.prod(shape)
    yield Layer("output", _kind("dense", spec), shape, weights + math.prod(shape), "output")


def _units(spec: RunSpec, name: str, inputs: int, units: int, part: Part) -> Layer:
    """A dense hidden layer; with tied weights the decoder has biases only."""
    tied = spec.tied and part == "decoder"
    parameters = (0 if tied else inputs * units) + units + _normalization(spec, units)
    return Layer(name, _kind("dense", spec) if part == "decoder" else "dense", (units,), parameters, part)


def _kind(kind: str, spec: RunSpec) -> str:
    return f"{kind}, tied" if spec.tied else kind


def _codings(spec: RunSpec, inputs: int) -> Layer:
    outputs = (2 if spec.variational else 1) * (inputs + 1) * spec.coding_size
    return Layer(
        "codings", "mean and variance" if spec.variational else "dense", (spec.coding_size,), outputs, "codings"
    )


def _normalization(spec: RunSpec, units: int) -> int:
    return {"none": 0, "layer": 2, "batch": 4}[spec.normalization] * units


def _recurrent(spec: RunSpec, shape: Shape) -> Iterator[Layer]:
    steps, inputs = shape[0], math.prod(shape[1:])
    for number, units in enumerate(spec.hidden, 1):
        sequence = number < len(spec.hidden) or not spec.variational
        yield Layer(
            f"hidden_{number}", "LSTM", (steps, units) if sequence else (units,), _lstm(inputs, units), "encoder"
        )
        inputs = units
    if spec.variational:
        yield _codings(spec, inputs)
    else:
        yield Layer("codings", "LSTM", (spec.coding_size,), _lstm(inputs, spec.coding_size), "codings")
    inputs = spec.coding_size
    for number, units in enumerate(spec.decoder_hidden or spec.hidden[::-1], len(spec.hidden) + 1):
        yield Layer(f"hidden_{number}", "LSTM", (steps, units), _lstm(inputs, units), "decoder")
        inputs = units
    yield Layer("output", "dense, each row", shape, (inputs + 1) * math.prod(shape[1:]), "output")


def _lstm(inputs: int, units: int) -> int:
    return 4 * units * (inputs + units + 1)


def _convolutional(spec: RunSpec, shape: Shape) -> Iterator[Layer]:
    sides, channels, sizes = shape[:2], math.prod(shape[2:]), [shape[:2]]
    kind = "convolution, max-pooling" if spec.downsampling == "pool" else "convolution, stride 2"
    for number, filters in enumerate(spec.hidden, 1):
        out = sides if spec.downsampling == "pool" else _halves(sides, up=True)
        makes_codings = spec.spatial and number == len(spec.hidden)
        parameters = _filters(spec, channels, filters, plain=makes_codings)
        yield Layer(f"hidden_{number}", kind, (*out, filters), parameters, "encoder")
        sides = out if spec.downsampling == "stride" else _halves(sides, up=spec.upsampling != "transposed")
        channels = filters
        sizes.append(sides)
    number, maps = len(spec.hidden) + 1, math.prod(sides) * channels
    widths = spec.decoder_hidden or spec.hidden[::-1]
    if spec.spatial:
        yield Layer("codings", "feature maps", (*sides, channels), 0, "codings")
    else:
        inputs = maps
        for units in spec.dense_hidden:
            yield _units(spec, f"hidden_{number}", inputs, units, "encoder")
            inputs, number = units, number + 1
        yield _codings(spec, inputs)
        inputs = spec.coding_size
        for units in (*spec.dense_hidden[::-1], math.prod(sides) * widths[0]):
            yield _units(spec, f"hidden_{number}", inputs, units, "decoder")
            inputs, number = units, number + 1
        channels = widths[0]
    decode = _upsampled if spec.upsampling == "nearest" else _transposed
    yield from decode(spec, shape, sizes, channels, number)


def _transposed(spec: RunSpec, shape: Shape, sizes: Sequence[Shape], channels: int, number: int) -> Iterator[Layer]:
    kind, widths = "transposed convolution", (spec.decoder_hidden or spec.hidden[::-1])[1:]
    for size, filters in zip(sizes[-2:0:-1], widths, strict=True):
        yield Layer(f"hidden_{number}", kind, (*size, filters), _filters(spec, channels, filters), "decoder")
        channels, number = filters, number + 1
    yield Layer("output", kind, shape, _filters(spec, channels, math.prod(shape[2:]), plain=True), "output")


def _upsampled(spec: RunSpec, shape: Shape, sizes: Sequence[Shape], channels: int, number: int) -> Iterator[Layer]:
    sides, widths = sizes[-1], spec.decoder_hidden or spec.hidden[::-1]
    for stage, filters in enumerate(widths, 1):
        cut = stage == len(widths) and tuple(2 * (side - 2) for side in sides) == shape[:2]
        sides = tuple(side - 2 * cut for side in sides)
        parameters = _filters(spec, channels, filters)
        yield Layer(f"hidden_{number}", "convolution, upsampling", (*sides, filters), parameters, "decoder")
        sides, channels, number = tuple(2 * side for side in sides), filters, number + 1
    parameters = _filters(spec, channels, math.prod(shape[2:]), plain=True)
    yield Layer("output", "convolution", shape, parameters, "output")


def _halves(sides: Shape, *, up: bool) -> Shape:
    return tuple(-(-side // 2) if up else side // 2 for side in sides)


def _filters(spec: RunSpec, channels: int, filters: int, *, plain: bool = False) -> int:
    """Parameters of a 3 × 3 convolution; a `plain` one is not normalized."""
    return (KERNEL * channels + 1) * filters + (0 if plain else _normalization(spec, filters))
