"""Sparse autoencoder with a penalty on each coding's mean activation over the batch.

    loss = mean L(x, y) + λ/32 Σⱼ KL(ρ ‖ qⱼ),  qⱼ = mean zⱼ,  for MSE (ρ − qⱼ)²
    KL(ρ ‖ q) = ρ log ρ/q + (1 − ρ) log (1 − ρ)/(1 − q);  λ is `sparsity_weight`, ρ is `sparsity_target`

Ng 2011, Sparse autoencoder; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "sparse-kl",
    "Each of 100 codings is asked to be active a tenth of the time (KL divergence from the target): about two thirds "
    "of the activations end below 0.1. So many rarely active codings end above the error of PCA with 100 components, "
    f"which are all active for every image; 30 end below it. After {GERON}.",
    matches=lambda spec: spec.sparsity_weight > 0 and spec.sparsity in ("kl", "mse"),
    words=lambda spec: f"sparse ({spec.sparsity.upper()})",
    coding_activation="sigmoid",
    coding_size=100,
    sparsity="kl",
    sparsity_weight=0.05,
)
