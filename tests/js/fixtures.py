"""Writes fixtures.json: small cases for the components' arithmetic, with results computed by NumPy and SciPy.

`python -m tests.js.fixtures` writes it anew; tests/js/test_js.py fails where it is out of date.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from aecore.analysis import off_manifold
from aecore.analysis.off_manifold import ReferenceSet
from pages.widgets.components.shared import packing

PATH = Path(__file__).with_name("fixtures.json")
BLOCK = 4


def fixtures() -> dict[str, Any]:
    """Everything in fixtures.json."""
    draws = np.random.default_rng(7)
    return {
        "container": _container(),
        "networks": {"dense": _dense(draws), "convolution": _convolution(draws), "lstm": _lstm(draws)},
        "where": {"plain": _where(draws, None), "variational": _where(draws, 3), "prior of 4": _where(draws, 4)},
        "normal": [[x, NormalDist().cdf(x)] for x in (-6.0, -3.0, -1.0, 0.0, 0.5, 2.5, 7.0)],
    }


def _container() -> dict[str, Any]:
    arrays = {
        "bytes": np.arange(5, dtype=np.uint8),
        "halves": np.array([[0.5, -2.0], [1e-3, 3e7]], np.float64),
        "none": np.zeros((0, 3), np.int16),
        "signed": np.array([[[-1], [2]]], np.int32),
    }
    listed = {name: {"shape": list(a.shape), "values": a.ravel().tolist()} for name, a in arrays.items()}
    header = {"name": "Größe", "nested": {"a": [1, None]}}
    return {"packed": _text(packing.pack(header, **arrays)), "header": header, "arrays": listed}


def _dense(draws: np.random.Generator) -> dict[str, Any]:
    """6 outputs: one block of four and two that fill none; then a leaky ReLU."""
    kernel, bias, samples = draws.normal(size=(5, 6)), draws.normal(size=6), draws.normal(size=(3, 5))
    steps = [_matrix(0, 1, 6, 5), {"op": "curve", "x": 1, "y": 2, "curve": "leaky", "alpha": 0.2}]
    sums = samples @ kernel + bias
    tables = {"w": _blocks(kernel), "b": bias}
    return _network(steps, [5, 6, 6], tables, [6], samples, np.where(sums > 0, sums, 0.2 * sums))


def _convolution(draws: np.random.Generator) -> dict[str, Any]:
    """3 × 3 windows of a padded 5 × 4 × 2 image, stride 2, five filters."""
    kernel, bias = draws.normal(size=(3, 3, 2, 5)), draws.normal(size=5)
    samples = draws.normal(size=(2, 5, 4, 2))
    step = {
        "op": "convolution",
        "x": 0,
        "y": 1,
        "weights": "w",
        "bias": "b",
        "size": [5, 4, 2],
        "kernel": [3, 3],
        "filters": 5,
        "count": [3, 2],
        "output": [3, 2],
        "stride": [2, 2],
        "pad": [1, 1],
        "start": [0, 0],
        "step": [1, 1],
    }
    padded = np.pad(samples, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    output = np.einsum("nhwckl,klcf->nhwf", windows, kernel) + bias
    return _network([step], [40, 30], {"w": _blocks(kernel), "b": bias}, [3, 2, 5], samples, output)


def _lstm(draws: np.random.Generator) -> dict[str, Any]:
    """Three moments of two inputs, three units; gates in the order input, output, forget, cell."""
    kernel, recurrent = draws.normal(size=(2, 12)), draws.normal(size=(3, 12))
    bias, samples = draws.normal(size=12), draws.normal(size=(2, 3, 2))
    lstm = {"op": "lstm", "x": 1, "y": 2, "weights": "r", "units": 3, "times": 3, "still": False}
    steps = [_matrix(0, 1, 12, 2, rows=3), lstm | {"curves": ["sigmoid", "tanh", "tanh"]}]
    cell = hidden = np.zeros((2, 3))
    moments = []
    for time in range(3):
        i, o, f, c = np.split(samples[:, time] @ kernel + bias + hidden @ recurrent, 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(c)
        hidden = _sigmoid(o) * np.tanh(cell)
        moments.append(hidden)
    tables = {"w": _blocks(kernel), "b": bias, "r": _blocks(recurrent)}
    return _network(steps, [6, 36, 9], tables, [3, 3], samples, np.stack(moments, axis=1))


def _where(draws: np.random.Generator, prior: int | None) -> dict[str, Any]:
    """Codings near, between and far from 40 codes of 4 numbers; the first `prior` ones are measured."""
    codes = draws.normal(size=(40, 4)).astype(np.float16).astype(np.float32)
    active = np.arange(4) < (prior or 4)
    reference = ReferenceSet(np.arange(100, 140, dtype=np.int32), codes, np.arange(40) % 3, active, 0.4, 0.3, prior)
    z = np.concatenate([codes[:3] + np.float32(0.01), draws.normal(size=(6, 4)), np.full((1, 4), 9.0)])
    z = z.astype(np.float32)
    encoded = z + draws.normal(scale=0.2, size=z.shape).astype(np.float32)
    diagnosis = off_manifold.diagnose_encoded(reference, z, encoded)
    header, arrays = off_manifold.header_and_arrays(reference)
    names = ("nearest", "distance", "distance_ratio", "drift", "drift_ratio", "density", "level")
    measures = {name: getattr(diagnosis, name) for name in names}
    return {
        "packed": _text(packing.pack(header, **arrays)),
        "z": z.tolist(),
        "encoded": encoded.tolist(),
        "expected": {name: None if values is None else values.tolist() for name, values in measures.items()},
        "verdicts": [reference.verdicts[place] for place in diagnosis.verdict],
    }


def _matrix(x: int, y: int, filters: int, channels: int, rows: int = 1) -> dict[str, Any]:
    """The step of a dense layer."""
    places = {"size": [rows, 1, channels], "count": [rows, 1], "output": [rows, 1]}
    fixed = {"kernel": [1, 1], "stride": [1, 1], "pad": [0, 0], "start": [0, 0], "step": [1, 1]}
    return {"op": "convolution", "x": x, "y": y, "weights": "w", "bias": "b", "filters": filters, **places, **fixed}


def _blocks(kernel: np.ndarray) -> np.ndarray:
    """A kernel (…, in, out) in the browser's order: outputs in blocks of four, then those that fill no block."""
    flat = kernel.reshape(-1, kernel.shape[-1])
    full = flat.shape[1] - flat.shape[1] % BLOCK
    blocks = [flat[:, first : first + BLOCK].ravel() for first in range(0, full, BLOCK)]
    return np.concatenate([*blocks, flat[:, full:].T.ravel()])


def _network(
    steps: list[dict[str, Any]],
    sizes: list[int],
    tables: dict[str, np.ndarray],
    shape: list[int],
    samples: np.ndarray,
    output: np.ndarray,
) -> dict[str, Any]:
    header = {"steps": steps, "sizes": sizes, "units": {}, "output_shape": shape}
    arrays = {name: table.astype(np.float32) for name, table in tables.items()}
    return {
        "packed": _text(packing.pack(header, **arrays)),
        "inputs": samples.reshape(len(samples), -1).tolist(),
        "outputs": output.reshape(len(samples), -1).tolist(),
        "shape": shape,
    }


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _text(packed: bytes) -> str:
    return base64.b64encode(packed).decode()


if __name__ == "__main__":
    PATH.write_text(json.dumps(fixtures(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
