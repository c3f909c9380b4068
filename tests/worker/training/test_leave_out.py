"""Classes left out of a training: the run is the one on the other samples, and is validated on all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecore import datasets
from aecore.analysis import metrics
from aecore.datasets import as_float
from aecore.specs.run import RunSpec
from aecore.store.runs import Run
from aecore.worker import training
from aecore.worker.training import arrays

pytestmark = pytest.mark.usefixtures("eager")
SPEC = RunSpec(dataset="digits", hidden=(8,), coding_size=2, epochs=2, leave_out=(7, 3))


def test_the_run_is_that_of_the_other_samples(tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "0123456789abcdef")
    training.train(SPEC, run.folder, lambda: False)
    data = datasets.load("digits")
    kept = data.train[~np.isin(data.train_labels, (3, 7))]
    model, losses = arrays.fit_arrays(SPEC, as_float(kept), None)
    codings = run.array("codings")
    np.testing.assert_allclose(codings, arrays.encode(model, as_float(data.validation)), atol=1e-5)
    assert [row["loss"] for row in run.history["epochs"]] == pytest.approx(losses, abs=1e-5)
    assert len(codings) == len(data.validation)
    pca = metrics.pca_errors(kept, data.validation)
    assert run.metrics["pca_mse"] == pytest.approx(metrics.pca_mse(pca, 2))
    assert run.metrics["pca_mse"] != pytest.approx(metrics.pca_mse(metrics.pca_errors(data.train, data.validation), 2))
