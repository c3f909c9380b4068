"""Titles of the pages that the navigation shows, by URL path and in its order."""

from __future__ import annotations

TITLES = {
    "reconstructions": "Reconstructions",
    "latent_map": "Latent map",
    "latent_walk": "Latent walk",
    "compare": "Compare",
    "sparsity": "Sparsity",
    "pretraining": "Pretraining",
    "classroom": "Classroom",
}
