"""Line charts: learning curves, and sparsity penalties against the mean activation."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from aecore.figures.theme import Theme, figure, label, plain, rgba, swatch
from aecore.text import error_text

LOG_RATIO = 4.0  # from this ratio of largest to smallest value the axis is logarithmic
LIVE_RATIO = 30.0  # a chart that grows has room for an error that falls to this fraction of that before training
LABEL_GAP = 15.0  # pixels between the middles of two labels
HEIGHT = 300  # pixels of a chart


def learning_curves(
    history: dict[str, list[dict[str, Any]]],
    pca_mse: float | None,
    theme: Theme,
    *,
    epochs: int | None = None,
    components: int | None = None,
    untrained: float | None = None,
) -> go.Figure:
    """Training error per step and validation error per epoch, with PCA's error as a dotted line.

    The error is the MSE, or the training loss, without PCA, for a history without MSE. The axes keep their ranges
    while a run trains: x spans all `epochs` (default: those in the history), y reaches from below PCA to above the
    first loss, with `untrained` even before these are known.

    Parameters
    ----------
    history : `{"steps": [...], "epochs": [...]}` as in `aecore.store.runs`.
    pca_mse : validation MSE of PCA with as many components as codings; None draws no line.
    components : number of components in PCA's label.
    untrained : validation MSE before the training, for a chart that is drawn meanwhile.
    """
    steps, rows = history.get("steps") or [], history.get("epochs") or []
    has_mse = any(_number(row, "mse", "val_mse") for row in (*steps, *rows))
    metric = "mse" if has_mse or not (steps or rows) else "loss"
    train = _points(steps, metric)
    if not train[0]:
        train = _points(rows, metric)
    validation = _points(rows, f"val_{metric}")
    floor = pca_mse if metric == "mse" else None
    last = max([epochs or 1, *(math.ceil(x) for x in (*train[0], *validation[0]))])

    chart = figure(theme, HEIGHT, l=34, r=112, t=26)
    low, high, log = _value_range([*train[1], *validation[1]], floor, untrained if metric == "mse" else None)
    chart.update_yaxes(**_value_axis(low, high, log))
    chart.update_xaxes(range=[0, last], tickvals=_whole_ticks(last), title_text="epoch")
    label(
        chart,
        theme,
        "MSE" if metric == "mse" else "loss",
        0,
        1,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        xshift=-3,
        yshift=6,
        font={"color": theme.muted, "size": theme.font_size - 1},
    )
    for trace in _curves(train, validation, theme):
        chart.add_trace(trace)
    _mark_phases(chart, rows, last, theme)
    if floor:
        chart.add_hline(y=floor, line={"color": theme.guide, "width": 1.5, "dash": "dot"})
        words = f"PCA with {components} components" if components else "PCA"
        under = bool(validation[1]) and validation[1][-1] > floor
        label(
            chart,
            theme,
            f"{words} {error_text(floor)}",
            last,
            math.log10(floor) if log else floor,
            xanchor="right",
            yanchor="top" if under else "bottom",
            bgcolor=rgba(theme.background, 0.6),
            font={"color": theme.muted, "size": theme.font_size - 1},
        )
    _label_ends(chart, train, validation, theme, (low, high, log), HEIGHT - 60)
    return chart


def penalty_curves(target: float, theme: Theme, measured: float | Sequence[float] | None = None) -> go.Figure:
    """Three sparsity penalties of a unit with mean activation ρ̂ and target ρ, over ρ̂ in (0, 1).

    KL(ρ ‖ ρ̂) = ρ log(ρ/ρ̂) + (1-ρ) log((1-ρ)/(1-ρ̂)) in nats (Ng, CS294A lecture notes on sparse autoencoders),
    |ρ̂-ρ| and (ρ̂-ρ)². `measured`: a single mean is a point on the KL curve, several means are ticks along the axis.
    """
    mean = np.linspace(0.002, 0.998, 250)
    curves = (
        ("KL divergence", theme.classes[0], _kl(target, mean)),
        ("absolute", theme.classes[6], np.abs(mean - target)),
        ("squared", theme.classes[4], (mean - target) ** 2),
    )
    top = 1.6
    chart = figure(theme, HEIGHT, t=24, r=16)
    chart.update_xaxes(range=[0, 1], title_text="mean activation of a unit", dtick=0.2)
    chart.update_yaxes(range=[-0.02, top], tickvals=[0, 0.5, 1, 1.5], title_text="penalty")
    chart.add_vline(x=target, line={"color": theme.guide, "width": 1.5, "dash": "dot"})
    label(
        chart,
        theme,
        f"target {target:.3g}".replace("0.", "."),
        target,
        1,
        yref="paper",
        yanchor="bottom",
        xanchor="left" if target < 0.5 else "right",
    )
    for name, colour, cost in curves:
        shown = cost <= top
        chart.add_scatter(
            x=mean[shown],
            y=cost[shown],
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate=f"{name} %{{y:.3f}} at %{{x:.2f}}<extra></extra>",
        )
    # Labels are on the wider side of the target, where the curves are furthest apart.
    right = target < 0.5
    outer = (mean > target) == right
    steep = float(mean[outer][np.abs(_kl(target, mean[outer]) - 1.2).argmin()])
    far, middle = (0.99, 0.76) if right else (0.01, 0.24)
    for (name, colour, _), x, y, anchor, over in (
        (curves[0], steep, _kl(target, steep), right, True),
        (curves[1], far, abs(far - target), right, True),
        (curves[2], middle, (middle - target) ** 2, not right, False),
    ):
        label(
            chart,
            theme,
            swatch(colour, name, "━"),
            x,
            y,
            xanchor="right" if anchor else "left",
            yanchor="bottom" if over else "top",
            xshift=0 if x == far else -6 if anchor else 6,
            yshift=3 if over else -3,
            bgcolor=rgba(theme.background, 0.7),
        )
    if measured is not None:
        units = np.clip(np.atleast_1d(np.asarray(measured, float)), 1e-3, 1 - 1e-3)
        one = units.size == 1
        chart.add_scatter(
            x=units,
            y=np.minimum(_kl(target, units), top) if one else np.zeros(units.size),
            mode="markers",
            cliponaxis=False,
            marker={
                "symbol": "circle",
                "size": 10,
                "color": theme.main,
                "line": {"color": theme.background, "width": 1.5},
            }
            if one
            else {"symbol": "line-ns-open", "size": 12, "opacity": 0.5, "color": theme.text, "line": {"width": 1}},
            hovertemplate="measured %{x:.3f}<extra></extra>",
        )
    return chart


def _kl(target: float, mean: Any) -> Any:
    return target * np.log(target / mean) + (1 - target) * np.log((1 - target) / (1 - mean))


def _number(row: dict[str, Any], *names: str) -> float | None:
    """The first of the entries `names` that is a finite number; None without one."""
    for name in names:
        value = row.get(name)
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    return None


def _points(rows: list[dict[str, Any]], name: str) -> tuple[list[float], list[float]]:
    pairs = [(float(row.get("epoch", i + 1)), _number(row, name)) for i, row in enumerate(rows)]
    return [x for x, y in pairs if y is not None], [y for _, y in pairs if y is not None]


def _curves(train: tuple[list, list], validation: tuple[list, list], theme: Theme) -> list[go.Scatter]:
    """Both traces, also when empty: Plotly updates a chart with the same traces in place."""

    def hover(name: str) -> str:
        return f"{name} %{{text}}, epoch %{{x:.4~g}}<extra></extra>"

    return [
        go.Scatter(
            x=train[0],
            y=train[1],
            text=[error_text(y) for y in train[1]],
            mode="lines",
            line={"color": theme.classes[0], "width": 1.5},
            hovertemplate=hover("training"),
        ),
        go.Scatter(
            x=validation[0],
            y=validation[1],
            text=[error_text(y) for y in validation[1]],
            mode="lines+markers" if len(validation[0]) <= 60 else "lines",
            cliponaxis=False,
            line={"color": theme.classes[6], "width": 2},
            marker={"size": 7},
            hovertemplate=hover("validation"),
        ),
    ]


def _value_range(values: list[float], floor: float | None, first: float | None) -> tuple[float, float, bool]:
    """Lowest and highest value shown, rounded outwards, and whether the axis is logarithmic."""
    errors = [*values, *([floor] if floor else []), *([first, first / LIVE_RATIO] if first else [])]
    if not errors:
        return 0.0, 1.0, False
    # Margins below PCA for a network that beats it, and above for an untrained one.
    low, high = min([*errors, *([floor * 0.7] if floor else [])]), max([*errors, *([floor * 6] if floor else [])])
    if low > 0 and high / low >= LOG_RATIO:
        nice = [digit * 10.0**power for power in range(-12, 13) for digit in (1, 1.5, 2, 3, 5, 7)]
        return max(n for n in nice if n <= low * 0.999), min(n for n in nice if n >= high), True
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return max(low - room, 0.0) if low >= 0 else low - room, high + room, False


def _value_axis(low: float, high: float, log: bool) -> dict[str, Any]:
    if not log:
        step = _nice_step((high - low) / 4)
        ticks = np.arange(math.ceil(low / step) * step, high + step / 1e6, step)
        return {"range": [low, high], "tickvals": ticks.tolist(), "ticktext": [_tick(t, step) for t in ticks]}
    digits = (1, 2, 3, 5) if high / low < 30 else (1, 3) if high / low < 1000 else (1,)
    ticks = np.array([d * 10.0**p for p in range(-12, 13) for d in digits])
    ticks = ticks[(ticks >= low * 0.999) & (ticks <= high * 1.001)]
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": ticks.tolist(),
        "ticktext": [_tick(t, t) for t in ticks],
    }


def _tick(value: float, step: float) -> str:
    """A tick with the decimals that the step needs, without a leading zero."""
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    if places > 5:
        return f"{value:.0e}"
    text = f"{value:.{places}f}"
    return text[1:] if text.startswith("0.") else text


def _nice_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= step * 0.999)


def _whole_ticks(last: int) -> list[int]:
    step = max(1, round(_nice_step(max(last / 8, 1))))
    return list(range(0, last + 1, step))


def _mark_phases(chart: go.Figure, rows: list[dict[str, Any]], last: int, theme: Theme) -> None:
    """Draw a line at the end of each phase of a layer-by-layer run, and the name of each phase."""
    phases = [str(row.get("phase") or "") for row in rows]
    starts = [i for i, phase in enumerate(phases) if i == 0 or phase != phases[i - 1]]
    if len(starts) < 2:
        return
    begins = [0.0, *(float(rows[i - 1].get("epoch", i)) for i in starts[1:])]
    for number, (begin, end) in enumerate(zip(begins, [*begins[1:], float(last)], strict=True)):
        if number:
            chart.add_vline(x=begin, line={"color": theme.guide, "width": 1, "dash": "dot"})
        label(
            chart,
            theme,
            plain(re.sub(r" of \d+$", "", phases[starts[number]])),
            (begin + end) / 2,
            1,
            yref="paper",
            yanchor="bottom",
            xanchor="center",
            font={"color": theme.muted, "size": theme.font_size - 2},
        )


def _label_ends(
    chart: go.Figure,
    train: tuple[list[float], list[float]],
    validation: tuple[list[float], list[float]],
    theme: Theme,
    axis: tuple[float, float, bool],
    pixels: int,
) -> None:
    """Draw labels at the ends of both curves, moved apart if they would overlap."""
    low, high, log = axis

    def scale(value: float) -> float:
        return math.log10(value) if log else value

    ends = [
        (name, colour, points[0][-1], points[1][-1])
        for name, colour, points in (
            ("training", theme.classes[0], train),
            ("validation", theme.classes[6], validation),
        )
        if points[0]
    ]
    heights = [(scale(y) - scale(low)) / (scale(high) - scale(low)) * pixels for *_, y in ends]
    shifts = [0.0] * len(ends)
    if len(ends) == 2 and abs(heights[0] - heights[1]) < LABEL_GAP:
        apart = (LABEL_GAP - abs(heights[0] - heights[1])) / 2
        upper = 0 if heights[0] > heights[1] else 1
        shifts[upper], shifts[1 - upper] = apart, -apart
    x = max((end[2] for end in ends), default=0)
    for (name, colour, _, y), shift in zip(ends, shifts, strict=True):
        label(
            chart,
            theme,
            f"{swatch(colour, name, '━')} {error_text(y)}",
            x,
            scale(y),
            xshift=8,
            yshift=shift,
            bgcolor=rgba(theme.background, 0.8),
        )
