"""Metrics of a run from its arrays: reconstruction errors, PCA's error, and statistics of the codings. NumPy only."""

from __future__ import annotations

import numpy as np

from aecore.datasets.base import as_float

ACTIVE_VARIANCE = 0.01  # Burda et al. 2016, section 5: a coding is active when its variance exceeds this
SILENT = 0.1  # an activation nearer to 0 counts as silent, as in Géron's book
DEAD = 0.01  # a unit whose activations all lie this close to 0 is dead, this close to another value stuck
PART = 5000
WIDE = 3500  # features from which the matrix of all covariances takes too long
WIDE_COMPONENTS = 256
OVERSAMPLED, ITERATIONS = 64, 2  # of the randomised method
EPSILON = 1e-7  # as in Keras: clips the cross-entropy of a wrong and certain pixel to 16 nats


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
    return float(np.mean(_cross_entropies(x, y), dtype=np.float64))


def per_sample_bce(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Binary cross-entropy in nats of each sample, sum over its features: (n, ...), (n, ...) -> (n,)."""
    return np.asarray(np.sum(_cross_entropies(x, y), axis=1, dtype=np.float64))


def _cross_entropies(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = _flat(x), np.clip(_flat(y), EPSILON, 1 - EPSILON)
    return -(x * np.log(y) + (1 - x) * np.log1p(-y))


def rounded_accuracy(x: np.ndarray, y: np.ndarray) -> float:
    """Share of values on the same side of 0.5 in both (the metric of Géron's book)."""
    return float(np.mean(np.round(_flat(x)) == np.round(_flat(y))))


def principal_axes(train: np.ndarray, components: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean (features,) and principal axes (features, components) of samples, float32, the largest variance first.

    Images of bytes are scaled to [0, 1], part by part. `components` is min(features, n_train - 1) by default, and at
    most `WIDE_COMPONENTS` for samples of more than `WIDE` features.
    """
    parts = [slice(start, start + PART) for start in range(0, len(train), PART)]
    mean = sum(_flat(as_float(train[part])).sum(axis=0, dtype=np.float64) for part in parts) / len(train)
    features, center = len(mean), mean.astype(np.float32)
    if features > WIDE:
        most = min(WIDE_COMPONENTS, len(train) - 1)
        return center, _leading_axes(train, parts, center, min(components or most, most))
    scatter = np.zeros((features, features))
    for part in parts:
        centred = _flat(as_float(train[part])) - center
        scatter += centred.T @ centred
    vectors = np.linalg.eigh(scatter)[1][:, ::-1][:, : components or min(features, len(train) - 1)]
    return center, vectors.astype(np.float32)


def _leading_axes(train: np.ndarray, parts: list[slice], center: np.ndarray, components: int) -> np.ndarray:
    """The leading principal axes (features, components) by randomised subspace iteration (Halko et al. 2011), which
    needs no matrix of features × features."""

    def product(basis: np.ndarray, project: bool = False) -> np.ndarray:
        """Scatter matrix times the basis; with `project` the scatter matrix in the basis."""
        total = np.zeros((basis.shape[1] if project else len(basis), basis.shape[1]), np.float64)
        for part in parts:
            centred = _flat(as_float(train[part])) - center
            codings = centred @ basis
            total += (codings if project else centred).T @ codings
        return total

    random = np.random.default_rng(0)
    basis = random.standard_normal((len(center), min(components + OVERSAMPLED, len(center))), np.float32)
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(product(basis))[0].astype(np.float32)
    vectors = np.linalg.eigh(product(basis, project=True))[1][:, ::-1][:, :components]
    return (basis @ vectors).astype(np.float32)


def pca_errors(train: np.ndarray, validation: np.ndarray) -> np.ndarray:
    """Validation MSE of principal component analysis with 0, 1, … components, fitted on `train`: (components + 1,).

    It is the lower bound for a linear autoencoder with as many codings (Baldi and Hornik 1989). Samples of more than
    `WIDE` features have at most `WIDE_COMPONENTS` components.
    """
    center, vectors = principal_axes(train)
    rest = _flat(as_float(validation)) - center
    explained = np.mean(np.square(rest @ vectors), axis=0, dtype=np.float64)
    total = np.sum(np.mean(np.square(rest), axis=0, dtype=np.float64))
    return np.maximum(total - np.concatenate([[0.0], np.cumsum(explained)]), 0.0) / len(center)


def pca_mse(errors: np.ndarray, components: int) -> float:
    """The entry of `errors` (see `pca_errors`) for that many components, or the last one if there are fewer."""
    return float(errors[min(components, len(errors) - 1)])


def active_dimensions(codings: np.ndarray) -> int:
    """Number of active codings (n, d): those with a variance over the samples above `ACTIVE_VARIANCE`."""
    return int(np.sum(np.var(_flat(codings), axis=0, dtype=np.float64) > ACTIVE_VARIANCE))


def silent_share(activations: np.ndarray) -> float:
    """Share of all activations nearer to 0 than `SILENT`."""
    return float(np.mean(np.abs(activations) < SILENT))


def dead_units(activations: np.ndarray) -> int:
    """Number of units (n, ..., units) whose activations are nearer to 0 than `DEAD` for every sample."""
    return int(np.sum(np.abs(_by_unit(activations)).max(axis=0) < DEAD))


def stuck_units(activations: np.ndarray) -> int:
    """Number of units (n, ..., units) with a standard deviation below `DEAD` that are not dead."""
    units = _by_unit(activations)
    return int(np.sum((units.std(axis=0, dtype=np.float64) < DEAD) & (np.abs(units).max(axis=0) >= DEAD)))


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
    """Mean over the bits (n, d) of 2 min(p, 1 − p), p the share of samples with the bit set: 1 = all balanced, 0 = all
    constant."""
    share = np.mean(bits, axis=0)
    return float(np.mean(2 * np.minimum(share, 1 - share)))


def distinct_codes(bits: np.ndarray) -> int:
    """Number of different rows of the bits (n, d)."""
    return len(np.unique(bits, axis=0))


def bucket_precision(bits: np.ndarray, labels: np.ndarray) -> float:
    """Precision of retrieval within Hamming distance 0: the share of the other samples with a sample's bits that have
    its label, mean over the samples with such others (Salakhutdinov and Hinton 2009, "Semantic hashing").

    NaN where no two of the samples' bits (n, d) are equal.
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
    """Counts (bins,) and edges (bins + 1,) of all activations over [0, 1], or over their range where that is wider."""
    values = np.asarray(activations, np.float32).ravel()
    low, high = float(values.min()), float(values.max())
    bounds = (0.0, 1.0) if low >= 0 and 0 < high <= 1 else (low, high)
    counts, edges = np.histogram(values, bins=bins, range=bounds)
    return counts, edges.astype(np.float32)
