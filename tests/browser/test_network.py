"""The browser's own encoder and decoder against ONNX Runtime, for networks that use every step between them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnxruntime import InferenceSession
from playwright.sync_api import Browser

from aecore import browser as network
from aecore.browser import interpreter, lowering
from aecore.specs.run import RunSpec
from pages.widgets.components.shared import bundle, packing

pytestmark = pytest.mark.browser

CLOSE = 1e-5  # the promise is 1e-3; single precision gives far more
SAMPLES = 3
SCRIPTS = ("shared/unpack.js", "shared/network.js")
# What a component does with its bytes; all samples twice, so that a step that leaves something behind is found out.
RUN = """([bytes, samples]) => {
  const part = unpack(Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)));
  const network = makeNetwork(part.header, part.arrays), nothing = new Float32Array(network.inputs);
  const buffer = network.run(nothing), run = (sample) => Array.from(network.run(Float32Array.from(sample)));
  const first = samples.map(run), again = samples.map(run);
  if (JSON.stringify(first) !== JSON.stringify(again)) throw new Error("the same input, another output");
  if (network.run(nothing) !== buffer) throw new Error("another buffer");
  return { outputs: first, inputs: network.inputs, count: network.outputs, shape: network.shape };
}"""

CONVOLUTIONAL = {"architecture": "convolutional", "hidden": (4, 6), "coding_size": 3}
STRIDED = CONVOLUTIONAL | {"downsampling": "stride", "dense_hidden": (8,)}
NEAREST = CONVOLUTIONAL | {"upsampling": "nearest", "bottleneck": "spatial"}
RECURRENT = {"architecture": "recurrent", "hidden": (7, 5), "coding_size": 3}
# Sizes are small and odd; together: every layer, activation, normalisation, kind of down- and upsampling, of codings.
NETWORKS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "tied": ({"hidden": (9, 6), "tied": True, "activation": "silu", "normalization": "layer"}, (5, 6, 3)),
    "features": ({"hidden": (9,), "activation": "silu", "coding": "variational", "coding_size": 1}, (7,)),
    "transposed": (CONVOLUTIONAL | {"activation": "gelu", "normalization": "batch"}, (11, 9, 3)),
    "strided": (STRIDED | {"activation": "leaky_relu", "normalization": "layer"}, (9, 10)),
    "nearest": (NEAREST | {"activation": "elu", "coding_activation": "relu"}, (13, 11)),
    "rows": (RECURRENT | {"coding_activation": "tanh", "output_activation": "linear"}, (6, 5, 3)),
    "loop": (RECURRENT | {"coding_activation": "selu", "output_activation": "tanh"}, (6, 5)),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The halves of untrained networks, whose weights are moved so that no bias and no scale is 0 or 1."""
    from aecore.worker.training.architectures import Autoencoder
    from aecore.worker.training.save import export_half, halves

    draws = np.random.default_rng(0)
    found = {}
    for name, (settings, shape) in NETWORKS.items():
        model = Autoencoder(RunSpec(loss="mse", **settings), shape)
        for weights in model.weights:
            moved = np.asarray(weights) + draws.normal(scale=0.2, size=weights.shape)
            weights.assign(np.abs(moved) + 0.1 if "variance" in weights.name else moved)
        encoder, decoder = halves(model)
        encoder(np.zeros((1, *shape), np.float32))
        decoder(np.zeros((1, *decoder.input_shape[1:]), np.float32))
        for half, part in (("encoder", encoder), ("decoder", decoder)):
            found[f"{name} {half}"] = tmp_path_factory.mktemp(name) / f"{half}.onnx"
            export_half(part, found[f"{name} {half}"])
    return found


def test_the_browser_computes_what_onnx_runtime_does(browser: Browser, exported: dict[str, Path]) -> None:
    page = browser.new_page()
    page.add_script_tag(content=bundle.script(*SCRIPTS))
    draws = np.random.default_rng(1)
    kinds = set()
    for name, path in exported.items():
        found = lowering.lower(onnx.load(path))
        header, arrays = network.header_and_arrays(found)
        samples = draws.normal(size=(SAMPLES, *found.input_shape)).astype(np.float32)
        packed = base64.b64encode(packing.pack(header, **arrays)).decode()
        told = page.evaluate(RUN, [packed, samples.reshape(SAMPLES, -1).tolist()])
        session = InferenceSession(path)
        wanted = session.run([session.get_outputs()[0].name], {session.get_inputs()[0].name: samples})[0]
        # What 16-bit weights would change is measured in NumPy, by the same steps.
        np.testing.assert_allclose(interpreter.run(found, samples), wanted, atol=CLOSE, rtol=CLOSE, err_msg=name)
        assert tuple(told["shape"]) == found.output_shape == wanted.shape[1:], name
        assert (told["inputs"], told["count"]) == (samples[0].size, wanted[0].size), name
        # A tenth of a per mille of nothing is nothing: the outputs have to differ from sample to sample.
        assert wanted.std(axis=0).max() > 100 * CLOSE, name
        np.testing.assert_allclose(told["outputs"], wanted.reshape(SAMPLES, -1), atol=CLOSE, rtol=CLOSE, err_msg=name)
        kinds |= {step["op"] for step in found.steps} | {step["curve"] for step in found.steps if "curve" in step}
    page.close()
    assert kinds >= {"convolution", "pool", "lstm", "curve", "affine", "mean", "add", "multiply", "gather"}
    assert kinds >= {"gelu", "silu", "selu", "elu", "leaky", "relu", "tanh", "sigmoid", "sqrt", "reciprocal"}


def test_16_bit_weights_are_what_their_unit_says(browser: Browser) -> None:
    """A dense layer of one input, with weights 3 and -1 in units of a half."""
    step = {
        "op": "convolution",
        "x": 0,
        "y": 1,
        "weights": "w",
        "bias": "b",
        "size": [1, 1, 1],
        "kernel": [1, 1],
        "filters": 2,
        "count": [1, 1],
        "output": [1, 1],
        "stride": [1, 1],
        "pad": [0, 0],
        "start": [0, 0],
        "step": [1, 1],
    }
    weights = {"w": np.array([6, -2], np.int16), "b": np.array([0, 1], np.float32)}
    header, arrays = network.header_and_arrays(network.Program([step], weights, (1,), (2,), 2, [1, 2], {"w": 0.5}))
    page = browser.new_page()
    page.add_script_tag(content=bundle.script(*SCRIPTS))
    told = page.evaluate(RUN, [base64.b64encode(packing.pack(header, **arrays)).decode(), [[2.0]]])
    page.close()
    assert told["outputs"] == [[6, -1]]
