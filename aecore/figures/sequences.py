"""Line charts of sequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure, plain

MOST_FEATURES = 4


def sequence_lines(sequences: np.ndarray, names: Sequence[str], theme: Theme) -> go.Figure:
    """Lines of sequences (n, steps, features) over their steps, one a sequence and feature; up to `MOST_FEATURES`."""
    chart = figure(theme, 260)
    for sequence, name in zip(sequences, names, strict=True):
        for feature in range(min(sequence.shape[1], MOST_FEATURES)):
            text = plain(name) if sequence.shape[1] == 1 else f"{plain(name)}, feature {feature + 1}"
            chart.add_scatter(y=sequence[:, feature], mode="lines", name=text, line={"width": 1.5})
    chart.update_layout(showlegend=False)
    chart.update_xaxes(title="step")
    return chart
