from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "sparse-kl",
    "Each of 300 codings is asked to be active a tenth of the time (KL divergence from the target): about 70 % "
    "of the activations end below 0.1, their mean near 0.1. The error ends above that of PCA with 300 components, all "
    f"of which speak. From {GERON}.",
    mark=lambda spec: spec.sparsity_weight > 0 and spec.sparsity in ("kl", "mse"),
    word=lambda spec: f"sparse ({spec.sparsity.upper()})",
    coding_activation="sigmoid",
    coding_size=300,
    sparsity="kl",
    sparsity_weight=0.05,
    optimizer="adam",
    learning_rate=0.005,
)
