"""Fitting arrays in memory: the same training as that of a run folder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from aecore import Autoencoder, datasets, presets
from aecore.datasets import as_float
from aecore.store.runs import Run
from aecore.worker.training import arrays, fit
from aecore.worker.training.record import compact


@pytest.mark.parametrize("variant", presets.VARIANTS)
def test_an_estimator_has_the_numbers_of_a_run(trained: Callable[..., Run], variant: str) -> None:
    """On bytes divided by 255 in either precision: losses, weights, codings and reconstructions."""
    run, data = trained(variant), datasets.load("digits")
    train, validation = (part.reshape(len(part), 64) / 255 for part in (data.train, data.validation))
    model = Autoencoder(run.spec, image_shape=(8, 8), random_state=run.spec.seed).fit(train)
    codings = model.transform(validation.astype(np.float32))
    np.testing.assert_array_equal(codings, run.array("codings"))
    assert model.loss_curve_ == [row["loss"] for row in run.history["epochs"]]
    np.testing.assert_array_equal(
        compact(model.inverse_transform(codings), True), run.reconstructions().reshape(-1, 64)
    )


def test_every_byte_becomes_the_same_float_everywhere() -> None:
    values = np.arange(256, dtype=np.uint8)
    by_tensorflow = tf.function(fit.floats, input_signature=[tf.TensorSpec((None,), tf.uint8)])(values).numpy()
    assert by_tensorflow.dtype == np.float32
    for other in (as_float(values), values / 255, values.astype("float32") / 255):
        np.testing.assert_array_equal(by_tensorflow, np.asarray(other, np.float32))


@pytest.mark.parametrize("variant", ["stacked", "convolutional", "recurrent", "variational", "tied", "hashing"])
def test_a_row_s_numbers_do_not_depend_on_the_other_rows(variant: str) -> None:
    """Batches of any size, at any place: codings and reconstructions to the last bit, at the printed sizes."""
    data = datasets.load(presets.VARIANTS[variant].spec.dataset)
    network = arrays.build(presets.VARIANTS[variant].spec, data.info.shape)
    x = as_float(data.validation[:600])
    codings = arrays.encode(network, x)
    images = arrays.decode(network, codings)
    for rows in (slice(0, 1), slice(1, 8), slice(31, 64), slice(5, 105), slice(88, 600), slice(599, None, -3)):
        np.testing.assert_array_equal(arrays.encode(network, x[rows]), codings[rows])
        np.testing.assert_array_equal(arrays.decode(network, codings[rows]), images[rows])


def test_chunks_hold_every_sample_once_in_batches() -> None:
    order = np.random.default_rng(0).permutation(12 * 3 + 2).astype(np.int32)
    parts = list(fit.chunks(order, 3, most=5))
    np.testing.assert_array_equal(np.concatenate([chunk.ravel() for chunk in parts]), order)
    assert {chunk.shape[1] for chunk in parts[:-1]} == {3}
    assert max(len(chunk) for chunk in parts) == 5
    assert parts[-1].shape == (1, 2)
    assert [chunk.shape for chunk in fit.chunks(order[:2], 3, most=5)] == [(1, 2)]
