"""Plotly figures from arrays. Every figure takes a `Theme` and has the same design: lines and clusters are labelled
directly instead of in a legend, there is no title and no mode bar, only the value axis has grid lines, and the
background is transparent. Draw them with `st.plotly_chart(figure, theme=None, config=PLOTLY_CONFIG)`.
"""

from aecore.figures.anomalies import roc_curves, score_histograms
from aecore.figures.curves import learning_curves, penalty_curves
from aecore.figures.heat_map import error_heat_map
from aecore.figures.histograms import (
    activation_histogram,
    class_errors,
    coding_distributions,
    kl_bars,
    layer_activity,
    unit_mean_histogram,
)
from aecore.figures.latent_map import MAP_CONFIG, latent_map
from aecore.figures.multiples import small_multiples
from aecore.figures.pretraining import accuracy_by_labels
from aecore.figures.theme import DARK, LIGHT, PLOTLY_CONFIG, Theme
from aecore.text import count_text, error_text, seconds_text, share_text

__all__ = [
    "DARK",
    "LIGHT",
    "MAP_CONFIG",
    "PLOTLY_CONFIG",
    "Theme",
    "accuracy_by_labels",
    "activation_histogram",
    "class_errors",
    "coding_distributions",
    "count_text",
    "error_heat_map",
    "error_text",
    "kl_bars",
    "latent_map",
    "layer_activity",
    "learning_curves",
    "penalty_curves",
    "roc_curves",
    "score_histograms",
    "seconds_text",
    "share_text",
    "small_multiples",
    "unit_mean_histogram",
]
