"""Numbers about a run, from its arrays: errors, the PCA floor, and what the codings do. NumPy only."""

from __future__ import annotations

import numpy as np

from aecore.datasets.base import as_float

ACTIVE_VARIANCE = 0.01  # Burda et al. 2016, section 5: a coding is active when its variance exceeds this
SILENT = 0.1  # the share of activations below it is what the literature prints about sparse codings
DEAD = 0.01  # an activation that never gets so far from 0, or from its mean, tells no two samples apart
PART = 5000
EPSILON = 1e-7  # as in Keras, so that a certain and wrong pixel costs 16 nats instead of infinitely many


def _flat(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, np.float32)
    return x.reshape(len(x), -1)


def per_sample_mse(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean squared error of each sample: (n, ...), (n, ...) -> (n,)."""
    return np.mean(np.square(_flat(x) - _flat(y)), axis=1)


def mse(x: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error over samples and features."""
    return float(np.mean(per_sample_mse(x, y), dtype=np.float64))


def bce(x: np.ndarray, y: np.ndarray) -> float:
    """Binary cross-entropy in nats of reconstructions `y`, mean over samples and features; both in [0, 1]."""
    x, y = _flat(x), np.clip(_flat(y), EPSILON, 1 - EPSILON)
    return float(-np.mean(x * np.log(y) + (1 - x) * np.log1p(-y), dtype=np.float64))


def rounded_accuracy(x: np.ndarray, y: np.ndarray) -> float:
    """Share of values on the same side of 0.5 in both (Géron's metric; all black scores 0.73 on Fashion-MNIST)."""
    return float(np.mean(np.round(_flat(x)) == np.round(_flat(y))))


def principal_axes(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (features,) and principal axes (features, components), both float32, the axis of largest variance first.

    Images may be bytes: they are scaled like everywhere, in parts, so that no large copy is made.
    components = min(features, n_train - 1).
    """
    parts = [slice(start, start + PART) for start in range(0, len(train), PART)]
    mean = sum(_flat(as_float(train[part])).sum(axis=0, dtype=np.float64) for part in parts) / len(train)
    features, center = len(mean), mean.astype(np.float32)
    scatter = np.zeros((features, features))
    for part in parts:
        centred = _flat(as_float(train[part])) - center
        scatter += centred.T @ centred
    vectors = np.linalg.eigh(scatter)[1][:, ::-1][:, : min(features, len(train) - 1)]
    return center, vectors.astype(np.float32)


def pca_floor(train: np.ndarray, validation: np.ndarray) -> np.ndarray:
    """Validation MSE of principal component analysis with 0, 1, … components, fitted on `train`.

    Returns (components + 1,) float64: what a linear autoencoder with as many codings reaches at best (Baldi and
    Hornik 1989).
    """
    center, vectors = principal_axes(train)
    rest = _flat(as_float(validation)) - center
    explained = np.mean(np.square(rest @ vectors), axis=0, dtype=np.float64)
    total = np.sum(np.mean(np.square(rest), axis=0, dtype=np.float64))
    return np.maximum(total - np.concatenate([[0.0], np.cumsum(explained)]), 0.0) / len(center)


def pca_mse(floor: np.ndarray, components: int) -> float:
    """The floor at that many components; the last one known where there are more codings than components."""
    return float(floor[min(components, len(floor) - 1)])


def active_dimensions(codings: np.ndarray, threshold: float = ACTIVE_VARIANCE) -> int:
    """How many of the codings (n, d) vary: variance over the samples above `threshold`."""
    return int(np.sum(np.var(_flat(codings), axis=0) > threshold))


def silent_share(activations: np.ndarray, threshold: float = SILENT) -> float:
    """Share of all activations nearer to 0 than `threshold`."""
    return float(np.mean(np.abs(activations) < threshold))


def dead_units(activations: np.ndarray, threshold: float = DEAD) -> int:
    """How many units (n, ..., units) stay nearer to 0 than `threshold` for every sample."""
    return int(np.sum(np.abs(_by_unit(activations)).max(axis=0) < threshold))


def stuck_units(activations: np.ndarray, threshold: float = DEAD) -> int:
    """How many units (n, ..., units) hardly change, deviation below `threshold`, at another value than 0: those that
    carry as little as the dead ones and are not among them."""
    units = _by_unit(activations)
    return int(np.sum((units.std(axis=0) < threshold) & (np.abs(units).max(axis=0) >= threshold)))


def unit_means(activations: np.ndarray) -> np.ndarray:
    """Mean activation of each unit: (n, ..., units) -> (units,) float32."""
    return _by_unit(activations).mean(axis=0)


def _by_unit(activations: np.ndarray) -> np.ndarray:
    """(n, ..., units) to (all places of all samples, units) float32."""
    activations = np.asarray(activations, np.float32)
    return activations.reshape(-1, activations.shape[-1])


def kl_per_dimension(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """KL(N(mean, exp(log_var)) || N(0, 1)) of each coding in nats, mean over the samples: (n, d) -> (d,)."""
    mean, log_var = np.asarray(mean, np.float64), np.asarray(log_var, np.float64)
    return np.mean(-0.5 * (1 + log_var - np.exp(log_var) - np.square(mean)), axis=0)


def bit_balance(bits: np.ndarray) -> float:
    """How evenly the bits (n, d) halve the samples, mean over the bits: 1 = each is set for half, 0 = none changes."""
    share = np.mean(bits, axis=0)
    return float(np.mean(2 * np.minimum(share, 1 - share)))


def distinct_codes(bits: np.ndarray) -> int:
    """How many different rows the bits (n, d) have."""
    return len(np.unique(bits, axis=0))


def bucket_precision(bits: np.ndarray, labels: np.ndarray) -> float:
    """Of the other samples with a sample's bits, the share with its label: mean over the samples that have such others.

    Precision of retrieval within Hamming distance 0, as in Salakhutdinov and Hinton 2009 (Semantic hashing). NaN where
    no two of the samples' bits (n, d) are equal.
    """
    buckets = np.unique(bits, axis=0, return_inverse=True)[1].ravel()
    classes, codes = np.unique(labels, return_inverse=True)
    counts = np.zeros((buckets.max() + 1, len(classes)), int)
    np.add.at(counts, (buckets, codes), 1)
    others = counts.sum(axis=1)[buckets] - 1
    alike = counts[buckets, codes] - 1
    shared = others > 0
    return float(np.mean(alike[shared] / others[shared])) if shared.any() else float("nan")


def histogram(activations: np.ndarray, bins: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Counts (bins,) and edges (bins + 1,) of all activations; [0, 1] in equal bins where they lie in it."""
    values = np.asarray(activations, np.float32).ravel()
    low, high = float(values.min()), float(values.max())
    bounds = (0.0, 1.0) if low >= 0 and 0 < high <= 1 else (low, high)
    counts, edges = np.histogram(values, bins=bins, range=bounds)
    return counts, edges.astype(np.float32)
