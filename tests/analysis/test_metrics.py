"""Numbers about runs, against hand calculations and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from aecore.analysis import metrics


def test_errors_on_two_small_pictures() -> None:
    x = np.array([[[0.0, 1.0]], [[1.0, 1.0]]])
    y = np.array([[[0.5, 1.0]], [[1.0, 0.0]]])
    np.testing.assert_allclose(metrics.per_sample_mse(x, y), [0.125, 0.5])
    assert metrics.mse(x, y) == pytest.approx(0.3125)


def test_cross_entropy_by_hand_and_without_infinities() -> None:
    x, y = np.array([[1.0, 0.0]]), np.array([[0.8, 0.4]])
    assert metrics.bce(x, y) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2, rel=1e-5)
    assert 15 < metrics.bce(np.ones((1, 1)), np.zeros((1, 1))) < 17


def test_rounded_accuracy_counts_the_sides_of_one_half() -> None:
    assert metrics.rounded_accuracy(np.array([[0.9, 0.2, 0.6, 0.1]]), np.array([[0.6, 0.1, 0.3, 0.4]])) == 0.75


def test_pca_errors_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    data = (rng.standard_normal((300, 4)) @ rng.standard_normal((4, 12)) + 3).astype(np.float32)
    data += 0.1 * rng.standard_normal(data.shape).astype(np.float32)
    train, validation = data[:200], data[200:]
    floor = metrics.pca_errors(train, validation)
    assert floor.shape == (13,)
    for k in (1, 3, 8):
        pca = PCA(k).fit(train)
        expected = np.mean((validation - pca.inverse_transform(pca.transform(validation))) ** 2)
        assert floor[k] == pytest.approx(expected, rel=1e-3)
    assert floor[0] == pytest.approx(np.mean((validation - train.mean(0)) ** 2), rel=1e-4)
    assert np.all(np.diff(floor) <= 1e-9)


def test_pca_errors_of_images_in_bytes_is_that_of_images_in_floats() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8)
    scaled = images / np.float32(255)
    np.testing.assert_allclose(metrics.pca_errors(images, images), metrics.pca_errors(scaled, scaled), atol=1e-7)


def test_pca_errors_of_fewer_samples_than_features_has_as_many_components_as_there_are() -> None:
    data = np.random.default_rng(0).standard_normal((5, 2, 10))
    floor = metrics.pca_errors(data, data)
    assert floor.shape == (5,)
    assert floor[-1] == pytest.approx(0, abs=1e-6)
    assert metrics.pca_mse(floor, 300) == floor[-1]
    assert metrics.pca_mse(floor, 2) == floor[2]


@pytest.mark.parametrize("part", [64, 5000])
def test_pca_errors_of_wide_samples_needs_no_matrix_of_all_features(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    rng = np.random.default_rng(0)
    data = np.tanh(rng.normal(size=(600, 20)) @ rng.normal(size=(20, 300))) + 0.3 * rng.normal(size=(600, 300))
    exact = metrics.pca_errors(data[:500], data[500:])
    monkeypatch.setattr(metrics, "WIDE", 299)
    monkeypatch.setattr(metrics, "WIDE_COMPONENTS", 80)
    monkeypatch.setattr(metrics, "PART", part)
    wide = metrics.pca_errors(data[:500], data[500:])
    assert wide.shape == (81,)
    np.testing.assert_allclose(wide, exact[:81], rtol=0.005)
    np.testing.assert_allclose(wide[:15], exact[:15], rtol=1e-3)


def test_what_codings_do() -> None:
    codings = np.array([[0.0, 0.05, 1.0], [0.0, 0.05, -1.0]])
    assert metrics.active_dimensions(codings) == 1
    assert metrics.silent_share(codings) == pytest.approx(4 / 6)
    assert metrics.dead_units(codings) == 1
    assert metrics.stuck_units(codings) == 1
    assert metrics.stuck_units(np.array([[1.0, 0.0, -1.758, 0.5], [1.001, 0.009, -1.758, 0.6]])) == 2
    np.testing.assert_allclose(metrics.unit_means(codings), [0, 0.05, 0], atol=1e-7)


def test_units_of_feature_maps_are_their_channels() -> None:
    maps = np.zeros((2, 3, 3, 4), np.float32)
    maps[1, 2, 2, 1] = 0.5
    assert (metrics.dead_units(maps), metrics.stuck_units(maps)) == (3, 0)
    maps[..., 2] = 1.0
    assert (metrics.dead_units(maps), metrics.stuck_units(maps)) == (2, 1)
    assert metrics.unit_means(maps).shape == (4,)


def test_kl_per_dimension_by_hand() -> None:
    mean, log_var = np.array([[0.0, 2.0]]), np.array([[0.0, np.log(4.0)]])
    expected = [0.0, 0.5 * (4 + 4 - 1 - np.log(4))]
    np.testing.assert_allclose(metrics.kl_per_dimension(mean, log_var), expected)


@pytest.mark.parametrize(
    ("values", "first", "last"), [([0.2, 0.3], 0, 1), ([-2.0, 3.0], -2, 3), ([0.0, 0.0], -0.5, 0.5)]
)
def test_histograms_count_everything(values: list[float], first: float, last: float) -> None:
    counts, edges = metrics.histogram(np.array(values), bins=10)
    assert counts.sum() == 2
    assert (edges[0], edges[-1]) == (first, last)
