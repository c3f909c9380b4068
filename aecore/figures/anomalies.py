"""Charts of anomaly detection: the scores of ordinary samples and of anomalies, and ROC curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure, label, swatch
from aecore.text import error_text, share_text

BINS = 40
SHOWN = 99.5  # percentile of all scores where the axis ends; higher ones are counted in the last bin


def score_histograms(
    scores: np.ndarray, is_anomaly: np.ndarray, threshold: float, theme: Theme, *, names: tuple[str, str], axis: str
) -> go.Figure:
    """Histograms of scores (n,), as shares of each set: ordinary samples as bars, anomalies as a step line, and the
    threshold as a dotted line. `names` are those of the two sets; `axis` is the title of the scores' axis."""
    low, high = float(scores.min()), float(np.percentile(scores, SHOWN))
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    ordinary, anomalies = (
        100 * np.histogram(np.clip(part, edges[0], edges[-1]), edges)[0] / max(len(part), 1)
        for part in (scores[~is_anomaly], scores[is_anomaly])
    )
    chart = figure(theme, 300, t=24)
    chart.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=ordinary,
        width=np.diff(edges) * 0.94,
        marker={"color": theme.main, "line": {"width": 0}},
        hovertemplate=f"%{{y:.1f}} % of {names[0]}<extra></extra>",
    )
    chart.add_scatter(
        x=np.repeat(edges, 2),
        y=np.concatenate([[0], np.repeat(anomalies, 2), [0]]),
        mode="lines",
        line={"color": theme.other, "width": 2},
        hovertemplate=f"%{{y:.1f}} % of {names[1]}<extra></extra>",
    )
    chart.add_vline(x=min(threshold, edges[-1]), line={"color": theme.guide, "width": 1.5, "dash": "dot"})
    words = [swatch(theme.main, names[0]), swatch(theme.other, names[1], "━")]
    label(chart, theme, "   ".join(words), 1, 1, xref="paper", yref="paper", xanchor="right", yanchor="bottom")
    ticks = np.linspace(edges[0], edges[-1], 6)
    texts = [error_text(tick) for tick in ticks]
    chart.update_xaxes(range=[edges[0], edges[-1]], title_text=axis, tickvals=ticks.tolist(), ticktext=texts)
    top = max(ordinary.max(initial=0), anomalies.max(initial=0))
    chart.update_yaxes(range=[0, 1.05 * top or 1.0], ticksuffix=" %", nticks=6)
    return chart


def roc_curves(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], theme: Theme, *, chosen: str, at: tuple[float, float]
) -> go.Figure:
    """ROC curves {title: (false alarm rate, hit rate)}: the `chosen` one in colour with the threshold's point `at`,
    the others grey; each is named on hover."""
    chart = figure(theme, 300)
    chart.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": theme.border, "width": 1, "dash": "dot"}, hoverinfo="skip"
    )
    for title, (alarms, hits) in sorted(curves.items(), key=lambda item: item[0] == chosen):
        mine = title == chosen
        chart.add_scatter(
            x=alarms,
            y=hits,
            mode="lines",
            line={"color": theme.main if mine else theme.guide, "width": 2.5 if mine else 1.2},
            hovertemplate=f"{title}: %{{y:.1%}} hits at %{{x:.1%}} false alarms<extra></extra>",
        )
    chart.add_scatter(
        x=[at[0]],
        y=[at[1]],
        mode="markers",
        marker={"color": theme.main, "size": 10, "line": {"color": theme.background, "width": 1.5}},
        hovertemplate=f"the threshold: {share_text(at[1])} of the anomalies<extra></extra>",
    )
    chart.update_xaxes(range=[0, 1], tickformat=".0%", title_text="false alarms", nticks=5)
    chart.update_yaxes(range=[0, 1.02], tickformat=".0%", title_text="hits", nticks=5)
    return chart
