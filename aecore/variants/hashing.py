from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "hashing",
    "Strong noise before sigmoid codings leaves them no choice but 0 or 1: sixteen bits a picture, and similar "
    "pictures share most of them (Salakhutdinov and Hinton 2009). A bit says less than a number: the error ends above "
    f"that of PCA with sixteen. From {GERON}.",
    mark=lambda spec: spec.noise_rate > 0 and spec.noise_on == "coding",
    word="hashing",
    coding_activation="sigmoid",
    coding_size=16,
    noise_on="coding",
    noise_rate=15.0,
    optimizer="adam",
    epochs=15,
)
