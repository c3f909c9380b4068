"""Denoising autoencoder with dropout on the input and the clean input as target.

    x̃ = x ⊙ m / (1 − p),  m ~ Bernoulli(1 − p),  y = g(f(x̃)),  loss = mean L(x, y);  p is `noise_rate`

Vincent et al. 2008; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "denoising-dropout",
    "Half of the pixels are switched off and have to be guessed from the others. Look at how the holes are filled: "
    "with 30 codings the error is about half of that of PCA on the same images with holes. "
    f"From {GERON}.",
    matches=lambda spec: spec.corrupts_input and spec.noise == "dropout",
    words="denoising (dropout)",
    noise="dropout",
    noise_rate=0.5,
)
