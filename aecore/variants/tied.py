"""Autoencoder with tied weights: the decoder's kernels are the encoder's, transposed.

    y = ψ(Wᵀφ(Wx + b) + c) for one layer, and so on for more;  loss = mean L(x, y)

Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "tied",
    f"The decoder's kernels are the encoder's, transposed: half the parameters, nearly the same error. From {GERON}.",
    matches=lambda spec: spec.tied,
    words="tied",
    tied=True,
)
