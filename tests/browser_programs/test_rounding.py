"""Weights of 16 bits, where rounding them changes too little to be seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.helper import make_node as node

from aecore import browser
from aecore.analysis import inference
from aecore.browser import program
from aecore.store.runs import Run
from tests.analysis.test_inference import KEY, V, make_run

RNG = np.random.default_rng(0)


def heavy(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> Run:
    """A run whose decoder has a kernel of its own."""
    run = make_run(folder / KEY)
    model = onnx.load(run.folder / "decoder.onnx")
    kernel = next(tensor for tensor in model.graph.initializer if tensor.name == "v")
    kernel.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(kernel)), "v"))
    onnx.save(model, run.folder / "decoder.onnx")
    np.save(run.folder / "codings.npy", RNG.normal(size=(50, 2)).astype(np.float32) * np.float32([0, 1]))
    return run


def test_heavy_weights_travel_as_16_bit_numbers_where_that_is_exact_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "LIGHT", 60)
    inference.clear()
    run = heavy(tmp_path, lambda kernel: kernel)
    light = browser.compile_half(run, "decoder")
    name = light.steps[0]["weights"]
    assert light.weights[name].dtype == np.int16 and light.weights[light.steps[0]["bias"]].dtype == np.float32
    assert np.abs(light.weights[name]).max() == browser.LEVELS
    np.testing.assert_allclose(light.weights[name] * light.units[name], program.packed(V), atol=light.units[name] / 2)
    # One coding's weights, which no sample has use for, a million times the other's: the other's become zeros.
    run = heavy(tmp_path / "other", lambda kernel: np.append([[1e6] * 6], kernel[1:], axis=0).astype(np.float32))
    exact = browser.compile_half(run, "decoder")
    assert exact.weights[exact.steps[0]["weights"]].dtype == np.float32


def test_rounding_is_measured_on_the_weights_that_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A normalisation's scale that goes into the kernel makes one output's weights a million times the others'."""
    monkeypatch.setattr(browser, "LIGHT", 60)
    inference.clear()
    run = heavy(tmp_path, lambda kernel: np.append([[1], [0]], kernel[:, 1:], axis=1).astype(np.float32))
    model = onnx.load(run.folder / "decoder.onnx")
    scale, shift = np.ones(6, np.float32), np.zeros(6, np.float32)
    scale[0] = 1e6
    model.graph.initializer.extend([numpy_helper.from_array(scale, "scale"), numpy_helper.from_array(shift, "shift")])
    first = model.graph.node[0]
    first.output[0] = "sums"
    scaled = [node("Mul", ["sums", "scale"], ["scaled"]), node("Add", ["scaled", "shift"], ["flat"])]
    rest = list(model.graph.node[1:])
    del model.graph.node[:]
    model.graph.node.extend([first, *scaled, *rest])
    onnx.save(model, run.folder / "decoder.onnx")
    inference.clear()
    found = browser.compile_half(run, "decoder")
    assert [step["op"] for step in found.steps] == ["convolution"] and found.weights[
        found.steps[0]["weights"]
    ].dtype == np.float32


def test_rounding_is_measured_at_the_ends_of_the_sliders_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "LIGHT", 60)
    inference.clear()
    run = heavy(tmp_path, lambda kernel: np.append([[1.0] * 6], [[4.5e-5] * 6], axis=0).astype(np.float32))
    codings = np.zeros((2 * browser.HELD_OUT, 2), np.float32)
    codings[-1] = 0, 1e3  # which a slider reaches: one and a half units become one or two
    for used, kind in ((codings, np.float32), (codings[:-1], np.int16)):
        np.save(run.folder / "codings.npy", used)
        found = browser.compile_half(run, "decoder")
        assert found.weights[found.steps[0]["weights"]].dtype == kind
