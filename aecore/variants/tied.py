from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "tied",
    f"The decoder's kernels are the encoder's, transposed: half the parameters, nearly the same error. From {GERON}.",
    mark=lambda spec: spec.tied,
    word="tied",
    tied=True,
)
