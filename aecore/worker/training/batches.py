"""Encoding and decoding of any number of samples, with results that do not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aecore.datasets import as_float
from aecore.worker.training.architectures import Autoencoder

BATCH = 256  # samples encoded or decoded at once, which bounds the memory of wide convolutional layers


def encode(model: Autoencoder, x: np.ndarray) -> np.ndarray:
    """Codings (n, d) float32 of samples (n, *shape), uint8 or float32; the means of a variational encoder."""
    return in_batches(model.encode, x)[0]


def decode(model: Autoencoder, codings: np.ndarray) -> np.ndarray:
    """Reconstructions (n, *shape) float32 of codings (n, d) float32."""
    return in_batches(model.decoder, codings)[0]


def in_batches(network: Callable[[np.ndarray], Any], x: np.ndarray) -> list[np.ndarray]:
    """The outputs for all rows of `as_float(x)`, which do not depend on where a row stands or on the other rows.

    How a matrix product rounds depends on its number of rows, so the last batch is filled up with zeros.
    """
    parts = []
    for start in range(0, len(x), BATCH):
        rows = as_float(x[start : start + BATCH])
        padding = np.zeros((BATCH - len(rows), *rows.shape[1:]), rows.dtype)
        outputs = network(np.concatenate([rows, padding]))
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        parts.append([output.numpy()[: len(rows)] for output in outputs])
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
