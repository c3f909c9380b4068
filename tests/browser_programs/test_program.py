"""What the browser is sent for a half: its steps, its weights, and one line for what it cannot run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from aecore import browser
from aecore.analysis import inference
from aecore.browser import Program, ProgramError, lowering, program
from aecore.browser.program import BLOCK
from aecore.presets.published import RECIPES
from aecore.store.runs import Run
from pages.widgets.components.shared import packing
from tests.analysis.test_inference import KEY, V, W, make_run

RNG = np.random.default_rng(0)
node = helper.make_node


def network_of(nodes: list[NodeProto], shape: tuple[Any, ...], **constants: np.ndarray) -> Program:
    """The network of a graph from `x` to `y`."""
    graph = helper.make_graph(
        nodes,
        "half",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return lowering.lower(helper.make_model(graph))


def numbers(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def ops(found: Program) -> list[str]:
    return [step["op"] for step in found.steps]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    inference.clear()
    return make_run(tmp_path / KEY, coding="variational")


def test_only_the_first_output_is_read_and_a_dense_layer_is_one_step(run: Run) -> None:
    encoder, decoder = browser.compile_half(run, "encoder"), browser.compile_half(run, "decoder")
    assert ops(encoder) == ops(decoder) == ["convolution"]  # neither the log-variance nor the hidden layer
    assert (encoder.input_shape, encoder.output_shape) == ((2, 3), (2,))
    assert (decoder.input_shape, decoder.output_shape) == ((2,), (2, 3))
    assert encoder.sizes == [6, 2] and decoder.sizes == [2, 6]
    assert encoder.work == decoder.work == 12
    step = decoder.steps[0]
    np.testing.assert_array_equal(decoder.weights[step["weights"]], program.packed(V))
    np.testing.assert_array_equal(encoder.weights[encoder.steps[0]["weights"]], W.T.ravel())


def test_bias_and_normalisation_go_into_the_layer_and_the_activation_is_done_in_place() -> None:
    w, b, scale, shift = numbers(3, 5), numbers(5), numbers(5), numbers(1, 5)
    nodes = [
        node("MatMul", ["x", "w"], ["sum"]),
        node("Add", ["sum", "b"], ["biased"]),
        node("Mul", ["scale", "biased"], ["scaled"]),
        node("Sub", ["scaled", "shift"], ["normal"]),
        node("Elu", ["normal"], ["y"], alpha=0.5),
    ]
    found = network_of(nodes, (3,), w=w, b=b, scale=scale, shift=shift)
    layer, curve = found.steps
    assert curve == {"op": "curve", "x": 1, "y": 1, "curve": "elu", "alpha": 0.5}
    np.testing.assert_allclose(found.weights[layer["weights"]], program.packed(w * scale), rtol=1e-6)
    np.testing.assert_allclose(found.weights[layer["bias"]], b * scale - shift[0], rtol=1e-5)


def test_sums_that_somebody_else_wants_are_not_scaled() -> None:
    nodes = [
        node("MatMul", ["x", "w"], ["sum"]),
        node("Mul", ["sum", "two"], ["twice"]),
        node("Tanh", ["twice"], ["bent"]),
        node("Add", ["bent", "sum"], ["y"]),
    ]
    w = numbers(3, 4)
    found = network_of(nodes, (3,), w=w, two=np.array(2, np.float32))
    assert ops(found) == ["convolution", "affine", "curve", "add"]
    np.testing.assert_array_equal(found.weights[found.steps[0]["weights"]], program.packed(w))


GELU = (
    node("Mul", ["s", "root"], ["inner"]),
    node("Erf", ["inner"], ["erf"]),
    node("Add", ["one", "erf"], ["gate"]),
    node("Mul", ["half", "s"], ["small"]),
    node("Mul", ["small", "gate"], ["y"]),
)
SILU = (node("Sigmoid", ["s"], ["gate"]), node("Mul", ["s", "gate"], ["y"]))


@pytest.mark.parametrize(
    ("nodes", "root", "curves"), [(GELU, 0.5**0.5, ["gelu"]), (GELU, 0.6, ["erf"]), (SILU, 1, ["silu"])]
)
def test_curves_that_are_exported_as_products_are_one_step(
    nodes: tuple[NodeProto, ...], root: float, curves: list[str]
) -> None:
    constants = {"root": np.float32(root), "one": np.float32(1), "half": np.float32(0.5)}
    found = network_of([node("MatMul", ["x", "w"], ["s"]), *nodes], (3,), w=numbers(3, 4), **constants)
    assert [step["curve"] for step in found.steps if step["op"] == "curve"] == curves


def test_transpositions_shapes_and_crops_cost_nothing_until_the_order_matters() -> None:
    """Rows and columns enlarged by repetition, cropped, then flattened: one copy of rows of channels at the end."""
    flat = [
        node("Reshape", ["x", "to_maps"], ["maps"]),
        node("Transpose", ["maps"], ["images"], perm=[0, 3, 1, 2]),
        node("Conv", ["images", "kernel"], ["sums"], pads=[1, 1, 1, 1]),
        node("Relu", ["sums"], ["bent"]),
        node("Transpose", ["bent"], ["back"], perm=[0, 2, 3, 1]),
        node("Unsqueeze", ["back", "axis"], ["apart"]),
        node("Tile", ["apart", "twice"], ["tiled"]),
        node("Shape", ["back"], ["sides"]),
        node("Gather", ["sides", "batch"], ["n"]),
        node("Concat", ["n", "high"], ["enlarged"], axis=0),
        node("Reshape", ["tiled", "enlarged"], ["high_maps"]),
        node("Slice", ["high_maps", "one", "five", "one"], ["cropped"]),
        node("Flatten", ["cropped"], ["y"]),
    ]
    constants = {
        "to_maps": np.array([-1, 3, 2, 4]),
        "axis": np.array([2]),
        "twice": np.array([1, 1, 2, 1, 1]),
        "batch": np.array([0]),
        "high": np.array([6, 2, 5]),
        "one": np.array([1]),
        "five": np.array([5]),
    }
    found = network_of(flat, (24,), kernel=numbers(5, 4, 3, 3), **constants)
    assert ops(found) == ["convolution", "curve", "gather"]
    gather = found.steps[-1]
    # Of rows 0, 0, 1, 1, 2, 2 the middle four, of ten numbers each: rows 0 and 1, then rows 1 and 2.
    assert gather["run"] == 20
    np.testing.assert_array_equal(found.weights[gather["places"]], [0, 10])
    assert found.output_shape == (40,)


def test_a_transposed_convolution_fills_every_place_once() -> None:
    for size, stride, pad in [((3, 4), (2, 2), (0, 0)), ((3, 3), (2, 1), (1, 0)), ((2, 5), (3, 2), (0, 1))]:
        output = tuple((side - 1) * s + 3 - p for side, s, p in zip(size, stride, pad, strict=True))
        parts = program.transposed(0, 1, numbers(3, 3, 2, 4), numbers(4), size, output, stride, pad)
        filled = np.zeros(output, int)
        for part in parts:
            rows, columns = (b + s * np.arange(n) for b, s, n in zip(part.start, part.step, part.count, strict=True))
            filled[np.ix_(rows, columns)] += 1
        assert (filled == 1).all()
        # Every weight meets every input once, whatever the stride.
        assert sum(part.kernel[..., 0, 0].size for part in parts) == 9


def test_weights_lie_in_blocks_of_outputs_then_output_by_output() -> None:
    kernel = np.arange(2 * 6, dtype=np.float32).reshape(2, 6)
    assert BLOCK == 4
    np.testing.assert_array_equal(program.packed(kernel), [0, 1, 2, 3, 6, 7, 8, 9, 4, 10, 5, 11])


def test_equal_tables_travel_once_and_everything_can_be_packed() -> None:
    w = numbers(3, 3)
    nodes = [node("MatMul", ["x", "w"], ["s"]), node("Tanh", ["s"], ["t"]), node("MatMul", ["t", "w"], ["y"])]
    header, arrays = browser.header_and_arrays(network_of(nodes, (3,), w=w))
    assert sorted(array.size for array in arrays.values()) == [3, 9]
    assert packing.pack(header, **arrays)


LSTM = {"w": numbers(1, 8, 3), "r": numbers(1, 8, 2)}


def lstm(**attributes: Any) -> NodeProto:
    return node("LSTM", ["x_t", "w", "r"], ["y"], hidden_size=2, **attributes)


def test_an_input_that_repeats_is_projected_once() -> None:
    repeat = [
        node("Unsqueeze", ["x", "zero"], ["one"]),
        node("Tile", ["one", "times"], ["x_t"]),
        lstm(),
    ]
    found = network_of(repeat, (3,), zero=np.array([0]), times=np.array([7, 1, 1]), **LSTM)
    assert ops(found) == ["convolution", "lstm"]
    assert found.steps[0]["count"] == [1, 1] and found.steps[1]["still"] and found.steps[1]["times"] == 7
    assert found.work == 3 * 8 + 7 * (8 * 2 + 2)


MATMUL = node("MatMul", ["x", "w"], ["y"])
TURN = node("Transpose", ["x"], ["x_t"], perm=[1, 0, 2])


@pytest.mark.parametrize(
    ("nodes", "shape", "constants", "told"),
    [
        ([node("Softmax", ["x"], ["y"])], (3,), {}, "operation Softmax"),
        ([node("Range", ["w", "w", "w"], ["y"])], (3,), {"w": np.float32(1)}, "operation Range"),
        ([MATMUL], (3,), {"w": np.full((3, 2), np.nan, np.float32)}, "NaN or infinite values .*; train"),
        ([MATMUL], (3,), {"w": np.full((3, 2), -np.inf, np.float32)}, "NaN or infinite values .*; train"),
        ([MATMUL], ("m",), {"w": numbers(3, 2)}, "input of open size"),
        ([node("MatMul", ["x", "x"], ["y"])], (3,), {}, "MatMul of two results"),
        ([node("Identity", ["x"], ["y"])], (3,), {}, "no layer computes its output"),
        ([node("Identity", ["w"], ["y"])], (3,), {"w": numbers(3)}, "constant output"),
        ([TURN, lstm(direction="reverse")], (4, 3), LSTM, "LSTM with"),
        ([TURN, lstm(activations=["Sigmoid", "Softsign", "Tanh"])], (4, 3), LSTM, "LSTM with"),
        ([node("Conv", ["x", "w"], ["y"], dilations=[2, 2])], (1, 9, 9), {"w": numbers(1, 1, 3, 3)}, "dilations"),
        ([node("Conv", ["x", "w"], ["y"], group=2)], (2, 9, 9), {"w": numbers(2, 1, 3, 3)}, "in groups"),
        (
            [node("Tile", ["x", "w"], ["t"]), node("Relu", ["t"], ["y"])],
            (9,),
            {"w": np.array([1, 10**6])},
            "numbers between",
        ),
    ],
)
def test_what_the_browser_cannot_run_is_said_in_one_line(
    nodes: list[NodeProto], shape: tuple[Any, ...], constants: dict[str, np.ndarray], told: str
) -> None:
    with pytest.raises(ProgramError, match=told) as error:
        network_of(nodes, shape, **constants)
    message = str(error.value)
    assert ("allowed" in message or "; train the run again" in message) and "\n" not in message


def test_a_file_that_is_missing_or_damaged_is_said_in_one_line(run: Run) -> None:
    for spoil in (lambda path: path.write_bytes(b"\x00 nothing"), Path.unlink):
        spoil(run.folder / "decoder.onnx")
        with pytest.raises(ProgramError, match="decoder.onnx cannot be read; train it again"):
            browser.compile_half(run, "decoder")


@pytest.mark.parametrize("nodes", [[], [node("LSTM", ["z", "w", "r"], ["", "", "y"], hidden_size=2)]])
def test_a_graph_that_no_layer_of_ours_makes_is_said_in_one_line(run: Run, nodes: list[NodeProto]) -> None:
    model = onnx.load(run.folder / "decoder.onnx")
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, run.folder / "decoder.onnx")
    with pytest.raises(
        ProgramError, match=r"decoder.onnx was not exported by this app \(KeyError\); train the run again"
    ):
        browser.compile_half(run, "decoder")


@pytest.mark.parametrize(
    ("limit", "told"),
    [("MOST_BYTES", "weights of 0.0 MB, allowed: "), ("MOST_WORK", "0 million"), ("MOST_FILE", "a file of 0 MB")],
)
def test_too_large_and_too_slow_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch, limit: str, told: str) -> None:
    monkeypatch.setattr(browser, limit, 10)
    with pytest.raises(ProgramError, match=f"decoder: got {told}"):
        browser.compile_half(run, "decoder")


def test_the_encoder_has_what_the_decoder_leaves(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder, encoder, why = browser.compile_halves(run)
    assert decoder and encoder and not why
    monkeypatch.setattr(browser, "MOST_BYTES", decoder.nbytes + encoder.nbytes - 1)
    decoder, encoder, why = browser.compile_halves(run)
    assert decoder and encoder is None and why.startswith("encoder: got weights of 0.0 MB with the decoder's")
    (run.folder / "decoder.onnx").unlink()
    decoder, encoder, why = browser.compile_halves(run)
    assert decoder is None and encoder and "decoder.onnx cannot be read" in why


def test_published_presets_weigh_two_megabytes_at_most() -> None:
    assert max(4 * (preset.parameters or 0) for preset in RECIPES) <= 2_000_000
