"""The drawing of the network follows the knobs before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest

from aecore import presets
from aecore.analysis.network_layers import network_layers
from aecore.specs.run import RunSpec
from pages.widgets.reconstructions import network
from tests.pages.conftest import Open, key


def drawing(app: object) -> str:
    return next(html.value for html in app.get("html") if "ae-net" in html.value)


def test_the_shown_run_has_its_sample_and_the_knobs_change_the_layers(visit: Open) -> None:
    app = visit(run=key("stacked"))
    html = drawing(app)
    assert html.count("<img") == 2 and "Sizes of the codings" in html
    assert "<b>codings</b><br><small>6</small>" in html and "<b>hidden 1</b><br><small>24</small>" in html
    app.select_slider(key="coding_size").set_value(3).run()
    changed = drawing(app)
    assert "<b>codings</b><br><small>3</small>" in changed
    assert "<img" not in changed  # the sample belongs to the run on show, not to these settings
    assert any("64 numbers into 3 codings (21 times fewer)" in caption.value for caption in app.caption)


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
    said = {layer.part: network.remarks(spec, layer) for layer in network_layers(spec, (28, 28))}
    assert any(text in line for line in said.pop(part)), said
    assert not any(text in line for lines in said.values() for line in lines)


def test_a_vector_and_an_overcomplete_code() -> None:
    layers = network_layers(RunSpec(hidden=(), coding_size=100), (64,))
    assert "64 numbers into 100 codings (more than the input)" in network.sentence(layers)
    vector = np.linspace(-1, 1, 64, dtype=np.float32)
    html = network.drawing_html(RunSpec(hidden=()), layers, vector, vector, vector)
    assert html.count("ae-vector") >= 2 and html.count("--v:") == network.MOST_BARS
