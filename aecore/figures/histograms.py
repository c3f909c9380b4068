"""Bar charts: errors of classes, histograms of activations, activations of units, KL divergence of codings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from aecore.datasets.base import class_name
from aecore.figures.theme import Theme, figure, label, plain, swatch
from aecore.text import count_text, error_text

BINS = 25
COLLAPSED = 0.01  # nats up to which a coding counts as collapsed onto the prior
Histogram = tuple[np.ndarray, np.ndarray]  # counts (k,), edges (k + 1,), as from np.histogram


def class_errors(errors: np.ndarray, labels: np.ndarray, class_names: Sequence[str], theme: Theme) -> go.Figure:
    """Bar chart of the mean of the errors (n,) of each class, the largest on top. Labels (n,) are class numbers."""
    errors, labels = np.asarray(errors, float), np.asarray(labels)
    groups = [(float(errors[labels == g].mean()), g) for g in np.unique(labels)]
    groups.sort()  # a category axis starts at the bottom
    means = [mean for mean, _ in groups]
    names = [class_name(class_names, g) for _, g in groups]
    chart = figure(theme, max(120, 28 * len(groups) + 20))
    chart.add_bar(
        x=means,
        y=list(range(len(means))),
        orientation="h",
        width=0.78,
        marker={"color": theme.main},
        text=[error_text(mean) for mean in means],
        textposition="outside",
        textfont={"color": theme.text, "size": theme.font_size - 1},
        cliponaxis=False,
        customdata=[count_text(np.sum(labels == g)) for _, g in groups],
        hovertemplate="%{text}, mean of %{customdata}<extra></extra>",
    )
    chart.update_xaxes(range=[0, 1.16 * max(means, default=1.0) or 1.0], visible=False)
    chart.update_yaxes(showgrid=False, tickvals=list(range(len(means))), ticktext=[plain(name) for name in names])
    return chart


def activation_histogram(
    activations: np.ndarray | Histogram,
    theme: Theme,
    baseline: np.ndarray | Histogram | None = None,
) -> go.Figure:
    """Histogram of all activations in 25 bins, as shares: this run as bars, a run without penalty as a step line.

    Either is an array of any shape or `(counts, edges)` as from `np.histogram`; a baseline with other bins is scaled
    to this run's bin width, so that equal areas are equal shares.
    """
    return _shares(activations, baseline, theme, "activation")


def unit_mean_histogram(
    means: np.ndarray,
    theme: Theme,
    target: float | None = None,
    baseline: np.ndarray | None = None,
) -> go.Figure:
    """Histogram of mean activations, as shares of units. `means`, `baseline`: (units,). `target` is a dotted line."""
    chart = _shares(means, baseline, theme, "mean activation of a unit")
    if target is not None:
        chart.add_vline(x=target, line={"color": theme.guide, "width": 1.5, "dash": "dot"})
        label(chart, theme, "target", target, 1, yref="paper", yanchor="bottom", xanchor="center")
    return chart


def layer_activity(activation: np.ndarray, theme: Theme) -> go.Figure:
    """Bar chart of one sample's activations (units,) in a layer."""
    activation = np.asarray(activation, np.float32).ravel()
    units = np.arange(1, activation.size + 1)
    chart = figure(theme, 160)
    chart.add_bar(
        x=units,
        y=activation,
        marker={"color": np.where(activation >= 0, theme.classes[0], theme.classes[6]), "line": {"width": 0}},
        hovertemplate="unit %{x}: %{y:.3f}<extra></extra>",
    )
    chart.update_layout(bargap=0.15 if activation.size <= 100 else 0)
    chart.update_xaxes(range=[0.4, activation.size + 0.6], title_text="unit", nticks=8)
    chart.update_yaxes(nticks=4, zeroline=True, zerolinecolor=theme.guide, zerolinewidth=1)
    return chart


def coding_distributions(means: np.ndarray, deviations: np.ndarray, draw: np.ndarray, theme: Theme) -> go.Figure:
    """The normal distributions of one sample's variational codings: means (d,) with their standard deviations (d,) as
    error bars, and a `draw` (d,) from them."""
    numbers = np.arange(1, means.size + 1)
    chart = figure(theme, 200, t=22)
    chart.add_scatter(
        x=numbers,
        y=means,
        mode="markers",
        marker={"color": theme.main, "size": 5},
        error_y={"array": deviations, "color": theme.main, "thickness": 2, "width": 9},
        customdata=deviations,
        hovertemplate="coding %{x}: μ %{y:.3f}, σ %{customdata:.3f}<extra></extra>",
    )
    chart.add_scatter(
        x=numbers,
        y=draw,
        mode="markers",
        marker={"color": theme.other, "size": 7, "symbol": "x-thin", "line": {"color": theme.other, "width": 2}},
        hovertemplate="coding %{x}: drawn %{y:.3f}<extra></extra>",
    )
    words = f"{swatch(theme.main, 'μ ± σ')}   {swatch(theme.other, 'draw', '×')}"
    label(chart, theme, words, 1, 1, xref="paper", yref="paper", xanchor="right", yanchor="bottom")
    chart.update_xaxes(
        range=[0.4, means.size + 0.6], title_text="coding", tickformat="d", nticks=min(8, means.size + 1)
    )
    chart.update_yaxes(nticks=5, zeroline=True, zerolinecolor=theme.guide, zerolinewidth=1)
    return chart


def kl_bars(kl_per_dimension: np.ndarray, theme: Theme) -> go.Figure:
    """Bar chart of the KL divergences (d,) in nats of the codings, the largest first; collapsed codings are grey."""
    kl = np.asarray(kl_per_dimension, float)
    order = np.argsort(-kl, kind="stable")
    few = kl.size <= 30
    chart = figure(theme, 220, t=20)
    chart.add_bar(
        x=list(range(kl.size)),
        y=kl[order],
        marker={"color": [theme.main if value > COLLAPSED else theme.guide for value in kl[order]]},
        text=[f"{value:.2f}" for value in kl[order]] if kl.size <= 12 else None,
        textposition="outside",
        textfont={"color": theme.text, "size": theme.font_size - 1},
        cliponaxis=False,
        customdata=order + 1,
        hovertemplate="coding %{customdata}: %{y:.3f} nats<extra></extra>",
    )
    chart.update_layout(bargap=0.25 if few else 0.05)
    ticks = {"tickvals": list(range(kl.size)), "ticktext": [str(i + 1) for i in order]} if few else {"visible": True}
    chart.update_xaxes(range=[-0.6, kl.size - 0.4], title_text="coding" if few else "codings, ordered", **ticks)
    chart.update_yaxes(range=[0, 1.15 * max(float(kl.max(initial=0)), 1e-3)], title_text="nats", nticks=5)
    return chart


def _shares(
    values: np.ndarray | Histogram,
    baseline: np.ndarray | Histogram | None,
    theme: Theme,
    x_title: str,
) -> go.Figure:
    edges = _edges([v for v in (values, baseline) if v is not None and not isinstance(v, tuple)])
    share, bins = _histogram(values, edges)
    width = np.diff(bins)
    chart = figure(theme, 280, t=22)
    chart.add_bar(
        x=bins[:-1] + width / 2,
        y=share,
        width=width * 0.94,
        marker={"color": theme.main, "line": {"width": 0}},
        customdata=[f"{a:.3g} to {b:.3g}" for a, b in pairwise(bins)],
        hovertemplate="%{y:.1f} % are %{customdata}<extra></extra>",
    )
    low, high, top = bins[0], bins[-1], share.max(initial=0)
    words = [swatch(theme.main, "this run")]
    if baseline is not None:
        other, edges_other = _histogram(baseline, edges)
        other = other * width.mean() / np.diff(edges_other)
        chart.add_scatter(
            x=np.repeat(edges_other, 2),
            y=np.concatenate([[0], np.repeat(other, 2), [0]]),
            mode="lines",
            line={"color": theme.other, "width": 2},
            hoverinfo="skip",
        )
        low, high, top = min(low, edges_other[0]), max(high, edges_other[-1]), max(top, other.max(initial=0))
        words.append(swatch(theme.other, "without penalty", "━"))
        label(chart, theme, "   ".join(words), 1, 1, xref="paper", yref="paper", xanchor="right", yanchor="bottom")
    chart.update_xaxes(range=[low, high], title_text=x_title, nticks=7)
    chart.update_yaxes(range=[0, 1.05 * top or 1.0], ticksuffix=" %", nticks=6)
    return chart


def _edges(arrays: list[np.ndarray]) -> np.ndarray:
    """Edges of the same bins for all arrays: over [0, 1] if all values lie in it, else over their range."""
    finite = [a[np.isfinite(a)] for a in (np.asarray(array, float) for array in arrays)]
    finite = [a for a in finite if a.size]
    low = min((float(a.min()) for a in finite), default=0.0)
    high = max((float(a.max()) for a in finite), default=1.0)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _histogram(values: np.ndarray | Histogram, edges: np.ndarray) -> Histogram:
    """Shares (k,) in percent and edges (k + 1,)."""
    if isinstance(values, tuple):
        counts, edges = np.asarray(values[0], float), np.asarray(values[1], float)
    else:
        counts = np.histogram(np.asarray(values, float), edges)[0].astype(float)
    return 100 * counts / max(counts.sum(), 1e-12), edges
