"""Split and scaling: what is validated was never trained on, and every value is where it is said to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.uploads.prepare import PreparedData, prepare
from aecore.uploads.samples import Samples

RANDOM = np.random.default_rng(0)


def table(n: int = 100, n_classes: int = 4) -> Samples:
    x = RANDOM.normal(10, 5, (n, 6))
    return Samples("table", x, np.arange(n) % n_classes, tuple("abcdefgh")[:n_classes])


def prepared(samples: Samples, **spec: Any) -> PreparedData:
    return prepare(samples, UploadSpec(**spec))


def test_split_is_balanced_and_depends_on_seed_and_share() -> None:
    samples = table()
    data = prepared(samples)
    assert np.bincount(data.validation_labels).tolist() == [5] * 4 and len(data.train) == 80
    again, other = prepared(samples), prepared(samples, seed=1)
    assert (data.train == again.train).all() and data.fingerprint == again.fingerprint
    assert (data.train != other.train).any() and data.fingerprint != other.fingerprint
    assert len(prepared(samples, validation=0.5).validation) == 52  # 13 of 25 a class


def test_equal_samples_are_on_one_side_and_counted() -> None:
    x = np.repeat(RANDOM.normal(size=(30, 4)), 3, axis=0)
    data = prepared(Samples("table", x), scale="none")
    assert len(data.train) + len(data.validation) == 90 and 15 <= len(data.validation) <= 18
    assert not {row.tobytes() for row in data.train} & {row.tobytes() for row in data.validation}
    assert "60 samples equal to another one: kept on the same side of the split." in data.facts


def test_a_given_test_set_is_kept_and_training_loses_what_it_shares() -> None:
    x = RANDOM.normal(size=(50, 4))
    x[3] = x[45]
    data = prepared(Samples("table", x, n_test=10), scale="none")
    assert (data.validation == x[40:].astype(np.float32)).all() and len(data.train) == 39
    assert "1 training sample equal to a test sample left out." in data.facts


def test_each_column_is_scaled_as_one_says() -> None:
    samples = table()
    unit = prepared(samples)
    both = np.concatenate([unit.train, unit.validation])
    assert unit.unit_range and (both.min(axis=0) == 0).all() and (both.max(axis=0) == 1).all()
    standard = prepared(samples, scale="standard")
    assert not standard.unit_range
    np.testing.assert_allclose(standard.train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(standard.train.std(axis=0), 1, atol=1e-5)
    raw = prepared(samples, scale="none")
    assert raw.scaling is None and not raw.unit_range
    for data in (unit, standard):
        restored = data.train / data.scaling.factor + data.scaling.offset
        np.testing.assert_allclose(restored, raw.train, rtol=1e-4)


def test_values_between_0_and_1_and_bytes_keep_their_proportions() -> None:
    x = RANDOM.random((40, 5)) / 2
    data = prepared(Samples("table", x))
    assert data.scaling is None and data.unit_range and data.train.max() <= 0.5
    as_bytes = prepared(Samples("table", (x * 255).astype(np.uint8)))
    assert as_bytes.unit_range and 0.4 < as_bytes.train.max() <= 0.5


def test_sequences_are_scaled_a_feature_at_a_time() -> None:
    x = RANDOM.normal(size=(40, 12, 2)) * (1, 1000)
    data = prepared(Samples("sequences", x))
    both = np.concatenate([data.train, data.validation])
    assert both.min(axis=(0, 1)).tolist() == [0, 0] and both.max(axis=(0, 1)).tolist() == [1, 1]


@pytest.mark.parametrize("scale", ["auto", "standard"])
def test_extremes_and_constants_stay_finite(scale: str) -> None:
    x = np.zeros((20, 3))
    x[:, 0] = np.linspace(-1e30, 1e30, 20)
    x[:, 1] = np.arange(20)
    data = prepared(Samples("table", x), scale=scale)
    assert np.isfinite(data.train).all() and np.isfinite(data.validation).all()


def test_as_many_classes_as_samples_and_few_distinct_samples() -> None:
    samples = table(12, 1)
    data = prepared(Samples("table", samples.x, np.arange(12), tuple("abcdefghijkl")))
    assert len(data.validation) == 1
    with pytest.raises(UploadError, match="split: got "):
        prepared(Samples("table", np.repeat(samples.x[:2], [1, 19], axis=0), n_test=18))
