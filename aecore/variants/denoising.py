"""Denoising autoencoder with Gaussian noise on the input and the clean input as target.

    x̃ = x + σε,  ε ~ N(0, I),  y = g(f(x̃)),  loss = mean L(x, y);  σ is `noise_rate`

Vincent et al. 2008; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "denoising",
    "Gaussian noise is added to the input and the clean image is asked for, so copying is no longer enough. Turn "
    f"the noise up and see what is still recognised. From {GERON}, after Vincent et al. (2008).",
    matches=lambda spec: spec.corrupts_input and spec.noise == "gaussian",
    words="denoising",
    noise_rate=0.2,
)
