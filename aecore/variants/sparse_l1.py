from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "sparse-l1",
    "Ten times more codings than needed, and a price on each activation (L1): most are pushed to zero, so the error "
    "ends above that of PCA with 300 components, all of which speak. Look at the histogram of the activations. From "
    f"{GERON}.",
    mark=lambda spec: spec.sparsity_weight > 0 and spec.sparsity in ("l1", "l2"),
    word=lambda spec: f"sparse ({spec.sparsity.upper()})",
    coding_activation="sigmoid",
    coding_size=300,
    sparsity="l1",
    sparsity_weight=1e-3,
)
