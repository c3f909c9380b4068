"""The outlier detector: scikit-learn's conventions, points off a plane, and errors in one line."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from aecore import AecoreError, Autoencoder, AutoencoderOutlierDetector

pytestmark = pytest.mark.usefixtures("eager")
SMALL: dict[str, Any] = {"hidden": (4,), "coding_size": 2, "optimizer": "sgd", "learning_rate": 0.01, "epochs": 1}
RANDOM = np.random.default_rng(0)
AXES = np.linalg.qr(RANDOM.normal(size=(10, 10)))[0]
PLANE = RANDOM.normal(size=(300, 2)) @ AXES[:2]  # a plane in 10 dimensions
OFF = PLANE[:30] + 2 * AXES[2]  # 2 beside it


def linear(**changes: Any) -> Autoencoder:
    settings = {"coding_size": 2, "optimizer": "adam", "learning_rate": 0.05, "batch_size": 300, "epochs": 120}
    return Autoencoder("linear", random_state=0, **settings | changes)


# No check is expected to fail.
@parametrize_with_checks([AutoencoderOutlierDetector(Autoencoder(**SMALL, random_state=0))])
def test_scikit_learns_own_checks(
    estimator: AutoencoderOutlierDetector, check: Callable[[AutoencoderOutlierDetector], None]
) -> None:
    check(estimator)


def test_points_off_a_plane_are_outliers_and_points_on_it_are_not() -> None:
    detector = AutoencoderOutlierDetector(linear(), contamination=0.02).fit(PLANE)
    scores = detector.score_samples(np.vstack([PLANE, OFF]))
    # Reconstructions lie in the plane, so none is nearer than 2; the error is the square over ten features.
    assert scores[len(PLANE) :].max() < -0.39 and scores[: len(PLANE)].min() > -0.02
    assert (detector.predict(OFF) == -1).all()
    assert np.mean(detector.predict(PLANE) == -1) == pytest.approx(0.02)
    decision = detector.decision_function(OFF)
    assert np.array_equal(decision, detector.score_samples(OFF) - detector.offset_) and (decision < 0).all()
    again = pickle.loads(pickle.dumps(detector))
    assert np.array_equal(again.score_samples(OFF), detector.score_samples(OFF))


def test_score_samples_is_each_samples_error_and_its_mean_the_score() -> None:
    x = np.vstack([PLANE, OFF])
    model = linear(epochs=5).fit(PLANE)
    errors = np.square(x - model.inverse_transform(model.transform(x))).mean(axis=1)
    assert model.score_samples(x) == pytest.approx(-errors, rel=1e-4)
    assert model.score(x) == pytest.approx(model.score_samples(x).mean())


def test_it_finds_what_pca_finds_where_the_data_are_linear() -> None:
    x = np.vstack([PLANE, OFF]) + 0.05 * np.random.default_rng(1).normal(size=(330, 10))
    is_outlier = np.arange(330) >= 300
    pca = PCA(2).fit(x[:300])
    pca_errors = np.square(x - pca.inverse_transform(pca.transform(x))).mean(axis=1)
    ours = AutoencoderOutlierDetector(linear()).fit(x[:300]).score_samples(x)
    assert roc_auc_score(is_outlier, -ours) >= roc_auc_score(is_outlier, pca_errors) - 0.01 > 0.98


def test_the_autoencoder_is_cloned_and_its_parameters_can_be_searched() -> None:
    given = linear(epochs=1)
    detector = AutoencoderOutlierDetector(given).set_params(autoencoder__coding_size=3).fit(PLANE)
    assert detector.autoencoder_.spec_.coding_size == 3 and not hasattr(given, "spec_")
    search = GridSearchCV(
        AutoencoderOutlierDetector(linear(epochs=60)),
        {"autoencoder__coding_size": [1, 2]},
        scoring=lambda fitted, x, y=None: fitted.score_samples(x).mean(),
        cv=2,
    ).fit(PLANE)
    assert search.best_params_ == {"autoencoder__coding_size": 2}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"contamination": 0}, "contamination: got 0.*, allowed: above 0 and at most 0.5"),
        ({"contamination": 0.6}, "contamination: got 0.6, allowed: above 0 and at most 0.5"),
        ({"contamination": "auto"}, "contamination: got 'auto', allowed: a number, above 0 and at most 0.5"),
        ({"contamination": float("nan")}, "contamination: got nan, allowed"),
        ({"autoencoder": PCA()}, "autoencoder: got a PCA, allowed: an aecore.Autoencoder"),
        ({"autoencoder": Autoencoder("stackd")}, "preset: got 'stackd'"),
    ],
)
def test_settings_outside_their_range_are_refused_in_one_line(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(AecoreError, match=line) as error:
        AutoencoderOutlierDetector(**changes).fit(PLANE)
    assert "\n" not in str(error.value)
