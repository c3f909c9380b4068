"""Scores of anomalies: ROC, AUROC and counts against scikit-learn, and the samples of a test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from aecore import datasets
from aecore.analysis import anomalies, anomaly_samples
from aecore.errors import AecoreError
from aecore.specs.anomalies import AnomalySpec

BOTH = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=60).filter(
    lambda rows: len({flag for _, flag in rows}) == 2
)


@given(BOTH)
def test_auroc_and_curve_are_scikit_learns(rows: list[tuple[int, bool]]) -> None:
    scores, flags = np.array([s for s, _ in rows], float), np.array([f for _, f in rows])
    assert anomalies.auroc(scores, flags) == pytest.approx(reference.roc_auc_score(flags, scores))
    alarms, hits = anomalies.roc_curve(scores, flags)
    expected = reference.roc_curve(flags, scores, drop_intermediate=False)
    np.testing.assert_allclose(alarms, expected[0])
    np.testing.assert_allclose(hits, expected[1])
    assert np.trapezoid(hits, alarms) == pytest.approx(anomalies.auroc(scores, flags))


def test_without_one_of_the_two_sets_there_is_no_auroc() -> None:
    assert np.isnan(anomalies.auroc(np.arange(3.0), np.zeros(3, bool)))
    assert np.isnan(anomalies.auroc(np.arange(3.0), np.ones(3, bool)))


def test_the_interval_holds_the_value_and_narrows_with_more_samples() -> None:
    random, widths = np.random.default_rng(0), []
    for n in (50, 2000):
        flags = np.arange(2 * n) >= n
        scores = random.normal(0, 1, 2 * n) + flags
        low, high = anomalies.auroc_interval(scores, flags, seed=1)
        assert low < anomalies.auroc(scores, flags) < high
        assert (low, high) == anomalies.auroc_interval(scores, flags, seed=1)
        widths.append(high - low)
    assert widths[1] < widths[0] / 4
    # Two normal distributions one deviation apart: the AUROC is Φ(1 / √2) = .760.
    assert low < 0.760 < high


def test_counts_above_a_threshold() -> None:
    scores, flags = np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, True, False, True])
    assert anomalies.counts(scores, flags, 0.2) == anomalies.Counts(1, 2, 1, 2)


def test_grey_images_are_enlarged_and_padded() -> None:
    images = np.arange(1, 5, dtype=np.uint8).reshape(1, 2, 2)
    fitted = anomalies.fitted(images, (5, 6))
    assert fitted.dtype == np.uint8 and fitted.shape == (1, 5, 6)
    assert fitted[0].tolist() == [
        [0, 1, 1, 2, 2, 0],
        [0, 1, 1, 2, 2, 0],
        [0, 3, 3, 4, 4, 0],
        [0, 3, 3, 4, 4, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    assert anomalies.fitted(fitted, (5, 6)) is fitted
    with pytest.raises(AecoreError, match=r"dataset: got samples of shape \(5, 6\), allowed: \(5, 6, 3\)"):
        anomalies.fitted(fitted, (5, 6, 3))


def test_larger_grey_images_are_reduced_to_means_of_blocks() -> None:
    images = np.array([[[0, 4, 8, 8], [4, 8, 8, 8], [1, 1, 2, 2]]], np.uint8)
    assert anomalies.fitted(images, (2, 2))[0].tolist() == [[4, 8], [0, 1]]  # a row of zeros is added below
    assert anomalies.fitted(images.astype(np.float32), (2, 3))[0].tolist() == [[4, 8, 0], [0.5, 1, 0]]
    assert anomalies.fitted(np.full((2, 28, 28), 7, np.uint8), (8, 8)).sum() == 2 * 49 * 7


def test_other_data_sets_fit_and_have_other_classes() -> None:
    assert anomalies.others(datasets.info("fashion-mnist-12k")) == ["digits", "mnist"]
    assert anomalies.others(datasets.info("digits")) == ["fashion-mnist-12k", "fashion-mnist"]
    assert anomalies.others(datasets.info("plane-3d")) == []


def test_the_samples_of_each_test() -> None:
    data = datasets.load("digits")
    one = anomaly_samples.samples(AnomalySpec(label=3), data)
    assert one.x is data.validation and np.array_equal(one.is_anomaly, data.validation_labels == 3)
    noisy = anomaly_samples.samples(AnomalySpec(against="noise", noise_rate=0.2), data)
    n = len(data.validation)
    assert noisy.is_anomaly.tolist() == [False] * n + [True] * n
    assert noisy.x.min() == 0 and noisy.x.max() == 1
    inside = (noisy.x[n:] > 0) & (noisy.x[n:] < 1) & (noisy.x[:n] > 0.4) & (noisy.x[:n] < 0.6)
    assert (noisy.x[n:] - noisy.x[:n])[inside].std() == pytest.approx(0.2, abs=0.02)
    fashion = datasets.load("fashion-mnist-12k")
    other = anomaly_samples.samples(AnomalySpec(against="dataset", dataset="digits"), fashion)
    first = int(np.argmax(other.is_anomaly))
    assert first == len(fashion.validation) and other.numbers[first] == 0
    assert other.caption(first) == data.captions_of([0])[0]
    assert other.caption(0) == fashion.captions_of([0])[0]
    assert np.array_equal(other.x[first, 2:26, 2:26], data.validation[0].repeat(3, 0).repeat(3, 1))


@pytest.mark.parametrize(
    ("spec", "dataset", "line"),
    [
        (AnomalySpec(label=10), "digits", "label: got class 10 of digits, allowed: 0 to 9"),
        (AnomalySpec(), "plane-3d", "label: got class 0 of plane-3d, allowed: none, since it has no classes"),
        (AnomalySpec(against="dataset"), "plane-3d", "dataset: got 'digits', allowed: none, since no"),
        (AnomalySpec(against="dataset", dataset="x"), "fashion-mnist-12k", "dataset: got 'x', allowed: digits, mnist"),
    ],
)
def test_a_test_that_does_not_fit_is_refused(spec: AnomalySpec, dataset: str, line: str) -> None:
    with pytest.raises(AecoreError, match=line):
        anomaly_samples.samples(spec, datasets.load(dataset))


def test_settings_that_a_test_does_not_use_do_not_change_its_key() -> None:
    assert AnomalySpec(label=3, noise_rate=0.5).key("0") == AnomalySpec(label=3).key("0")
    assert AnomalySpec(against="noise", label=3).key("0") == AnomalySpec(against="noise").key("0")
    assert AnomalySpec(label=3).key("0") != AnomalySpec(label=4).key("0")
