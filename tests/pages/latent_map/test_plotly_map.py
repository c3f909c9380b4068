"""The Plotly chart of a map stays the same chart while nothing changes, so that its zoom or rotation stays."""

from __future__ import annotations

import json

from tests.pages.conftest import Open, key


def test_a_3d_chart_is_the_same_in_every_script_run(visit: Open) -> None:
    app = visit("latent_map", run=key("stacked"), method="pca", dims="3-D", points="60")
    assert not app.exception
    (chart,) = app.get("plotly_chart")
    first = json.loads(chart.proto.spec)
    assert {trace["type"] for trace in first["data"]} == {"scatter3d"}
    app.run()
    (chart,) = app.get("plotly_chart")
    assert json.loads(chart.proto.spec) == first
