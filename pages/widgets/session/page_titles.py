"""Titles of the pages by URL path, in the order of the navigation."""

from __future__ import annotations

TITLES = {
    "reconstructions": "Reconstructions",
    "guide": "Guide",
    "latent_map": "Latent map",
    "latent_walk": "Latent walk",
    "compare": "Compare",
    "sparsity": "Sparsity",
    "anomalies": "Anomalies",
    "pretraining": "Pretraining",
    "your_data": "Your data",
    "classroom": "Classroom",
}
