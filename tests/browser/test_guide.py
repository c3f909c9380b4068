"""The guide's buttons open the named settings on the first page, with an address that can be shared."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from aecore.presets import demonstrations
from aecore.store import runs
from pages.widgets.guide import section, steps
from pages.widgets.session import knobs
from tests.browser.conftest import Open
from tests.browser.serve import PATIENCE, settle

pytestmark = pytest.mark.browser
COMPONENTS = 5  # where the control of the first step starts


@pytest.mark.parametrize("step", steps.STEPS, ids=lambda step: step.name)
def test_a_button_opens_its_settings(step: steps.Step, server: str, cache: Path, visit: Open) -> None:
    spec = section.spec_of(step.demonstrations[0])
    spec = spec.replace(coding_size=COMPONENTS) if step.name == "bottleneck" else spec
    page = visit(f"{server}/guide")
    page.locator(f".st-key-open_{step.name} button").click()
    page.wait_for_url(re.compile(r"^[^?]*:\d+/(\?|$)"), timeout=PATIENCE)
    settle(page)
    expect(page.locator(".ae-net")).to_be_visible()
    values = {name: value for name, value in knobs.of_spec(spec).items() if name not in knobs.ADVANCED}
    start = knobs.defaults(values["variant"]) | {"variant": knobs.DEFAULT_VARIANT}
    shown = {name: knobs.in_words(name, value) for name, value in values.items() if value != start[name]}
    query = {name: texts[-1] for name, texts in parse_qs(urlsplit(page.url).query).items()}
    assert {name: text for name, text in query.items() if name in values} == shown
    run = runs.run_of(spec, cache)
    assert query["run"] == (run.key if run.readable else demonstrations.keys()["stacked"])  # which is on show
