"""β-variational autoencoder: the variational loss with another weight of the KL divergence.

    loss = mean L(x, y) + β/features · mean KL(N(μ, σ²) ‖ N(0, I)),  β ≠ 1 is `kl_weight`

Higgins et al. 2017.
"""

from __future__ import annotations

from aecore.variants.base import variant

VARIANT = variant(
    "beta-variational",
    "A variational autoencoder that pays β times for what its codings tell: it uses fewer of them, and its pictures "
    "lose more. Compare it with variational on the latent walk. After Higgins et al. (2017).",
    matches=lambda spec: spec.variational and spec.kl_weight != 1,
    words=lambda spec: f"(β = {spec.kl_weight:g})",
    coding="variational",
    coding_size=10,
    kl_weight=4.0,
    epochs=16,
)
