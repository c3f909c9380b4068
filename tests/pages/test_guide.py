"""Every step of the guide: its control changes its picture, its button opens its settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore.presets import demonstrations
from aecore.store import runs
from pages.widgets.guide import pictures, section, steps
from pages.widgets.session import keys, knobs
from tests.pages.conftest import SPECS, Open, texts

# Small runs in place of the demonstrations.
SMALL_RUNS = {
    "stacked": "stacked",
    "linear": "spatial",
    "convolutional": "convolutional",
    "denoising-dropout": "denoising",
    "sparse-kl": "sparse-kl",
    "sparse-baseline": "stacked",
    "variational-2": "variational-2",
}
STEPS = {step.name: step for step in steps.STEPS}
TURNED: dict[str, tuple[str, Any]] = {
    "bottleneck": (keys.GUIDE_COMPONENTS, 2),
    "depth": (keys.GUIDE_CLASS, "7"),
    "convolution": (keys.GUIDE_LAYER, "hidden_2"),
    "noise": (keys.GUIDE_NOISE, 0.7),
    "sparsity": (keys.GUIDE_CODINGS, 2),
    "probability": (keys.GUIDE_TEMPERATURE, 2.0),
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section, "spec_of", lambda name: SPECS[SMALL_RUNS[name]])


def drawn(app: AppTest) -> list[str]:
    return [html.value for html in app.get("html") if "ae-grid" in html.value]


def turn(app: AppTest, name: str) -> None:
    parameter, value = TURNED[name]
    kind = {"depth": app.selectbox, "convolution": app.button_group}.get(name, app.slider)
    kind(key=parameter).set_value(value).run()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", STEPS)
def test_each_control_changes_its_picture_only(visit: Open, name: str) -> None:
    app = visit("guide")
    before, said = drawn(app), [caption.value for caption in app.caption]
    assert not app.exception and len(before) == len(STEPS) + 1  # the image beside the feature maps
    turn(app, name)
    after = drawn(app)
    assert not app.exception and len(after) == len(before)
    (place,) = (number for number, html in enumerate(after) if html != before[number])
    assert place == list(STEPS).index(name) + (list(STEPS).index(name) >= list(STEPS).index("convolution"))
    if name != "probability":
        assert said != [caption.value for caption in app.caption]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", STEPS)
def test_each_button_sets_the_knobs_of_its_step(visit: Open, name: str) -> None:
    app, step = visit("guide"), STEPS[name]
    turn(app, name)
    app.button(key=f"open_{name}").click().run()
    spec = SPECS[SMALL_RUNS[step.demonstrations[0]]]
    spec = spec.replace(**{step.setting: TURNED[name][1]}) if step.setting else spec
    run = runs.run_of(spec)
    assert not app.exception and app.session_state[keys.PAGE] == "reconstructions"
    for knob, value in knobs.of_spec(spec).items():
        if knob in app.session_state:
            assert app.session_state[knob] == value, knob
    assert app.session_state[keys.VARIANT] == knobs.preset_name(spec)
    assert app.session_state[keys.RUN] == (run.key if run.readable else None)


def test_a_step_without_its_demonstration_keeps_its_text_and_its_button(visit: Open) -> None:
    app = visit("guide")
    assert not app.exception and not drawn(app)
    assert texts(app).count("its demonstration is not on this server") == len(STEPS)
    assert all(app.slider(key=TURNED[name][0]).disabled for name in ("bottleneck", "noise", "probability"))
    app.button(key="open_depth").click().run()
    assert app.session_state[keys.VARIANT] == "linear" and not app.button(key="train").disabled


def test_every_step_names_demonstrations_of_one_data_set() -> None:
    for step in steps.STEPS:
        specs = [section.spec_of(name) for name in step.demonstrations]
        assert len({spec.dataset for spec in specs}) == 1
        assert set(step.demonstrations) <= set(demonstrations.keys())


def test_the_home_page_leads_a_newcomer_to_the_guide(visit: Open) -> None:
    links = [link.label for link in visit().get("page_link")]
    assert any(label.startswith("Guide") for label in links)


def test_the_strongest_activations_are_kept() -> None:
    codings = np.array([[0.1, -3.0, 2.0, 0.0], [4.0, 1.0, 2.0, 3.0]], np.float32)
    kept = pictures.strongest(codings, 2)
    assert kept.tolist() == [[0.0, -3.0, 2.0, 0.0], [4.0, 0.0, 0.0, 3.0]]
