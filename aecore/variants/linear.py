"""Linear autoencoder: its optimum spans the subspace of the first principal components.

    y = V(Wx + b) + c,  loss = mean |x − y|² / features

Baldi and Hornik 1989; Géron, chapter 17.
"""

from __future__ import annotations

from aecore.variants.base import GERON, variant

VARIANT = variant(
    "linear",
    "No hidden layer and no activation: the best it can do is principal component analysis, and its error comes "
    f"down to PCA's. After Baldi and Hornik (1989) and {GERON}.",
    matches=lambda spec: spec.linear,
    words="linear",
    hidden=(),
    output_activation="linear",
    loss="mse",
)
