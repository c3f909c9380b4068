"""Denoising autoencoder with convolutions, feature maps as codings and clipped Gaussian noise.

    x̃ = clip(x + σε, 0, 1),  ε ~ N(0, I),  y = g(f(x̃)),  loss = mean L(x, y);  σ is `noise_rate`

Hubens, Introduction to Autoencoders.
"""

from __future__ import annotations

from aecore.variants.base import HUBENS, variant

VARIANT = variant(
    "denoising-convolutional",
    "A convolutional network that takes strong noise off an image; its codings are feature maps, as many numbers as "
    "pixels: it keeps details, where PCA would copy the image and its noise. Look at the error against the noise. "
    f"After {HUBENS}.",
    matches=lambda spec: spec.corrupts_input and spec.architecture == "convolutional",
    architecture="convolutional",
    bottleneck="spatial",
    hidden=(16, 16),
    activation="relu",
    noise_rate=0.5,
    noise_clip=True,
    noisy_validation=True,
    batch_size=64,
    epochs=4,
)
