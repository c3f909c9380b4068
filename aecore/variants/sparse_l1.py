"""Sparse autoencoder with an L1 (or L2) penalty on the codings.

    loss = mean L(x, y) + λ mean Σⱼ |zⱼ|,  for L2 zⱼ²;  λ is `sparsity_weight`, mean over the batch

Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "sparse-l1",
    "An L1 penalty on each activation of 100 linear codings: many are pushed to zero for each image, and which ones "
    "differs from image to image. Look at the histogram of the activations, and turn the weight up. After "
    f"{GERON}.",
    matches=lambda spec: spec.sparsity_weight > 0 and spec.sparsity in ("l1", "l2"),
    words=lambda spec: f"sparse ({spec.sparsity.upper()})",
    coding_size=100,
    sparsity="l1",
    sparsity_weight=1e-4,
)
