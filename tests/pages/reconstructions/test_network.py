"""The drawing of the network follows the knobs before anything is trained; its layers show a sample's activations."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore import presets
from aecore.analysis.network_layers import network_layers
from aecore.datasets import load
from aecore.specs.run import RunSpec
from pages.widgets.reconstructions import network, network_html
from pages.widgets.session import keys
from tests.pages.conftest import SPECS, Open, key, texts


def drawing(app: AppTest) -> str:
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component") if part.proto.json]
    (html,) = [part["html"] for part in parts if "ae-net" in part.get("html", "")]
    return html


def choose(app: AppTest, layer: str) -> None:
    app.session_state[keys.LAYER] = layer
    app.run()


def test_the_shown_run_has_its_sample_and_the_knobs_change_the_layers(visit: Open) -> None:
    app = visit(run=key("stacked"))
    html = drawing(app)
    assert html.count("<img") == 2 and html.count("Sizes of the activations") == 3
    assert "<b>codings</b><br><small>6</small>" in html and "<b>hidden 1</b><br><small>24</small>" in html
    app.select_slider(key="coding_size").set_value(3).run()
    changed = drawing(app)
    assert "<b>codings</b><br><small>3</small>" in changed
    assert "<img" not in changed  # the sample belongs to the run on show, not to these settings
    assert any("64 numbers into 3 codings (21 times fewer)" in caption.value for caption in app.caption)
    assert "Choose a layer" in texts(app) and "These settings are not trained" not in texts(app)
    choose(app, "codings")
    assert "These settings are not trained" in texts(app) and "**Codings** · dense · 3 outputs" in texts(app)


def test_another_sample_has_other_activations(visit: Open) -> None:
    app = visit(run=key("stacked"))
    before = drawing(app)
    app.number_input(key=keys.NETWORK_SAMPLE).set_value(7).run()
    assert drawing(app) != before and not app.exception


@pytest.mark.parametrize("name", ["stacked", "convolutional", "spatial", "recurrent", "variational-2", "vectors"])
def test_every_layer_shows_its_activations(visit: Open, name: str) -> None:
    spec = SPECS[name]
    app = visit(run=key(name))
    for layer in network_layers(spec, load(spec.dataset).info.shape):
        choose(app, layer.name)
        assert not app.exception
        assert f"**{layer.name.replace('_', ' ').capitalize()}** · " in texts(app)
        assert f'data-layer="{layer.name}" aria-pressed="true"' in drawing(app)
        charts = [chart for chart in app.get("plotly_chart") if chart.proto.id.endswith("-activity")]
        grids = [html for html in app.get("html") if "ae-grid" in html.value]
        has_bars = layer.part not in ("input", "output") and len(layer.shape) < 3
        has_kernels = layer.name == "hidden_1" and layer.kind == "dense"
        assert len(charts) == has_bars  # one grid is of the reconstructions
        assert len(grids) == 1 + (not has_bars) + has_kernels


def test_a_layer_that_these_settings_lack_is_not_chosen(visit: Open) -> None:
    app = visit(run=key("convolutional"))
    choose(app, "hidden_9")
    assert not app.exception and 'aria-pressed="true"' not in drawing(app)


def test_the_first_dense_layer_shows_its_kernels_which_tied_layers_share(visit: Open) -> None:
    app = visit(run=key("stacked"))
    choose(app, "hidden_1")
    assert "Kernels of the 16 units" in texts(app) and "transposed" not in texts(app)
    choose(app, "hidden_2")
    assert "Kernels of" not in texts(app)
    tied = visit(dataset="digits", variant="tied", hidden="12", coding_size="3", epochs="1")
    tied.button(key="train").click().run()
    choose(tied, "hidden_1")
    assert "Kernels of the 12 units" in texts(tied) and "the same kernels, transposed" in texts(tied)
    convolutional = visit(run=key("convolutional"))
    choose(convolutional, "hidden_1")
    assert not convolutional.exception and "Kernels of" not in texts(convolutional)


def test_the_rows_below_those_read_are_black(visit: Open) -> None:
    app = visit(run=key("recurrent"))
    whole = drawing(app)
    app.slider(key=keys.ROWS_READ).set_value(3).run()
    assert not app.exception and drawing(app) != whole
    assert not visit(run=key("stacked")).slider  # rows are read by recurrent networks only


def test_a_draw_of_the_codings_is_decoded_instead_of_their_mean(visit: Open) -> None:
    app = visit(run=key("variational-2"))
    mean = output(drawing(app))
    next(button for button in app.button if button.label == "Draw codings").click().run()
    first = output(drawing(app))
    next(button for button in app.button if button.label == "Draw codings").click().run()
    assert not app.exception and len({mean, first, output(drawing(app))}) == 3


def output(html: str) -> str:
    return re.findall(r'src="([^"]+)"', html)[-1]


def test_a_newcomer_reads_what_an_autoencoder_is(visit: Open) -> None:
    assert any(text.value == network.INTRODUCTION for text in visit().markdown)
    assert not any(text.value == network.INTRODUCTION for text in visit(run=key("stacked")).markdown)


@pytest.mark.parametrize(
    ("preset", "changes", "part", "text"),
    [
        ("denoising", {"noise_rate": 0.3}, "input", "noise σ 0.3"),
        ("denoising-dropout", {"noise_rate": 0.4}, "input", "dropout 40 %"),
        ("hashing", {}, "codings", "noise σ"),
        ("variational", {"kl_weight": 4.0}, "codings", "sampled, KL × 4"),
        ("sparse-l1", {"sparsity_weight": 0.01}, "codings", "sparsity L1 × 0.01"),
        ("sparse-kl", {"sparsity_weight": 0.05}, "codings", "sparsity KL to 0.1 × 0.05"),
        ("contractive", {}, "codings", "contractive × "),
    ],
)
def test_noise_and_penalties_stand_where_they_act(preset: str, changes: dict, part: str, text: str) -> None:
    spec = presets.get(preset).spec.replace(**changes)
    layers = network_layers(spec, (28, 28))
    said = {layer.part: network_html.remarks(spec, layers, layer) for layer in layers}
    assert any(text in line for line in said.pop(part)), said
    assert not any(text in line for lines in said.values() for line in lines)


def test_tied_layers_name_their_shared_kernels() -> None:
    spec = presets.get("tied").spec.replace(hidden=(50, 20))
    layers = network_layers(spec, (28, 28))
    said = [network_html.remarks(spec, layers, layer) for layer in layers]
    kernels = ["kernel W1", "kernel W2", "kernel W3"]
    assert said == [[], *[[text] for text in kernels], *[[f"{text}ᵀ"] for text in reversed(kernels)]]


def test_a_layer_by_layer_training_marks_the_layers_of_its_phase() -> None:
    spec = presets.get("layerwise").spec
    layers = network_layers(spec, (28, 28))
    names = [layer.name for layer in layers]
    assert network_html.trained_now(layers, "layer 1 of 2") == ["hidden_1", "output"]
    assert network_html.trained_now(layers, "layer 2 of 2") == ["codings", "hidden_2"]
    assert network_html.trained_now(layers, "fine-tuning") == names[1:]
    assert network_html.trained_now(layers, "") == []
    html = network_html.network_html(spec, layers, training=network_html.trained_now(layers, "layer 1 of 2"))
    assert html.count("training now") == 2 and html.count("<em>phase 1</em>") == 2 and "<button" not in html


def test_the_phases_are_those_of_the_training() -> None:
    from aecore.worker.training.architectures import Autoencoder
    from aecore.worker.training.fit import stages

    spec = presets.get("layerwise").spec.replace(hidden=(12, 8), coding_size=4)
    model, layers = Autoencoder(spec, (28, 28)), network_layers(spec, (28, 28))
    phases = [stage.name for stage in stages(model)]
    for phase, pair in zip(phases, model.layer_pairs(), strict=False):
        trained = network_html.trained_now(layers, phase)
        units = {layer.name: layer.shape for layer in layers}
        assert [units[name][-1] for name in trained] == [pair[0].units, pair[1].units if trained[1] != "output" else 28]
    assert network_html.trained_now(layers, phases[-1]) == [layer.name for layer in layers[1:]]


def test_a_vector_and_an_overcomplete_code() -> None:
    layers = network_layers(RunSpec(hidden=(), coding_size=100), (64,))
    assert "64 numbers into 100 codings (more than the input)" in network.sentence(layers)
    vector, codings = np.linspace(-1, 1, 64, dtype=np.float32), np.linspace(-1, 1, 100, dtype=np.float32)
    activations = {"input": vector, "codings": codings, "output": vector}
    html = network_html.network_html(RunSpec(hidden=()), layers, activations)
    assert html.count('class="ae-vector"') == 2 and html.count("--v:") == network_html.MOST_BARS
