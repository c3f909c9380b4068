"""Sparse autoencoder with an L1 (or L2) penalty on the codings.

    loss = mean L(x, y) + λ mean Σⱼ |zⱼ|,  for L2 zⱼ²;  λ is `sparsity_weight`, mean over the batch

Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "sparse-l1",
    "Ten times more codings than needed, and an L1 penalty on each activation: most are pushed to zero, so the error "
    "ends above that of PCA with 300 components, all of which speak. Look at the histogram of the activations. From "
    f"{GERON}.",
    matches=lambda spec: spec.sparsity_weight > 0 and spec.sparsity in ("l1", "l2"),
    words=lambda spec: f"sparse ({spec.sparsity.upper()})",
    coding_activation="sigmoid",
    coding_size=300,
    sparsity="l1",
    sparsity_weight=1e-3,
)
