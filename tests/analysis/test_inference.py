from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from aecore.analysis import inference
from aecore.errors import RunError
from aecore.specs.run import RunSpec
from aecore.store.files import FORMAT
from aecore.store.runs import Run

KEY = "0123456789abcdef"
RNG = np.random.default_rng(0)
W = RNG.normal(size=(6, 2)).astype(np.float32)
V = RNG.normal(size=(2, 6)).astype(np.float32)


def model(path: Path, nodes: list, shape: tuple, outputs: dict[str, int], **constants: np.ndarray) -> None:
    graph = helper.make_graph(
        nodes,
        "half",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank) for name, rank in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def make_run(folder: Path, coding: str = "plain", scale: float = 1.0) -> Run:
    """A linear run on samples of 2 × 3 numbers: codings x·W, log-variance -x·W, one hidden layer |x·W| and |z·V|."""
    folder.mkdir(parents=True, exist_ok=True)
    node = helper.make_node
    encoder = [
        node("Reshape", ["x", "flat_shape"], ["flat"]),
        node("MatMul", ["flat", "w"], ["z"]),
        node("Neg", ["z"], ["log_var"]),
        node("Abs", ["z"], ["hidden"]),
    ]
    shape = {"flat_shape": np.array([-1, 6])}
    model(
        folder / "encoder.onnx", encoder, (2, 3), {"z": 2, "log_var": 2, "hidden": 2}, w=W * np.float32(scale), **shape
    )
    decoder = [
        node("MatMul", ["x", "v"], ["flat"]),
        node("Reshape", ["flat", "image_shape"], ["y"]),
        node("Abs", ["flat"], ["hidden"]),
    ]
    model(folder / "decoder.onnx", decoder, (2,), {"y": 3, "hidden": 2}, v=V, image_shape=np.array([-1, 2, 3]))
    spec = RunSpec(coding=coding, coding_size=2)
    values = {"format": FORMAT, "key": folder.name, "spec": spec.to_dict(), "fingerprint": ""}
    (folder / "spec.json").write_text(json.dumps(values))
    layers = [
        {"name": "hidden 1 · dense 2", "side": "encoder", "output": 2, "shape": [2]},
        {"name": "hidden 2 · dense 6", "side": "decoder", "output": 1, "shape": [6]},
    ]
    (folder / "metrics.json").write_text(json.dumps({"layers": layers}))
    return Run(folder)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    inference.clear()
    return make_run(tmp_path / KEY)


def samples(n: int) -> np.ndarray:
    return RNG.random((n, 2, 3), np.float32)


@pytest.mark.parametrize("n", [0, 1, 7, inference.CHUNK, inference.CHUNK + 1, 2 * inference.CHUNK + 3])
def test_halves_agree_with_numpy_for_any_number_of_samples(run: Run, n: int) -> None:
    x = samples(n)
    z = inference.encode(run, x)
    assert z.shape == (n, 2) and z.dtype == np.float32
    np.testing.assert_allclose(z, x.reshape(n, 6) @ W, atol=1e-5)
    y = inference.decode(run, z)
    assert y.shape == (n, 2, 3)
    np.testing.assert_allclose(y, (z @ V).reshape(n, 2, 3), atol=1e-5)
    np.testing.assert_array_equal(inference.reconstruct(run, x), y)


def test_images_are_scaled_and_other_numbers_are_not(run: Run) -> None:
    images = RNG.integers(0, 256, (3, 2, 3), np.uint8)
    np.testing.assert_allclose(inference.encode(run, images), inference.encode(run, images / 255), atol=1e-6)
    np.testing.assert_allclose(
        inference.encode(run, images.astype(float) / 51), inference.encode(run, images) * 5, 1e-4
    )


def test_codings_of_feature_maps_are_flat(tmp_path: Path) -> None:
    run = make_run(tmp_path / KEY)
    model(run.folder / "encoder.onnx", [helper.make_node("Neg", ["x"], ["z"])], (2, 3, 1), {"z": 4})
    x = samples(4)[..., None]
    np.testing.assert_array_equal(inference.encode(run, x), -x.reshape(4, 6))


def test_log_variance_belongs_to_variational_runs(tmp_path: Path, run: Run) -> None:
    x = samples(5)
    variational = make_run(tmp_path / "fedcba9876543210", coding="variational")
    np.testing.assert_allclose(inference.log_variance(variational, x), -(x.reshape(5, 6) @ W), atol=1e-5)
    with pytest.raises(RunError, match="plain codings, allowed: a variational run"):
        inference.log_variance(run, x)


def test_layer_activations_of_both_halves(run: Run) -> None:
    x = samples(5)
    z = x.reshape(5, 6) @ W
    np.testing.assert_allclose(inference.layer_activations(run, x, "hidden 1 · dense 2"), np.abs(z), atol=1e-5)
    np.testing.assert_allclose(inference.layer_activations(run, x, "hidden 2 · dense 6"), np.abs(z @ V), atol=1e-5)
    with pytest.raises(RunError, match="got 'hidden 9', allowed: hidden 1 · dense 2, hidden 2"):
        inference.layer_activations(run, x, "hidden 9")


def test_a_layer_that_the_file_lacks_is_a_damaged_run(run: Run) -> None:
    layers = [{"name": "hidden 1", "side": "decoder", "output": 5, "shape": [2]}]
    (run.folder / "metrics.json").write_text(json.dumps({"layers": layers}))
    with pytest.raises(RunError, match="no output 5"):
        inference.layer_activations(run, samples(1), "hidden 1")


def test_missing_and_truncated_files_are_one_line(run: Run) -> None:
    whole = (run.folder / "encoder.onnx").read_bytes()
    for kept in (0, 1, len(whole) // 2, len(whole) - 3):
        (run.folder / "encoder.onnx").write_bytes(whole[:kept])
        with pytest.raises(RunError, match="train it again") as caught:
            inference.encode(run, samples(1))
        assert "\n" not in str(caught.value) and KEY in str(caught.value)
    (run.folder / "decoder.onnx").unlink()
    with pytest.raises(RunError, match="decoder.onnx cannot be read .*train it again"):
        inference.decode(run, np.zeros((1, 2)))


@pytest.mark.parametrize("shape", [(2, 3), (4, 3, 2), (4, 2, 3, 1), (4, 6)])
def test_samples_of_another_shape_are_refused(run: Run, shape: tuple[int, ...]) -> None:
    with pytest.raises(RunError, match=r"allowed: \(n, 2, 3\)"):
        inference.encode(run, np.zeros(shape))


def test_a_run_trained_anew_is_read_anew(run: Run) -> None:
    x = samples(2)
    before = inference.encode(run, x)
    make_run(run.folder, scale=-2.0)
    np.testing.assert_allclose(inference.encode(run, x), -2 * before, atol=1e-5)


def test_sessions_are_reused_and_bounded(tmp_path: Path) -> None:
    inference.clear()
    x = samples(1)
    runs = [make_run(tmp_path / f"{i:016x}") for i in range(inference.MAX_SESSIONS + 2)]
    for run in runs:
        inference.encode(run, x)
        inference.encode(runs[0], x)  # always in use, so never the one that makes room
    kept = {Path(path).parent.name for path, _, _ in inference._sessions}
    assert len(kept) == len(inference._sessions) == inference.MAX_SESSIONS
    assert runs[0].key in kept and runs[1].key not in kept
    first = inference._session(runs[0], "encoder")
    assert inference._session(runs[0], "encoder") is first


def test_threads_share_the_sessions(tmp_path: Path) -> None:
    inference.clear()
    runs = [make_run(tmp_path / f"{i:016x}", scale=i) for i in range(inference.MAX_SESSIONS + 4)]
    x = samples(3)
    wrong: list[object] = []

    def work() -> None:
        for i, run in enumerate(runs):
            try:
                np.testing.assert_allclose(inference.encode(run, x), i * (x.reshape(3, 6) @ W), atol=1e-4)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(inference._sessions) <= inference.MAX_SESSIONS


def test_the_wall_holds() -> None:
    code = (
        "import sys, aecore.analysis.inference, aecore.figures\n"
        "bad = {'tensorflow', 'keras', 'sklearn', 'umap', 'streamlit'} & set(sys.modules)\n"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
