"""The ONNX files as somebody else reads them: names, the batch axis and metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from aecore import datasets, export
from aecore.presets import demonstrations
from aecore.specs.run import RunSpec
from aecore.store.runs import Run, open_run
from tests.worker.training.test_training import COMPOSITIONS

ROOT = Path(__file__).resolve().parents[3]


def opened(run: Run) -> dict[str, onnxruntime.InferenceSession]:
    """The exported halves, after a look at what every file has."""
    sessions = {}
    for name, content in export.files(run, "onnx").items():
        half = name.removesuffix(".onnx")
        model = onnx.load_model_from_string(content)
        onnx.checker.check_model(model, full_check=True)
        assert model.graph.name == half
        for value in (*model.graph.input, *model.graph.output):
            batch, *rest = value.type.tensor_type.shape.dim
            assert batch.dim_param == "batch" and all(side.dim_value > 0 for side in rest)
        properties = {prop.key: prop.value for prop in model.metadata_props}
        assert properties["key"] == run.key and RunSpec.from_dict(json.loads(properties["spec"])) == run.spec
        assert {"python", "keras", "tensorflow"} <= set(json.loads(properties["versions"]))
        sessions[half] = onnxruntime.InferenceSession(content)
        first = {"encoder": "samples", "decoder": "codings"}[half]
        assert [value.name for value in sessions[half].get_inputs()] == [first]
        hidden = [layer["name"] for layer in run.metrics["layers"] if layer["side"] == half]
        named = [f"hidden_{title.split()[1]}" for title in hidden]
        before = ["reconstructions"] if half == "decoder" else ["codings", "log_variance"][: 1 + run.spec.variational]
        assert [value.name for value in sessions[half].get_outputs()] == [*before, *named]
    return sessions


@pytest.mark.parametrize("variant", COMPOSITIONS)
def test_inputs_and_outputs_have_names(variant: str, trained: Callable[..., Run]) -> None:
    run = trained(variant)
    sessions = opened(run)
    for half in sessions:
        assert export.files(run, "onnx")[f"{half}.onnx"] == (run.folder / f"{half}.onnx").read_bytes()
    samples = datasets.as_float(datasets.load("digits").validation[:7])
    (codings,) = sessions["encoder"].run(["codings"], {"samples": samples})
    np.testing.assert_allclose(codings, run.array("codings")[:7], atol=1e-5)
    (reconstructions,) = sessions["decoder"].run(["reconstructions"], {"codings": codings})
    assert np.abs(np.clip(reconstructions, 0, 1) * 255 - run.reconstructions()[:7]).max() < 0.51


def test_files_of_older_versions_get_the_names() -> None:
    runs = [open_run(key, ROOT / "cache") for key in demonstrations.keys().values()]
    runs = [run for run in runs if run.readable]
    assert runs
    for run in runs:
        for half, session in opened(run).items():
            before = onnxruntime.InferenceSession(run.folder / f"{half}.onnx")
            (source,) = session.get_inputs()
            x = np.random.default_rng(0).random((3, *source.shape[1:]), np.float32)
            old = before.run(None, {before.get_inputs()[0].name: x})
            for one, other in zip(session.run(None, {source.name: x}), old, strict=True):
                np.testing.assert_array_equal(one, other)
