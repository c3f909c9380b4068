"""The scikit-learn estimator `AutoencoderOutlierDetector`: samples with a large reconstruction error are outliers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from aecore.errors import SpecError
from aecore.estimator.autoencoder import Autoencoder
from aecore.specs.fields import coerced, require


class AutoencoderOutlierDetector(OutlierMixin, BaseEstimator):
    """An outlier detector: an autoencoder learns the training data, and what it reconstructs badly is an outlier.

    Parameters
    ----------
    autoencoder : Autoencoder, default=None
        It is cloned, not fitted. None: `Autoencoder()`. Few codings find more outliers than many: a network that can
        copy any sample finds none. In a grid search its parameters are `autoencoder__coding_size` and so on.
    contamination : float, default=0.1
        Share of the training samples that `fit` makes outliers, above 0 and at most 0.5. New samples have slightly
        larger errors than those of the training, so slightly more of them are outliers.

    Attributes
    ----------
    autoencoder_ : Autoencoder
        The fitted autoencoder.
    offset_ : float
        The score below which a sample is an outlier: `decision_function(X) = score_samples(X) - offset_`.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, where X has string column names.

    Examples
    --------
    >>> from aecore import Autoencoder, AutoencoderOutlierDetector
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data / 16
    >>> detector = AutoencoderOutlierDetector(Autoencoder(coding_size=8, random_state=0), contamination=0.05)
    >>> detector.fit_predict(X).shape
    (1797,)
    """

    def __init__(self, autoencoder: Autoencoder | None = None, *, contamination: float = 0.1) -> None:
        self.autoencoder = autoencoder
        self.contamination = contamination

    def fit(self, X: Any, y: Any = None) -> AutoencoderOutlierDetector:
        """Train the autoencoder on X and set `offset_` from the training errors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored
            Present for the convention.

        Returns
        -------
        self : AutoencoderOutlierDetector

        Raises
        ------
        AecoreError (a ValueError) for a contamination outside its range, and what `Autoencoder.fit` raises.
        """
        allowed = "above 0 and at most 0.5"
        contamination: float = coerced("contamination", float, self.contamination, allowed)
        require(0 < contamination <= 0.5, "contamination", contamination, allowed)
        if self.autoencoder is not None and not isinstance(self.autoencoder, Autoencoder):
            raise SpecError(f"autoencoder: got a {type(self.autoencoder).__name__}, allowed: an aecore.Autoencoder")
        self.autoencoder_ = clone(self.autoencoder or Autoencoder()).fit(X)
        validate_data(self, X, skip_check_array=True)  # the names and number of features
        self.offset_ = float(np.percentile(self.score_samples(X), 100 * contamination))
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """The negative reconstruction error of each sample, as `Autoencoder.score_samples` returns it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            The lower, the more abnormal.
        """
        check_is_fitted(self)
        return self.autoencoder_.score_samples(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """`score_samples(X) - offset_`: negative for outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """-1 for outliers, 1 for inliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        labels : ndarray of shape (n_samples,), int
        """
        return np.where(self.decision_function(X) < 0, -1, 1)
