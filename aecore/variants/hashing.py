"""Semantic hashing: Gaussian noise on the input of sigmoid codings, which training drives to 0 or 1.

    z = sigmoid(a(x) + σε),  ε ~ N(0, I),  y = g(z),  loss = mean L(x, y);  σ is `noise_rate`

Salakhutdinov and Hinton 2009; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "hashing",
    "Strong noise before sigmoid codings leaves them no choice but 0 or 1: sixteen bits a picture, and similar "
    "pictures share most of them (Salakhutdinov and Hinton 2009). A bit says less than a number: the error ends above "
    f"that of PCA with sixteen. From {GERON}.",
    matches=lambda spec: spec.hashes,
    words="hashing",
    hidden=(100,),
    coding_activation="sigmoid",
    coding_size=16,
    noise_on="coding",
    noise_rate=15.0,
    optimizer="adam",
    learning_rate=0.003,
    decay="constant",
    warmup=0.0,
    batch_size=32,
    epochs=15,
)
