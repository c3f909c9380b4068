from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "denoising",
    "Gaussian noise is added to the input and the clean image is asked for, so copying is no longer enough. Turn "
    f"the noise up and see what is still recognised. From {GERON}, after Vincent et al. (2008).",
    mark=lambda spec: spec.corrupts_input and spec.noise == "gaussian",
    word="denoising",
    noise_rate=0.2,
)
