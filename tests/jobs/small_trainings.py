"""Real trainings of less than a second each, and what a finished one has to be."""

from __future__ import annotations

import numpy as np

from aecore import datasets
from aecore.analysis import inference
from aecore.jobs import TrainTask, actual_state
from aecore.specs.run import RunSpec
from aecore.store.runs import Run


def training(seed: int, epochs: int = 1) -> TrainTask:
    return TrainTask(RunSpec(dataset="digits", hidden=(8,), coding_size=2, epochs=epochs, seed=seed))


def complete(run: Run) -> None:
    """The run is finished, and its files come from one training: what the halves compute is what the arrays hold."""
    data = datasets.load(run.spec.dataset)
    samples = datasets.as_float(data.validation)
    assert run.state == "finished" and actual_state(run) == "finished"
    codings, reconstructions = run.array("codings"), run.reconstructions()
    assert codings.shape == (len(samples), run.spec.coding_size) and len(reconstructions) == len(samples)
    np.testing.assert_allclose(inference.encode(run, samples), codings, atol=1e-4)
    decoded = (np.clip(inference.decode(run, np.asarray(codings)), 0, 1) * 255).round()
    assert np.abs(decoded - reconstructions).max() <= 1
    assert len(run.history["epochs"]) == run.spec.epochs == run.metrics["epochs"]
    assert len(run.snapshots()["step"]) > 20
    left = [path.name for path in run.folder.iterdir() if path.name.startswith(".") or path.suffix == ".tmp"]
    assert left == [] and not (run.folder / "snapshots").exists()
