from __future__ import annotations

import dataclasses
import html
import json
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from aecore import figures
from aecore.figures import DARK, LIGHT, Theme
from aecore.store.experiments import Row
from aecore.text import count_text, error_text, seconds_text, share_text

RNG = np.random.default_rng(0)
NAMES = ["T-shirt", "Trouser", "Pullover"]
STEPS: list[dict[str, Any]] = [
    {"step": i, "epoch": i / 10, "loss": 0.7 / (i + 1), "mse": 0.1 / (i + 1) + 0.01} for i in range(20)
]
EPOCHS: list[dict[str, Any]] = [
    {"epoch": 1, "loss": 0.3, "val_loss": 0.29, "val_mse": 0.02, "phase": ""},
    {"epoch": 2, "loss": 0.2, "val_loss": 0.28, "val_mse": 0.013, "phase": ""},
]
TRAININGS = [
    Row(n, seed, arm, accuracy + seed / 100)
    for n, accuracy in ((100, 0.6), (5000, 0.8))
    for seed in (1, 2, 3)
    for arm in ("scratch", "pretrained", "frozen")
]
HISTORY = {"steps": STEPS, "epochs": EPOCHS}


def every_figure(theme: Theme) -> dict[str, go.Figure]:
    labels, errors = np.arange(60) % 3, RNG.random(60)
    return {
        "learning_curves": figures.learning_curves(HISTORY, 0.0157, theme),
        "class_errors": figures.class_errors(errors, labels, NAMES, theme),
        "error_heat_map": figures.error_heat_map(RNG.random((8, 6)), theme),
        "activation_histogram": figures.activation_histogram(RNG.random(90), theme, RNG.random(90)),
        "unit_mean_histogram": figures.unit_mean_histogram(RNG.random(9), theme, 0.1),
        "penalty_curves": figures.penalty_curves(0.1, theme, [0.1, 0.2]),
        "layer_activity": figures.layer_activity(RNG.normal(size=20), theme),
        "accuracy_by_labels": figures.accuracy_by_labels(TRAININGS, theme),
        "kl_bars": figures.kl_bars(RNG.random(5), theme),
        "coding_distributions": figures.coding_distributions(RNG.normal(size=5), RNG.random(5), RNG.random(5), theme),
    }


def words(chart: go.Figure) -> list[str]:
    return [note.text for note in chart.layout.annotations]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0131, ".0131"),
        (0.01314, ".0131"),
        (1.25, "1.2500"),
        (10.5, "10.5000"),
        (-0.002, "-.0020"),
        (0.99999, "1.0000"),
        (0, ".0000"),
        (0.0000312, "3.1e-5"),
        (1234.5, "1,234.5000"),
        (None, "–"),
        (math.nan, "–"),
        (np.float32(0.5), ".5000"),
    ],
)
def test_error_text(value: float | None, text: str) -> None:
    assert error_text(value) == text


def test_other_numbers() -> None:
    assert [share_text(v) for v in (0.937, 1, 0, -0.0001, None)] == [".937", "1.000", ".000", ".000", "–"]
    assert [count_text(v) for v in (163814, 7, None)] == ["163,814", "7", "–"]
    assert [seconds_text(v) for v in (3.94, math.inf)] == ["3.9 s", "–"]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_can_be_read_and_classes_told_apart(theme: Theme) -> None:
    assert min(contrast(theme.text, theme.background), contrast(theme.muted, theme.background)) >= 4.5
    assert len(set(theme.classes)) == len(set(theme.symbols)) == 10
    looks = {(theme.class_colour(i), theme.class_symbol(i)) for i in range(100)}
    assert len(looks) == 100
    assert contrast(theme.sequential[0], theme.background) < contrast(theme.sequential[-1], theme.background)
    with pytest.raises(dataclasses.FrozenInstanceError):
        theme.text = "#000000"  # type: ignore[misc]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", list(every_figure(LIGHT)))
def test_the_grammar(name: str, theme: Theme) -> None:
    chart = every_figure(theme)[name]
    layout = chart.layout
    assert not layout.showlegend and layout.title.text is None
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color == theme.text and "Source Sans" in layout.font.family
    assert layout.height and not layout.xaxis.showgrid
    texts = [note.font.color for note in layout.annotations]
    assert all(contrast(colour, theme.background) >= 4.5 for colour in texts)
    json.loads(chart.to_json())


def test_learning_curves_share_one_axis_with_pca() -> None:
    chart = figures.learning_curves(HISTORY, 0.0157, LIGHT, epochs=5, components=30)
    train, validation = chart.data
    assert list(train.y) == [row["mse"] for row in STEPS] and list(validation.y) == [0.02, 0.013]
    assert list(validation.x) == [1, 2] and list(chart.layout.xaxis.range) == [0, 5]
    assert "PCA with 30 components .0157" in words(chart)
    assert any("training" in text and ".0150" in text for text in words(chart))
    assert any("validation" in text and ".0130" in text for text in words(chart))
    low, high = chart.layout.yaxis.range
    assert chart.layout.yaxis.type == "log" and low < math.log10(0.0131) and high > math.log10(0.11)


def test_learning_curves_of_the_loss_have_no_floor() -> None:
    without = {"steps": [{"epoch": 0.5, "loss": 0.4}], "epochs": [{"epoch": 1, "loss": 0.3, "val_loss": 0.2}]}
    chart = figures.learning_curves(without, 0.0157, LIGHT)
    assert list(chart.data[0].y) == [0.4] and list(chart.data[1].y) == [0.2]
    assert not any("PCA" in text for text in words(chart)) and not chart.layout.shapes


@pytest.mark.parametrize("count", [0, 1, 2, 19])
def test_a_growing_curve_moves_nothing_else(count: int) -> None:
    """From the first loss on, the axes stand still while points arrive."""
    falling = [{"epoch": i / 4, "mse": 0.08 * 0.9**i + 0.012} for i in range(20)]
    charts = [
        figures.learning_curves({"steps": falling[:n], "epochs": []}, 0.0157, LIGHT, epochs=5) for n in (count, 20)
    ]
    for axis in ("xaxis", "yaxis"):
        first, last = (chart.layout[axis] for chart in charts)
        assert first.range == last.range and first.tickvals == last.tickvals and first.type == last.type
    assert len(charts[0].data) == len(charts[1].data)


def test_the_axes_of_a_live_curve_hold_from_the_moment_before_the_first_loss() -> None:
    falling = [{"epoch": i / 4, "mse": 0.17 * 0.8**i + 0.012} for i in range(20)]
    charts = [
        figures.learning_curves({"steps": falling[:n], "epochs": []}, pca, LIGHT, epochs=5, untrained=0.18)
        for n, pca in ((0, None), (1, None), (3, 0.0157), (20, 0.0157))
    ]
    assert len({(chart.layout.xaxis.range, chart.layout.yaxis.range, chart.layout.yaxis.type) for chart in charts}) == 1
    low, high = charts[0].layout.yaxis.range
    assert 10**low < 0.012 and 0.18 < 10**high < 1
    worse = figures.learning_curves({"steps": [{"epoch": 1, "mse": 2.5}]}, None, LIGHT, epochs=5, untrained=0.18)
    wider = worse.layout.yaxis.range
    assert wider[0] == low and wider[1] > math.log10(2.5)  # an axis is only ever widened


def test_learning_curves_without_anything_finite() -> None:
    rows = [{"epoch": 1, "loss": None, "val_loss": math.nan, "val_mse": None, "phase": None}]
    chart = figures.learning_curves({"steps": [], "epochs": rows}, None, DARK, epochs=3)
    assert not chart.data[0].x and list(chart.layout.xaxis.range) == [0, 3]
    assert figures.learning_curves({}, None, DARK).layout.yaxis.range == (0, 1)


def test_end_labels_do_not_touch() -> None:
    steps = [{"epoch": 0, "mse": 0.2}, {"epoch": 1, "mse": 0.0130}]
    epochs = [{"epoch": 1, "val_mse": 0.0131}]
    notes = figures.learning_curves({"steps": steps, "epochs": epochs}, None, LIGHT).layout.annotations
    shifts = sorted(note.yshift for note in notes if "training" in note.text or "validation" in note.text)
    assert shifts[1] - shifts[0] > 12


def test_phases_are_marked() -> None:
    phases = ["layer 1 of 2", "layer 1 of 2", "layer 2 of 2", "<b>fine"]
    rows = [{"epoch": i + 1, "val_mse": 0.1, "phase": phase} for i, phase in enumerate(phases)]
    chart = figures.learning_curves({"steps": [], "epochs": rows}, None, LIGHT)
    assert sorted(shape.x0 for shape in chart.layout.shapes) == [2, 3]
    assert {"layer 1", "layer 2", "&lt;b&gt;fine"} <= set(words(chart))
    assert not figures.learning_curves(HISTORY, None, LIGHT).layout.shapes


def test_class_errors_put_the_hardest_on_top() -> None:
    chart = figures.class_errors(np.array([1.0, 3.0, 0.5, 0.1]), np.array([0, 0, 2, 1]), NAMES, LIGHT)
    assert list(chart.data[0].x) == [0.1, 0.5, 2.0] and list(chart.data[0].text) == [".1000", ".5000", "2.0000"]
    assert list(chart.layout.yaxis.ticktext) == ["Trouser", "Pullover", "T-shirt"]


def test_names_are_text_not_markup() -> None:
    bad = "<b>%{x}</b>&"
    text = figures.class_errors(np.ones(2), np.zeros(2, int), [bad], LIGHT).layout.yaxis.ticktext[0]
    assert bad not in text and "%{x}" not in text and bad in html.unescape(text)


def test_heat_map_is_upright_and_averages_channels() -> None:
    error = RNG.random((4, 6, 3)).astype(np.float32)
    chart = figures.error_heat_map(error, LIGHT)
    np.testing.assert_allclose(chart.data[0].z, error.mean(axis=-1))
    assert chart.layout.yaxis.autorange == "reversed" and chart.layout.yaxis.scaleanchor == "x"


def test_histogram_of_values_and_of_counts_agree() -> None:
    values, base = RNG.random(500), RNG.random(300) ** 2
    counts = np.histogram(values, np.linspace(0, 1, 26))
    chart, same = (figures.activation_histogram(v, LIGHT, base) for v in (values, counts))
    np.testing.assert_allclose(chart.data[0].y, same.data[0].y)
    assert sum(chart.data[0].y) == pytest.approx(100) and chart.layout.xaxis.range == (0, 1)
    assert any("this run" in text and "without penalty" in text for text in words(chart))


def test_a_baseline_in_other_bins_is_scaled_to_the_same_area() -> None:
    fine, coarse = (np.ones(20), np.linspace(0, 1, 21)), (np.ones(10), np.linspace(0, 1, 11))
    chart = figures.activation_histogram(fine, LIGHT, coarse)
    assert max(chart.data[1].y) == pytest.approx(max(chart.data[0].y)) == pytest.approx(5)


@pytest.mark.parametrize("values", [np.empty(0), np.zeros(4), np.array([np.nan, 0.5]), np.full(3, -7.0)])
def test_odd_activations(values: np.ndarray) -> None:
    low, high = figures.activation_histogram(values, LIGHT).layout.xaxis.range
    assert low < high


def test_unit_means_show_the_target() -> None:
    chart = figures.unit_mean_histogram(np.array([0.1, 0.12]), LIGHT, target=0.1, baseline=np.array([0.5, 0.6]))
    assert chart.layout.shapes[0].x0 == 0.1 and "target" in words(chart)
    assert not figures.unit_mean_histogram(np.array([0.1]), LIGHT).layout.shapes


@pytest.mark.parametrize("target", [0.01, 0.1, 0.5, 0.9])
def test_penalties_vanish_at_the_target(target: float) -> None:
    chart = figures.penalty_curves(target, LIGHT, measured=target)
    for trace in chart.data[:3]:
        assert trace.y[np.abs(trace.x - target).argmin()] == pytest.approx(0, abs=0.01)
        assert np.nanmin(trace.y) >= 0
    kl = chart.data[0]
    at = np.abs(kl.x - 0.3).argmin()
    x = kl.x[at]
    assert kl.y[at] == pytest.approx(target * math.log(target / x) + (1 - target) * math.log((1 - target) / (1 - x)))
    assert chart.data[3].y[0] == pytest.approx(0, abs=1e-9)
    assert chart.layout.shapes[0].x0 == target


def test_measured_units_are_ticks_along_the_axis() -> None:
    chart = figures.penalty_curves(0.1, LIGHT, measured=[0.05, 0.2, 1.5])
    assert list(chart.data[3].y) == [0, 0, 0] and list(chart.data[3].x[:2]) == [0.05, 0.2] and chart.data[3].x[2] < 1


def test_kl_bars_are_ordered_and_dead_codings_grey() -> None:
    chart = figures.kl_bars(np.array([0.5, 0.001, 2.0]), DARK)
    assert list(chart.data[0].y) == [2.0, 0.5, 0.001] and list(chart.layout.xaxis.ticktext) == ["3", "1", "2"]
    assert list(chart.data[0].marker.color) == [DARK.main, DARK.main, DARK.guide]
    assert figures.kl_bars(np.ones(200), DARK).layout.xaxis.tickvals is None


def test_coding_distributions_have_error_bars_and_a_draw() -> None:
    means, deviations, draw = np.array([0.5, -1.0]), np.array([0.1, 0.9]), np.array([0.45, -0.2])
    chart = figures.coding_distributions(means, deviations, draw, LIGHT)
    assert chart.data[0].y.tolist() == means.tolist() and chart.data[0].error_y.array.tolist() == deviations.tolist()
    assert chart.data[1].y.tolist() == draw.tolist()


def test_layer_activity_has_a_bar_a_unit() -> None:
    chart = figures.layer_activity(np.array([[0.5, -1.0], [0.0, 2.0]]), LIGHT)
    assert list(chart.data[0].x) == [1, 2, 3, 4] and list(chart.data[0].y) == [0.5, -1, 0, 2]
    assert len(set(chart.data[0].marker.color)) == 2


def test_accuracy_by_labels_shows_every_seed_and_the_spread() -> None:
    chart = figures.accuracy_by_labels(TRAININGS, LIGHT)
    seeds, means = chart.data[0], chart.data[1]
    assert len(chart.data) == 6 and sorted(seeds.y) == pytest.approx([61, 62, 63, 81, 82, 83])
    assert list(means.y) == pytest.approx([62, 82]) and list(means.error_y.array) == pytest.approx([1, 1])
    assert chart.layout.xaxis.type == "log" and list(chart.layout.xaxis.ticktext) == ["100", "5,000"]
    places = [np.log10(trace.x[-1]) for trace in chart.data[1::2]]
    assert max(places) - min(places) < 0.1 and len(set(places)) == 3  # beside each other
    low, high = chart.layout.yaxis.range
    assert low <= 60 and high >= 84
    assert {text.split("</span> ")[-1] for text in words(chart)[1:]} == {"from scratch", "pretrained", "encoder frozen"}


def test_names_of_lines_that_end_together_are_moved_apart() -> None:
    notes = figures.accuracy_by_labels(TRAININGS, LIGHT).layout.annotations[1:]
    shifts = sorted(note.yshift for note in notes)
    assert shifts[1] - shifts[0] > 12 and shifts[2] - shifts[1] > 12


def test_accuracy_by_labels_while_results_come_in() -> None:
    empty = figures.accuracy_by_labels([], LIGHT, (100, 5000))
    begun = figures.accuracy_by_labels(TRAININGS[:1], LIGHT, (100, 5000))
    assert len(empty.data) == len(begun.data) == 6 and empty.layout.xaxis.range == begun.layout.xaxis.range
    assert list(begun.data[1].y) == pytest.approx([61]) and list(begun.data[1].error_y.array) == [0]
