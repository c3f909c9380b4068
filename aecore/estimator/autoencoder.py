"""The scikit-learn estimator `Autoencoder`: a preset with `fit`, `transform` and `inverse_transform`, for pipelines and
grid searches. TensorFlow is imported by the first `fit` or `transform`."""

from __future__ import annotations

import os
import sys
import warnings
from math import prod
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from aecore.errors import SpecError
from aecore.estimator import run_settings
from aecore.specs.run import RunSpec

if TYPE_CHECKING:
    from aecore.worker.training.architectures import Autoencoder as Network


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An autoencoder as a scikit-learn transformer: `transform` encodes, `inverse_transform` decodes.

    X is not scaled: scale it first, images (0 to 255) with `X / 255` or a `MinMaxScaler`, measurements with a
    `StandardScaler`. A parameter marked "None: the preset's" takes the value that `preset` has; `spec_` shows it.

    Parameters
    ----------
    preset : str or RunSpec, default="stacked"
        The network and its training: a name that `python -m aecore presets` lists, or a whole `aecore.RunSpec` where
        a setting is needed that is no parameter here. Its data set plays no part.
    coding_size : int, default=None
        Number of codings a sample. None: the preset's.
    hidden : tuple of int, default=None
        Units of the encoder's hidden layers; the decoder has them in reverse. `()` is no hidden layer. None: the
        preset's.
    activation, coding_activation : str, default=None
        Of the hidden layers and of the codings. None: the preset's.
    output_activation : {"sigmoid", "linear", "tanh", "relu"}, default=None
        Of the reconstruction. None: the preset's where its range contains the training data, else "linear"; so data
        in [0, 1] keep a preset's sigmoid and standardised data get a linear output.
    loss : {"bce", "mse"}, default=None
        None: the preset's, but "mse" for data outside [0, 1] and for an output that is not a sigmoid, where
        cross-entropy is not defined. `loss="bce"` refuses training data outside [0, 1].
    noise : {"gaussian", "dropout"}, default=None
        The corruption while training; `transform` sees the clean data. None: the preset's. A preset that clips
        corrupted samples to [0, 1] does so for data in [0, 1] only.
    noise_rate : float, default=None
        Standard deviation or dropout rate; 0 is off. None: the preset's.
    sparsity : {"l1", "l2", "kl", "mse"}, default=None
        The penalty on the codings. None: the preset's.
    sparsity_weight : float, default=None
        Its weight; 0 is off. None: the preset's.
    optimizer : str, default=None
        "sgd", "adam", "adamw", "nadam", "rmsprop", "adadelta" or "muon". None: the preset's.
    learning_rate : float, default=None
        None: the preset's.
    batch_size : int, default=None
        Samples a step; data smaller than a batch are one batch. None: the preset's.
    epochs : int, default=None
        Passes through the data, a stage of a layer-by-layer schedule. None: the preset's.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of the image that a row of X holds, row by row as
        `images.reshape(len(images), -1)` writes it. None: a vector; convolutional and recurrent presets need a shape.
    random_state : int, RandomState instance or None, default=None
        Seed of the first weights, the order of the samples and the noise. An int is a run's seed: the same numbers
        as `python -m aecore train` on the same samples (of bytes: `X / 255`). Fits are reproducible on one machine.
    verbose : bool, default=False
        Print one line an epoch.

    Attributes
    ----------
    spec_ : RunSpec
        The settings of the training, with no None among them.
    weights_ : list of ndarray
        The network's weights in Keras's order.
    sample_shape_ : tuple of int
        `image_shape`, or (n_features_in_,).
    loss_curve_ : list of float
        The mean training loss of every epoch, through all phases of a layer-by-layer schedule.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, where X has string column names.

    Notes
    -----
    X is dense, finite and float32 inside; results are float32. Values that left [0, 1], or the range of the output, by
    no more than roundings in float32 (about 4e-6 of the range, more for float16 data) are clipped to it. Errors about
    settings are `aecore.AecoreError`, a `ValueError`. A pickle holds weights and settings as plain arrays; the network
    is built again when it is needed.

    Examples
    --------
    >>> from aecore import Autoencoder
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data / 16
    >>> codings = Autoencoder(coding_size=2, random_state=0).fit_transform(X)
    >>> codings.shape
    (1797, 2)
    """

    def __init__(
        self,
        preset: str | RunSpec = "stacked",
        *,
        coding_size: int | None = None,
        hidden: tuple[int, ...] | None = None,
        activation: str | None = None,
        coding_activation: str | None = None,
        output_activation: str | None = None,
        loss: str | None = None,
        noise: str | None = None,
        noise_rate: float | None = None,
        sparsity: str | None = None,
        sparsity_weight: float | None = None,
        optimizer: str | None = None,
        learning_rate: float | None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.preset = preset
        self.coding_size = coding_size
        self.hidden = hidden
        self.activation = activation
        self.coding_activation = coding_activation
        self.output_activation = output_activation
        self.loss = loss
        self.noise = noise
        self.noise_rate = noise_rate
        self.sparsity = sparsity
        self.sparsity_weight = sparsity_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.image_shape = image_shape
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Autoencoder:
        """Train the network to reconstruct X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers; one sample is enough.
        y : Ignored
            Present for the convention.

        Returns
        -------
        self : Autoencoder

        Raises
        ------
        AecoreError (a ValueError) for a setting outside its range, for `loss="bce"` and values outside [0, 1], for an
        image shape that does not fit, and when the loss is no longer finite.
        """
        given, X = X, validate_data(self, X, dtype=np.float32)
        shape = run_settings.sample_shape(self.image_shape, X.shape[1])
        spec, self._range = run_settings.spec_and_range(self.get_params(deep=False), X, np.asarray(given).dtype, shape)
        X = self._range.clipped(X)
        network, self.loss_curve_ = _arrays().fit_arrays(spec, X.reshape(-1, *shape), print if self.verbose else None)
        self.spec_, self.sample_shape_, self.weights_ = spec, shape, network.get_weights()
        self._n_features_out = prod(network.coding_shape)
        self._network = network
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Encode X: the codings of its samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Values outside the range of the training data are encoded as they are.

        Returns
        -------
        codings : ndarray of shape (n_samples, coding_size), float32
            The means of a variational encoder; feature maps of a spatial bottleneck in one row.
        """
        check_is_fitted(self)
        return self._encode(self._samples(X))

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Decode X: the reconstructions from codings.

        Parameters
        ----------
        X : array-like of shape (n_samples, coding_size)
            Codings.

        Returns
        -------
        reconstructions : ndarray of shape (n_samples, n_features), float32
        """
        check_is_fitted(self)
        codings = check_array(X, dtype=np.float32, input_name="X")
        if codings.shape[1] != self._n_features_out:
            raise SpecError(f"X: got {codings.shape[1]} codings a sample, allowed: {self._n_features_out}")
        return self._decode(codings)

    def score_samples(self, X: Any) -> np.ndarray:
        """The negative mean squared error of each sample's reconstruction: 0 is perfect, greater is more ordinary.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
        """
        check_is_fitted(self)
        X = self._samples(X)
        return -np.mean(np.square(X - self._decode(self._encode(X)), dtype=np.float64), axis=1)

    def score(self, X: Any, y: Any = None) -> float:
        """The negative mean squared error of the reconstruction of X: 0 is perfect, greater is better.

        The mean is over samples and features, of the clean X, whatever loss was trained; so a grid search can compare
        losses. Compare it with PCA on the same X, whose score of that kind is
        `-((X - pca.inverse_transform(pca.transform(X))) ** 2).mean()`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored
            Present for the convention.

        Returns
        -------
        score : float
        """
        return float(np.mean(self.score_samples(X)))

    def _samples(self, X: Any) -> np.ndarray:
        """X as `fit` takes it: checked, and clipped where a rounding moved it out of the range of the training data."""
        return self._range.clipped(validate_data(self, X, dtype=np.float32, reset=False))

    def _encode(self, X: np.ndarray) -> np.ndarray:
        return _arrays().encode(self._built(), X.reshape(-1, *self.sample_shape_))

    def _decode(self, codings: np.ndarray) -> np.ndarray:
        return _arrays().decode(self._built(), codings).reshape(len(codings), -1)

    def _built(self) -> Network:
        """The network; rebuilt from the weights after unpickling."""
        if not hasattr(self, "_network"):
            self._network = _arrays().build(self.spec_, self.sample_shape_, self.weights_)
        return self._network

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_network"}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _arrays() -> ModuleType:
    """`aecore.worker.training.arrays`; the first call imports TensorFlow, unless the process has."""
    if (backend := os.environ.get("KERAS_BACKEND") or "tensorflow") != "tensorflow" and "keras" not in sys.modules:
        warnings.warn(f"KERAS_BACKEND={backend}: aecore.Autoencoder imports Keras with TensorFlow", stacklevel=3)
    from aecore.worker.training import arrays

    return arrays
