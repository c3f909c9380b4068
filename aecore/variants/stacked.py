"""Stacked autoencoder: several dense layers down to the codings, and as many up.

    z = f(x),  y = g(z),  loss = mean L(x, y),  L: binary cross-entropy or squared error

Géron, chapter 17; Hinton and Salakhutdinov 2006.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "stacked",
    "Two dense layers down to the codings, two up again: the classic autoencoder. Look at how much sharper it is "
    f"than PCA with as many numbers. From {GERON}.",
    matches=lambda spec: True,
)
