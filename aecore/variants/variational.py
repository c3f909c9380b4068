from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "variational",
    "Each image becomes a cloud instead of a point, and all clouds together fill a normal distribution, so that "
    f"any point decodes to something (Kingma and Welling 2014). Walk through its codings. From {GERON}.",
    mark=lambda spec: spec.variational,
    word="variational",
    hidden=(150, 100),
    coding="variational",
    coding_size=10,
    learning_rate=0.002,
    batch_size=64,
)
