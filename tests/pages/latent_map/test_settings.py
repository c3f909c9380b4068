"""Which map the page opens: the codings themselves, UMAP, or what the link or the visitor chose."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aecore.specs.map import MapSpec
from aecore.store.runs import Run
from pages.widgets.jobs import map_job
from pages.widgets.latent_map import settings
from pages.widgets.session import keys
from tests.pages.conftest import Open, key


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[MapSpec]:
    """The maps that the page asks for; none is drawn."""
    specs: list[MapSpec] = []

    def finished(run: Run, spec: MapSpec) -> None:
        specs.append(spec)

    monkeypatch.setattr(map_job, "finished", finished)
    return specs


@pytest.mark.parametrize(
    ("run", "view", "method"),
    [
        ("stacked", {}, "umap"),
        ("stacked", {"method": "PCA"}, "pca"),
        ("stacked", {"method": "tsne"}, "tsne"),
        ("variational-2", {}, "none"),
        ("variational-2", {"method": "UMAP"}, "umap"),
    ],
)
def test_the_map_that_a_link_opens(
    visit: Open, asked: list[MapSpec], run: str, view: dict[str, str], method: str
) -> None:
    app = visit("latent_map", run=key(run), **view)
    assert not app.exception and asked[-1].method == method
    if method == "umap" and not view:  # a default is not written into the link
        assert keys.METHOD not in app.query_params


def test_the_default_follows_the_run_until_a_method_is_chosen(visit: Open, asked: list[MapSpec]) -> None:
    app = visit("latent_map", run=key("stacked"))
    app.session_state["run"] = key("variational-2")
    app.run()
    assert asked[-1].method == "none"
    app.session_state["run"] = key("stacked")
    app.run()
    assert asked[-1].method == "umap"
    app.segmented_control(key=keys.METHOD).set_value("pca").run()
    app.session_state["run"] = key("variational-2")
    app.run()
    assert not app.exception and asked[-1].method == "pca"


def test_hidden_layers_open_on_umap(visit: Open, asked: list[MapSpec]) -> None:
    """Their activations have more than two dimensions, whatever the codings have."""
    app = visit("latent_map", run=key("variational-2"))
    layer = next(name for name in app.selectbox(key=keys.MAP_LAYER).options if name != "codings")
    app.selectbox(key=keys.MAP_LAYER).set_value(layer)
    next(button for button in app.button if button.label == "Draw this map").click().run()
    assert not app.exception and (asked[-1].method, asked[-1].layer) == ("umap", layer)


@pytest.mark.parametrize(("samples", "method"), [(15, "pca"), (16, "umap")])
def test_umap_needs_more_samples_than_neighbours(samples: int, method: str) -> None:
    data = SimpleNamespace(validation=np.zeros((samples, 4)))
    assert settings._default_method(data, raw=False) == method
    MapSpec(method=method, n=samples).check(samples)
