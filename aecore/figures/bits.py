"""Figure of the balance of each bit of a hash."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure

FEW = 32  # bits up to which each has its number on the axis
ALMOST = 0.02  # a bit that differs in a smaller share of the samples is grey


def bit_balance(shares: np.ndarray, theme: Theme) -> go.Figure:
    """Bar chart of the shares (d,) of samples in which each bit is set; bars of nearly constant bits are grey."""
    shares = np.asarray(shares, float)
    few = shares.size <= FEW
    chart = figure(theme, 200)
    chart.add_bar(
        x=np.arange(1, shares.size + 1),
        y=shares,
        marker={
            "color": np.where(np.minimum(shares, 1 - shares) > ALMOST, theme.main, theme.guide),
            "line": {"width": 0},
        },
        hovertemplate="bit %{x}: set in %{y:.1%}<extra></extra>",
    )
    chart.add_hline(y=0.5, line={"color": theme.guide, "width": 1.5, "dash": "dot"})
    chart.update_layout(bargap=0.25 if few else 0.05)
    chart.update_xaxes(range=[0.4, shares.size + 0.6], title_text="bit", **({"dtick": 1} if few else {"nticks": 9}))
    chart.update_yaxes(range=[0, 1], tickvals=[0, 0.5, 1], ticktext=["0", "½", "1"])
    return chart
