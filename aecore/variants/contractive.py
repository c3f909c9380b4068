"""Contractive autoencoder: a penalty on the encoder's Jacobian.

    loss = mean L(x, y) + λ mean ‖∂f(x)/∂x‖²_F;  λ is `penalty_weight`

Rifai et al. 2011.
"""

from __future__ import annotations

from aecore.variants.base import variant

VARIANT = variant(
    "contractive",
    "Pays for every direction in which a small change of the image moves its codings, so only directions that the data "
    "need stay sensitive. Turn the weight up and see the codings calm down. After Rifai et al. (2011).",
    matches=lambda spec: spec.penalty == "contractive",
    words="contractive",
    hidden=(200,),
    penalty="contractive",
    penalty_weight=1e-5,
    batch_size=200,
)
