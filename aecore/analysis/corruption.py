"""The input corruption of a denoising run in NumPy, for display; training corrupts with Keras."""

from __future__ import annotations

import numpy as np

from aecore.specs.run import RunSpec


def corrupt(x: np.ndarray, spec: RunSpec, seed: int = 0) -> np.ndarray:
    """Corrupted samples (n, *shape) float32: with Gaussian noise added, or a share of the values set to 0.

    Dropout scales the remaining values by 1 / (1 - rate), like Keras. Values may leave [0, 1] unless the spec clips.
    """
    random = np.random.default_rng(seed)
    if spec.noise == "gaussian":
        noisy = x + random.normal(0.0, spec.noise_rate, x.shape).astype(np.float32)
    else:
        mask = random.random(x.shape, dtype=np.float32) >= spec.noise_rate
        noisy = x * mask / np.float32(1 - spec.noise_rate)
    return np.clip(noisy, 0, 1) if spec.noise_clip else noisy
