from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "layerwise",
    "Each layer is first an autoencoder of the one before it, then the whole is fine-tuned: how deep networks "
    f"were first made to train (Bengio et al. 2007). Watch the error jump between the phases. From {GERON}.",
    mark=lambda spec: spec.schedule == "layerwise",
    word="layer by layer",
    schedule="layerwise",
    epochs=5,
)
