"""Greedy layer-wise training: each layer is first an autoencoder of the previous layer's outputs.

    phase k: loss = mean L(h, g(f(h))) with h = layer k − 1's outputs, and layer k's f and g alone trained
    then fine-tuning of all layers: loss = mean L(x, y)

Bengio et al. 2007; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "layerwise",
    "Each layer is first an autoencoder of the one before it, then the whole is fine-tuned: how deep networks "
    f"were first made to train (Bengio et al. 2007). Watch the error jump between the phases. From {GERON}.",
    matches=lambda spec: spec.schedule == "layerwise",
    words="layer by layer",
    schedule="layerwise",
    epochs=6,
)
