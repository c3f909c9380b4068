"""The same points drawn several times."""

from __future__ import annotations

import numpy as np

from aecore import figures


def test_small_multiples_share_one_scale_and_class_colours() -> None:
    maps = np.stack([np.random.default_rng(i).normal(size=(40, 3)) for i in range(5)])
    labels = np.arange(40) % 3
    chart = figures.small_multiples(maps, labels, ["a", "b", "<b>", "d", "e"], figures.LIGHT)
    assert len(chart.data) == 5 and len({trace.xaxis for trace in chart.data}) == 5
    np.testing.assert_array_equal(chart.data[3].y, maps[3, :, 1].astype(np.float32))
    assert list(chart.data[2].marker.color[:4]) == [figures.LIGHT.classes[i] for i in (0, 1, 2, 0)]
    ranges = {tuple(chart.layout[f"xaxis{i}"].range) for i in ("", 2, 3, 4, 5)}
    assert len(ranges) == 1 and min(ranges)[0] < maps[..., 0].min() and min(ranges)[1] > maps[..., 0].max()
    assert chart.layout.yaxis4.domain[1] < chart.layout.yaxis.domain[0]  # the fourth stands in a second row
    assert [note.text for note in chart.layout.annotations][2] == "&lt;b&gt;"
    assert figures.small_multiples(maps, None, list("abcde"), figures.DARK).data[0].marker.color == figures.DARK.main
