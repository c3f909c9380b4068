"""The browser's program: a list of steps over numbered buffers, and the weights they use.

A program runs one sample at a time, so all sizes are known when it is compiled. Images are stored as rows, columns,
channels. `shared/network.js` has one function for each kind of step. Dense layers are 1 × 1 convolutions; a transposed
convolution of stride s is s² ordinary ones, each filling every s-th pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aecore.errors import AecoreError

Step = dict[str, Any]

BLOCK = 4  # outputs that the browser sums at a time, in registers


class ProgramError(AecoreError):
    """The network cannot be compiled for the browser."""


@dataclass(frozen=True)
class Program:
    """A compiled encoder or decoder.

    Parameters
    ----------
    steps : in order; each has `op`, the buffers it reads (`x`, `a`, `b`) and writes (`y`), and names in `weights`.
    weights : float32, or int16 in `units`; places are int32.
    input_shape, output_shape : of one sample, without the batch.
    work : multiplications and additions of one pass, as pairs.
    sizes : numbers in each buffer; the first is the input, the last the output.
    units : the value of 1 in each int16 array of the weights.
    """

    steps: list[Step]
    weights: dict[str, np.ndarray]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    work: int
    sizes: list[int]
    units: dict[str, float] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of the weights."""
        return sum(array.nbytes for array in self.weights.values())


@dataclass
class Convolution:
    """A convolution that may still take up a scale and a shift of its outputs (`apply`).

    Parameters
    ----------
    x, y : buffers.
    kernel : (rows, columns, channels in, channels out); `bias` (channels out,).
    size : (height, width) of the input; `stride` and `pad` (above, left) of its windows.
    count : windows (down, across); window i fills row `start + i * step` of an `output` (height, width).
    """

    x: int
    y: int
    kernel: np.ndarray
    bias: np.ndarray
    size: tuple[int, int]
    count: tuple[int, int]
    output: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    start: tuple[int, int] = (0, 0)
    step: tuple[int, int] = (1, 1)

    def apply(self, scale: np.ndarray, shift: np.ndarray) -> None:
        """Fold outputs · scale + shift, each (channels out,), into kernel and bias."""
        self.kernel = self.kernel * scale
        self.bias = self.bias * scale + shift

    @property
    def work(self) -> int:
        """Multiplications and additions of one pass, as pairs."""
        return math.prod(self.count) * self.kernel.size

    def step_of(self, weights: str, bias: str) -> Step:
        """The step, with the names of its kernel and bias in `Program.weights`."""
        rows, columns, channels, filters = self.kernel.shape
        return {
            "op": "convolution",
            "x": self.x,
            "y": self.y,
            "weights": weights,
            "bias": bias,
            "size": [*self.size, channels],
            "kernel": [rows, columns],
            "filters": filters,
            "count": list(self.count),
            "output": list(self.output),
            "stride": list(self.stride),
            "pad": list(self.pad),
            "start": list(self.start),
            "step": list(self.step),
        }


def dense(x: int, y: int, rows: int, kernel: np.ndarray, bias: np.ndarray) -> Convolution:
    """A dense layer: `rows` vectors times `kernel` (in, out)."""
    return Convolution(x, y, kernel[None, None], bias, (rows, 1), (rows, 1), (rows, 1))


def transposed(
    x: int,
    y: int,
    kernel: np.ndarray,
    bias: np.ndarray,
    size: tuple[int, int],
    output: tuple[int, int],
    stride: tuple[int, int],
    pad: tuple[int, int],
) -> list[Convolution]:
    """A transposed convolution as ordinary ones, one for each offset of an output modulo the strides.

    Output o takes the taps k for which i = (o + pad - k) / stride is whole: of outputs r, r + stride, … every
    stride-th tap, and the higher the tap the lower i. So each is a convolution of every stride-th tap, turned around.
    """
    convolutions = []
    for down in range(min(stride[0], output[0])):
        for across in range(min(stride[1], output[1])):
            offsets = (down, across)
            firsts = [(r + p) % s for r, p, s in zip(offsets, pad, stride, strict=True)]
            taps = kernel[firsts[0] :: stride[0], firsts[1] :: stride[1]]
            begins = [(r + p - k) // s for r, p, k, s in zip(offsets, pad, firsts, stride, strict=True)]
            convolutions.append(
                Convolution(
                    x,
                    y,
                    taps[::-1, ::-1],
                    bias,
                    size,
                    count=(-(-(output[0] - down) // stride[0]), -(-(output[1] - across) // stride[1])),
                    output=output,
                    pad=(len(taps) - 1 - begins[0], taps.shape[1] - 1 - begins[1]),
                    start=offsets,
                    step=stride,
                )
            )
    return convolutions


def packed(kernel: np.ndarray) -> np.ndarray:
    """A kernel (…, in, out) as a flat float32 array in the browser's order: outputs in blocks of `BLOCK`, weights of
    each block by window position and input; then the remaining outputs, one by one."""
    inputs, outputs = math.prod(kernel.shape[:-1]), kernel.shape[-1]
    flat = kernel.reshape(inputs, outputs)
    full = outputs - outputs % BLOCK
    blocks = flat[:, :full].reshape(inputs, -1, BLOCK).transpose(1, 0, 2)
    return np.concatenate([blocks.ravel(), flat[:, full:].T.ravel()]).astype(np.float32)
