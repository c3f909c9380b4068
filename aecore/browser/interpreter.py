"""Reference interpreter of programs in NumPy: the same steps as `shared/network_ops.js`, for batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aecore.browser.program import BLOCK, Program, Step

MOST_NUMBERS = 4_000_000  # in all buffers of a batch: 16 MB

Buffers = list[np.ndarray]
Tables = dict[str, np.ndarray]


def run(network: Program, samples: np.ndarray) -> np.ndarray:
    """The outputs (n, *network.output_shape) float32 of samples (n, *network.input_shape)."""
    tables = {
        name: table * np.float32(network.units[name]) if name in network.units else table
        for name, table in network.weights.items()
    }
    flat = np.asarray(samples, np.float32).reshape(len(samples), -1)
    size = max(1, MOST_NUMBERS // sum(network.sizes))
    parts = [_run(network, flat[first : first + size], tables) for first in range(0, len(flat), size)]
    return np.concatenate(parts).reshape(len(samples), *network.output_shape)


def _run(network: Program, flat: np.ndarray, tables: Tables) -> np.ndarray:
    buffers = [flat, *(np.zeros((len(flat), size), np.float32) for size in network.sizes[1:])]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in network.steps:
            STEPS[step["op"]](step, buffers, tables)
    return buffers[-1]


def unpacked(table: np.ndarray, inputs: int, outputs: int) -> np.ndarray:
    """A kernel (inputs, outputs) from the order of `program.packed`."""
    full = outputs - outputs % BLOCK
    blocks = table[: inputs * full].reshape(-1, inputs, BLOCK).transpose(1, 0, 2).reshape(inputs, full)
    return np.concatenate([blocks, table[inputs * full :].reshape(outputs - full, inputs).T], axis=1)


def _windows(step: Step) -> list[tuple[int, int, tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]]:
    """For each tap (row, column) of a kernel: the windows, down and across, in which it lies inside the input, and the
    inputs it reads there."""
    taps = []
    for k in range(step["kernel"][0]):
        for m in range(step["kernel"][1]):
            sides = []
            for axis, tap in enumerate((k, m)):
                places = np.arange(step["count"][axis]) * step["stride"][axis] - step["pad"][axis] + tap
                met = np.flatnonzero((places >= 0) & (places < step["size"][axis]))
                sides.append((met, places[met]))
            taps.append((k, m, (sides[0][0], sides[1][0]), (sides[0][1], sides[1][1])))
    return taps


def _convolution(step: Step, buffers: Buffers, tables: Tables) -> None:
    x, (height, width, channels), filters = buffers[step["x"]], step["size"], step["filters"]
    n, (rows, columns), (down, across) = len(x), step["kernel"], step["count"]
    image = x.reshape(n, height, width, channels)
    kernel = unpacked(tables[step["weights"]], rows * columns * channels, filters).reshape(rows, columns, channels, -1)
    sums = np.tile(tables[step["bias"]], (n, down, across, 1))
    for k, m, into, of in _windows(step):
        sums[:, into[0][:, None], into[1]] += image[:, of[0][:, None], of[1]] @ kernel[k, m]
    places = [step["start"][axis] + step["step"][axis] * np.arange(step["count"][axis]) for axis in (0, 1)]
    buffers[step["y"]].reshape(n, *step["output"], filters)[:, places[0][:, None], places[1]] = sums


def _pool(step: Step, buffers: Buffers, tables: Tables) -> None:
    x, y = buffers[step["x"]], buffers[step["y"]]
    image = x.reshape(len(x), *step["size"])
    most = np.full((len(x), *step["count"], step["size"][2]), -np.inf, np.float32)
    for _, _, into, of in _windows(step):
        met = (slice(None), into[0][:, None], into[1])
        most[met] = np.maximum(most[met], image[:, of[0][:, None], of[1]])
    y[:] = most.reshape(len(x), -1)


def _lstm(step: Step, buffers: Buffers, tables: Tables) -> None:
    x, units, times = buffers[step["x"]], step["units"], step["times"]
    sums, outputs = x.reshape(len(x), -1, 4 * units), buffers[step["y"]].reshape(len(x), times, units)
    kernel = unpacked(tables[step["weights"]], units, 4 * units)
    gate, candidate, out = (CURVES[name] for name in step["curves"])
    cell = hidden = np.zeros((len(x), units), np.float32)
    for time in range(times):
        gates = sums[:, 0 if step["still"] else time] + hidden @ kernel
        opened, added = gate(gates[:, : 3 * units]), candidate(gates[:, 3 * units :])
        cell = opened[:, 2 * units :] * cell + opened[:, :units] * added
        hidden = outputs[:, time] = opened[:, units : 2 * units] * out(cell)


def _curve(step: Step, buffers: Buffers, tables: Tables) -> None:
    parameters = {name: step[name] for name in ("alpha", "gamma") if name in step}
    buffers[step["y"]][:] = CURVES[step["curve"]](buffers[step["x"]], **parameters)


def _affine(step: Step, buffers: Buffers, tables: Tables) -> None:
    scale, shift = tables[step["scale"]], tables[step["shift"]]
    x = buffers[step["x"]]
    buffers[step["y"]][:] = (x.reshape(len(x), -1, len(scale)) * scale + shift).reshape(x.shape)


def _mean(step: Step, buffers: Buffers, tables: Tables) -> None:
    x = buffers[step["x"]]
    buffers[step["y"]][:] = x.reshape(len(x), -1, step["run"]).mean(axis=2)


def _add(step: Step, buffers: Buffers, tables: Tables) -> None:
    a, b, (first, second) = buffers[step["a"]], buffers[step["b"]], step["factors"]
    runs = a.reshape(len(a), -1, step["run"])
    buffers[step["y"]][:] = (first * runs + second * b[:, :, None]).reshape(a.shape)


def _multiply(step: Step, buffers: Buffers, tables: Tables) -> None:
    a, b = buffers[step["a"]], buffers[step["b"]]
    buffers[step["y"]][:] = (a.reshape(len(a), -1, step["run"]) * b[:, :, None]).reshape(a.shape)


def _gather(step: Step, buffers: Buffers, tables: Tables) -> None:
    places = (tables[step["places"]][:, None] + np.arange(step["run"])).ravel()
    buffers[step["y"]][:, step["into"] : step["into"] + len(places)] = buffers[step["x"]][:, places]


def _erf(x: np.ndarray) -> np.ndarray:
    """Abramowitz and Stegun (1964), 7.1.26, as in the browser: within 1.5e-7."""
    k = 1 / (1 + 0.3275911 * np.abs(x))
    tail = ((((1.061405429 * k - 1.453152027) * k + 1.421413741) * k - 0.284496736) * k + 0.254829592) * k
    return np.sign(x) * (1 - tail * np.exp(-np.square(x)))


def _elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(x))


def _selu(x: np.ndarray, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> np.ndarray:
    return gamma * _elu(x, alpha)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _leaky(x: np.ndarray, alpha: float = 0.01) -> np.ndarray:
    return np.where(x > 0, x, alpha * x)


STEPS: dict[str, Callable[[Step, Buffers, Tables], None]] = {
    "convolution": _convolution,
    "pool": _pool,
    "lstm": _lstm,
    "curve": _curve,
    "affine": _affine,
    "mean": _mean,
    "add": _add,
    "multiply": _multiply,
    "gather": _gather,
}
CURVES: dict[str, Callable[..., np.ndarray]] = {
    "abs": np.abs,
    "elu": _elu,
    "erf": _erf,
    "gelu": lambda x: 0.5 * x * (1 + _erf(x * np.float32(0.5**0.5))),
    "leaky": _leaky,
    "linear": np.array,
    "reciprocal": np.reciprocal,
    "relu": lambda x: np.maximum(x, 0),
    "selu": _selu,
    "sigmoid": _sigmoid,
    "silu": lambda x: x * _sigmoid(x),
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}
