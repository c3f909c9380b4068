"""Convolutional autoencoder: convolutions and pooling in the encoder, transposed convolutions in the decoder.

    z = f(x),  y = g(z),  loss = mean L(x, y)

Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "convolutional",
    "Convolutions and pooling see neighbouring pixels together; a dense layer makes the codings. Look for edges "
    f"and textures that dense networks blur. After {GERON}.",
    matches=lambda spec: spec.architecture == "convolutional",
    words="convolutional",
    architecture="convolutional",
    hidden=(16, 32),
    activation="relu",
    batch_size=64,
    epochs=3,
)
