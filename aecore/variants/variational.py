"""Variational autoencoder: the negative evidence lower bound, per feature.

    z = μ(x) + σ(x) ⊙ ε,  ε ~ N(0, I),  y = g(z)
    loss = mean L(x, y) + β/features · mean KL,  β = 1 is `kl_weight`
    KL = −½ Σⱼ (1 + log σⱼ² − σⱼ² − μⱼ²)

Kingma and Welling 2014, appendix B; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "variational",
    "Each image becomes a cloud instead of a point, and all clouds together fill a normal distribution, so that "
    f"any point decodes to something (Kingma and Welling 2014). Walk through its codings. From {GERON}.",
    matches=lambda spec: spec.variational,
    words="variational",
    coding="variational",
    coding_size=10,
    epochs=16,
)
