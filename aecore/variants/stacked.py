from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "stacked",
    "Two dense layers down to the codings, two up again: the classic autoencoder. Look at how much sharper it is "
    f"than PCA with as many numbers. From {GERON}.",
    mark=lambda spec: True,
)
