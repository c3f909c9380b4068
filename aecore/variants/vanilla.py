"""Vanilla autoencoder: one coding layer with an activation φ, and one output layer with an activation ψ.

    y = ψ(Vφ(Wx + b) + c),  loss = mean L(x, y)

Hubens, Introduction to Autoencoders.
"""

from __future__ import annotations

from aecore.variants.base import HUBENS, variant

VARIANT = variant(
    "vanilla",
    "One coding layer and nothing else, with an activation: the smallest autoencoder that is not linear. Compare "
    f"it with linear and stacked. From {HUBENS}.",
    matches=lambda spec: not spec.hidden and not spec.linear,
    hidden=(),
    activation="relu",
    coding_activation="leaky_relu",
    loss="mse",
    batch_size=32,
    epochs=20,
)
