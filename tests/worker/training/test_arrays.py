"""Fitting arrays in memory: the same training as that of a run folder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aecore import datasets
from aecore.datasets import as_float
from aecore.store.runs import Run
from aecore.worker.training import arrays, fit


@pytest.mark.parametrize("variant", ["stacked", "layerwise", "denoising"])
def test_the_same_spec_and_samples_give_the_same_codings_as_a_run(trained: Callable[..., Run], variant: str) -> None:
    run, data = trained(variant), datasets.load("digits")
    model, losses = arrays.fit_arrays(run.spec, as_float(data.train))
    codings = arrays.encode(model, as_float(data.validation))
    np.testing.assert_allclose(codings, run.array("codings"), atol=1e-5)
    np.testing.assert_allclose(losses, [row["loss"] for row in run.history["epochs"]], rtol=1e-5)


def test_chunks_hold_every_sample_once_in_batches() -> None:
    order = np.random.default_rng(0).permutation(12 * 3 + 2).astype(np.int32)
    parts = list(fit.chunks(order, 3, most=5))
    np.testing.assert_array_equal(np.concatenate([chunk.ravel() for chunk in parts]), order)
    assert {chunk.shape[1] for chunk in parts[:-1]} == {3}
    assert max(len(chunk) for chunk in parts) == 5
    assert parts[-1].shape == (1, 2)
    assert [chunk.shape for chunk in fit.chunks(order[:2], 3, most=5)] == [(1, 2)]
