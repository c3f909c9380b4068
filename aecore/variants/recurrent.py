"""Recurrent autoencoder: LSTM layers that read and write the rows x₁ … x_T of an image as a sequence.

    z = last state of LSTM(x₁ … x_T),  y = LSTM(z, …, z),  loss = mean L(x, y)

Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "recurrent",
    "Reads an image row by row, as a sequence, and writes it row by row. The slowest to train; look for streaks along "
    f"the rows. From {GERON}.",
    matches=lambda spec: spec.architecture == "recurrent",
    words="recurrent",
    architecture="recurrent",
    hidden=(100,),
    coding_activation="tanh",
    batch_size=64,
    epochs=4,
)
