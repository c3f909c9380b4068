"""The corruption of a run in NumPy, to show what a denoising network was given (training draws its own, in Keras)."""

from __future__ import annotations

import numpy as np

from aecore.specs.run import RunSpec


def corrupt(x: np.ndarray, spec: RunSpec, seed: int = 0) -> np.ndarray:
    """Samples (n, *shape) float32 as the network saw them: Gaussian noise added, or a share of values dropped.

    Dropout scales what it keeps by 1 / (1 - rate), as Keras does. The result leaves [0, 1] unless the spec clips.
    """
    random = np.random.default_rng(seed)
    if spec.noise == "gaussian":
        noisy = x + random.normal(0.0, spec.noise_rate, x.shape).astype(np.float32)
    else:
        kept = random.random(x.shape, dtype=np.float32) >= spec.noise_rate
        noisy = x * kept / np.float32(1 - spec.noise_rate)
    return np.clip(noisy, 0, 1) if spec.noise_clip else noisy
