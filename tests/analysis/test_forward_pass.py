"""One sample's way through real runs: the numbers that encoder and decoder give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecore.analysis import inference
from aecore.analysis.forward_pass import first_rows, forward_pass
from aecore.errors import RunError
from aecore.store import onnx_file
from aecore.store.runs import Run
from tests.analysis.test_inference import W, make_run

X = np.arange(6, dtype=np.float32).reshape(2, 3) / 6


def test_a_plain_run_decodes_its_codings(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    through = forward_pass(run, X)
    assert set(through.activations) == {"input", "codings", "hidden_1", "hidden_2", "output"}
    assert through.draw is None and through.deviations is None
    np.testing.assert_allclose(through.activations["output"], inference.reconstruct(run, X[None])[0], atol=1e-6)
    for name in ("hidden_1", "hidden_2"):
        expected = inference.layer_activations(run, X[None], name)[0]
        np.testing.assert_allclose(through.activations[name], expected, atol=1e-6)


def test_a_variational_run_decodes_the_mean_or_a_draw(tmp_path: Path) -> None:
    run = make_run(tmp_path, coding="variational")
    mean, drawn = forward_pass(run, X), forward_pass(run, X, seed=1)
    assert mean.draw is not None and drawn.draw is not None and drawn.deviations is not None
    np.testing.assert_allclose(mean.draw, mean.activations["codings"], atol=1e-6)
    noise = np.random.default_rng(1).standard_normal(2)
    np.testing.assert_allclose((drawn.draw - mean.draw) / drawn.deviations, noise, rtol=1e-4)
    np.testing.assert_allclose(drawn.activations["output"], inference.decode(run, drawn.draw[None])[0], atol=1e-6)
    assert not np.allclose(drawn.activations["hidden_2"], mean.activations["hidden_2"])


def test_rows_that_are_not_read_are_zero() -> None:
    assert first_rows(X, 1).tolist() == [X[0].tolist(), [0, 0, 0]]
    assert first_rows(X, 0).sum() == 0 and (first_rows(X, 2) == X).all()


def test_the_kernel_of_the_first_dense_layer(tmp_path: Path) -> None:
    kernel = onnx_file.input_kernel(make_run(tmp_path))
    assert kernel is not None and kernel.tolist() == W.tolist()
    (tmp_path / "encoder.onnx").write_bytes(b"no network")
    with pytest.raises(RunError, match="encoder.onnx cannot be read"):
        onnx_file.input_kernel(Run(tmp_path))
