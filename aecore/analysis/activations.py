"""Ranges of the activation functions, as Keras defines them."""

from __future__ import annotations

import numpy as np

ACTIVATION_RANGES: dict[str, tuple[float, float]] = {
    "linear": (-np.inf, np.inf),
    "leaky_relu": (-np.inf, np.inf),
    "relu": (0.0, np.inf),
    "elu": (-1.0, np.inf),
    "selu": (-1.7581, np.inf),
    "gelu": (-0.17, np.inf),
    "silu": (-0.2785, np.inf),
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
}
