from __future__ import annotations

import itertools

import numpy as np
import plotly.graph_objects as go
import pytest

from aecore.errors import SpecError
from aecore.figures import DARK, LIGHT, MAP_CONFIG, latent_map
from aecore.figures.latent_map import LINE, place_names

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(40, 3)).astype(np.float32)
LABELS = np.arange(40) % 3
NAMES = ["T-shirt", "Trouser", "<b>x</b>"]
NUMBERS = np.arange(40) + 100


def draw(dimensions: int = 2, **more: object) -> go.Figure:
    return latent_map(POINTS[:, :dimensions], LABELS, NAMES, LIGHT, numbers=NUMBERS, **more)


@pytest.mark.parametrize(("dimensions", "kind"), [(2, "scattergl"), (3, "scatter3d")])
def test_one_trace_a_class_with_all_its_points(dimensions: int, kind: str) -> None:
    chart = draw(dimensions, errors=np.arange(40) / 100)
    assert [trace.type for trace in chart.data] == [kind] * 3
    assert [trace.name for trace in chart.data] == ["T-shirt", "Trouser", "&lt;b&gt;x&lt;/b&gt;"]
    assert chart.layout.showlegend and all(trace.showlegend for trace in chart.data)
    assert len({(trace.marker.color, trace.marker.symbol) for trace in chart.data}) == 3
    for group, trace in enumerate(chart.data):
        members = group == LABELS
        np.testing.assert_array_equal(trace.x, POINTS[members, 0])
        np.testing.assert_array_equal(trace.customdata, np.stack([NUMBERS, np.arange(40) / 100], 1)[members])
        assert "no. %{customdata[0]}" in trace.hovertemplate and "error %{customdata[1]" in trace.hovertemplate


def test_without_labels_there_is_one_trace_and_no_legend() -> None:
    (trace,) = latent_map(POINTS[:, :2]).data
    assert not trace.showlegend and "fullData.name" not in trace.hovertemplate
    assert trace.customdata[:, 0].tolist() == list(range(40))


def test_values_colour_the_points_and_the_legend_still_switches_classes() -> None:
    values = np.arange(40.0)
    chart = draw(values=values, value_name="Trust")
    coloured = [trace for trace in chart.data if trace.marker.coloraxis == "coloraxis"]
    entries = [trace for trace in chart.data if trace.showlegend]
    assert [trace.legendgroup for trace in coloured] == [trace.legendgroup for trace in entries]
    assert len(coloured) == len(entries) == 3 and not any(trace.showlegend for trace in coloured)
    assert {trace.marker.color for trace in entries} == {LIGHT.muted}
    np.testing.assert_array_equal(coloured[1].marker.color, values[LABELS == 1])
    axis = chart.layout.coloraxis
    assert (axis.cmin, axis.cmax) == pytest.approx(np.percentile(values, (2, 98)))
    assert axis.colorbar.title.text == "Trust" and "Trust %{customdata[1]" in chart.data[0].hovertemplate


def test_a_selection_fades_the_others_and_rings_in_3d() -> None:
    flat = draw(selected=[100, 103, 101])
    assert [trace.selectedpoints.tolist() for trace in flat.data] == [[0, 1], [0], []]
    assert all(trace.selectedpoints is None for trace in draw().data)
    solid = draw(3, selected=[100, 103])
    rings = [trace for trace in solid.data if trace.marker.symbol == "circle-open" and not trace.showlegend]
    np.testing.assert_array_equal(rings[0].x, POINTS[[0, 3], 0])


def test_points_that_are_not_finite_are_left_out() -> None:
    points = POINTS[:, :2].copy()
    points[0] = np.nan
    assert sum(len(trace.x) for trace in latent_map(points, LABELS, NAMES).data) == 39


def test_marks_tool_title_and_theme() -> None:
    chart = draw(marks=[((0.5, 1), "yours")], tool="lasso", title="Stacked <i>")
    star = chart.data[-1]
    assert (star.marker.symbol, star.x[0], star.y[0], star.name) == ("star", 0.5, 1, "yours")
    assert chart.layout.dragmode == "lasso" and chart.layout.title.text == "Stacked &lt;i&gt;"
    assert draw(3).layout.dragmode == "orbit"
    assert latent_map(POINTS, theme=DARK).layout.font.color == DARK.text


def test_many_points_are_drawn_smaller() -> None:
    sizes = [latent_map(np.zeros((n, 2)), numbers=None).data[0].marker.size for n in (100, 5_000, 50_000)]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 3


def test_nothing_is_uploaded_by_the_mode_bar() -> None:
    assert MAP_CONFIG["displayModeBar"] and "sendChartToCloud" in MAP_CONFIG["modeBarButtonsToRemove"]


@pytest.mark.parametrize(
    ("points", "more", "text"),
    [
        (np.zeros((4, 1)), {}, r"points: got shape \(4, 1\), allowed: \(n, 2\) or \(n, 3\)"),
        (np.zeros((4, 2)), {"labels": np.zeros(3, int)}, "labels: got 3, allowed: 4, one a point"),
        (np.zeros((4, 2)), {"errors": np.zeros(5)}, "errors: got 5, allowed: 4, one a point"),
    ],
)
def test_arrays_that_do_not_belong_together(points: np.ndarray, more: dict, text: str) -> None:
    with pytest.raises(SpecError, match=text):
        latent_map(points, **more)


def test_names_lie_on_their_classes_and_not_on_each_other() -> None:
    draw = np.random.default_rng(3)
    for _ in range(50):
        places, widths = draw.uniform(0, (150, 100), (10, 2)), draw.uniform(30, 90, 10)
        found = place_names(places, widths)
        assert (np.hypot(*(found - places).T) < 110).all()
        assert (place_names(places, widths) == found).all()
        for i, j in itertools.combinations(range(10), 2):
            across, up = np.abs(found[i] - found[j])
            assert across >= (widths[i] + widths[j]) / 2 or up >= LINE - 1e-9
    alone = np.array([[0.0, 0.0], [0.0, 40.0]])
    assert (place_names(alone, [80, 80]) == alone).all()


def test_a_flat_map_names_its_classes_at_their_medians() -> None:
    points = np.array([[0, 0], [1, 0], [90, 0], [10, 60], [10, 61], [10, np.nan]], np.float32)
    chart = latent_map(points, np.array([0, 0, 0, 2, 2, 1]), ("Bag", "none", "<b>Coat</b>"))
    names = {note.text: (note.x, note.y) for note in chart.layout.annotations}
    assert names == {"Bag": (1, 0), "&lt;b&gt;Coat&lt;/b&gt;": (10, 60.5)}
    assert not latent_map(points).layout.annotations
    assert not latent_map(np.zeros((2, 3)), np.array([0, 1]), ("Bag", "Coat")).layout.annotations
