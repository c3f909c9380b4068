"""Sparse autoencoder with a penalty on each coding's mean activation over the batch.

    loss = mean L(x, y) + λ/32 Σⱼ KL(ρ ‖ qⱼ),  qⱼ = mean zⱼ,  for MSE (ρ − qⱼ)²
    KL(ρ ‖ q) = ρ log ρ/q + (1 − ρ) log (1 − ρ)/(1 − q);  λ is `sparsity_weight`, ρ is `sparsity_target`

Ng 2011, Sparse autoencoder; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "sparse-kl",
    "Each of 300 codings is asked to be active a tenth of the time (KL divergence from the target): about 70 % "
    "of the activations end below 0.1, their mean near 0.1. The error ends above that of PCA with 300 components, all "
    f"of which speak. From {GERON}.",
    matches=lambda spec: spec.sparsity_weight > 0 and spec.sparsity in ("kl", "mse"),
    words=lambda spec: f"sparse ({spec.sparsity.upper()})",
    coding_activation="sigmoid",
    coding_size=300,
    sparsity="kl",
    sparsity_weight=0.05,
    optimizer="adam",
    learning_rate=0.005,
)
