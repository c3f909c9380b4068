from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "denoising-dropout",
    "Half of the pixels are switched off and have to be guessed from the others. Look at how the holes are filled; on "
    f"whole images, for which it was not trained, PCA does better. From {GERON}.",
    mark=lambda spec: spec.corrupts_input and spec.noise == "dropout",
    word="denoising (dropout)",
    noise="dropout",
    noise_rate=0.5,
)
