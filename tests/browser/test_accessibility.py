"""Every page and state in light and dark: no serious or critical finding of axe-core, and a name for each picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aecore import presets
from aecore.presets import demonstrations
from aecore.store import runs
from tests.browser import serve
from tests.browser.conftest import Open
from tests.browser.serve import heading, progress, settle

pytestmark = pytest.mark.browser

AXE = serve.ROOT / "tests" / "js" / "node_modules" / "axe-core" / "axe.min.js"  # `make lint-js` installs it
DARK_GROUND = re.compile(r"rgb\((18, 22, 29|0, 0, 0)\)")  # of .streamlit/config.toml and of the presentation mode
PLACES = {
    "reconstructions": "",
    "map": "latent_map?method=none&run={variational-2}",
    "map-plotly": "latent_map?method=none&style=Plotly&run={variational-2}",
    "map-own": "latent_map?method=none&view=own&run={variational-2}",
    "map-training": "latent_map?view=training&run={variational-2}",
    "walk": "latent_walk?run={stacked}",
    "walk-plane": "latent_walk?view=plane&run={variational-2}",
    "walk-interpolation": "latent_walk?view=interpolation&run={variational-2}",
    "walk-random": "latent_walk?view=random&run={variational-2}",
    "walk-off-manifold": "latent_walk?view=off_manifold&run={variational-2}",
    "walk-bits": "latent_walk?view=bits&run={hashing}",
    "compare": "compare?method=none&run={variational-2}",
    "compare-sample": "compare?view=sample",
    "sparsity": "sparsity?run={sparse-kl}",
    "pretraining": "pretraining",
    "leaderboard": "classroom",
    "lesson-form": "classroom?view=make",
    "examples": "classroom?view=examples",
    "presenter": "classroom?view=present",
    "guide": "guide",
    "presentation": "?presentation=true",
    "status": "status",
    "refused-link": "?coding_size=many",
}
FINDINGS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.filter(rule => ["serious", "critical"].includes(rule.impact))
    .flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""
# The table of `st.dataframe` stands in its canvas, where a screen reader finds it.
UNNAMED = """pictures => pictures
  .filter(picture => !picture.closest('[data-testid="stDataFrame"], [aria-hidden="true"], button, [role=button]'))
  .filter(picture => !picture.alt && !picture.closest(":is([role=img], [role=figure], [role=application])[aria-label]"))
  .map(picture => picture.parentElement.outerHTML.slice(0, 200))"""


def check(page: Page) -> None:
    """Look for findings in light, then in dark."""
    for scheme in ("light", "dark"):
        if scheme == "dark":
            page.emulate_media(color_scheme="dark")
            page.reload()
            settle(page)
            expect(page.get_by_test_id("stApp")).to_have_css("background-color", DARK_GROUND)
        expect(heading(page)).to_be_visible()
        page.add_script_tag(path=AXE)
        found = page.evaluate(FINDINGS)
        assert not found, "\n".join([scheme, *found])
    assert page.locator("canvas:visible, img:visible, .js-plotly-plot:visible").evaluate_all(UNNAMED) == []


@pytest.mark.parametrize("place", PLACES)
def test_a_page(place: str, server: str, visit: Open) -> None:
    page = visit(f"{server}/{PLACES[place].format_map(demonstrations.keys())}")
    expect(progress(page)).to_have_count(0, timeout=serve.PATIENCE)
    check(page)


def test_charts_say_their_numbers(server: str, visit: Open) -> None:
    page = visit(f"{server}/sparsity?run={demonstrations.keys()['sparse-kl']}")
    for text in (r"activations: \d+ % below 0.1, mean \.\d+", r"of \d+ units, \d+ of them dead", r"target of 0\.\d+"):
        expect(page.get_by_role("figure", name=re.compile(text))).to_be_visible()
    page.goto(f"{server}/?run={demonstrations.keys()['stacked']}")
    for text in (r"validation error \.\d{4} at the end, PCA \.\d{4}", r"each pixel, \.\d{4} on average"):
        expect(page.get_by_role("figure", name=re.compile(text))).to_be_visible()


def test_a_failed_run(server: str, cache: Path, visit: Open) -> None:
    spec = presets.get("stacked").spec.replace(seed=77)
    run = runs.run_of(spec, cache)
    run.begin(spec)
    run.write_status(state="failed", message="the loss became infinite in epoch 2; try a smaller learning rate")
    page = visit(f"{server}/?run={run.key}")
    expect(page.get_by_test_id("stAlert")).to_contain_text("smaller learning rate")
    check(page)


def test_a_training(server: str, visit: Open) -> None:
    page = visit(f"{server}/?dataset=digits&seed=9077&epochs=2000")
    serve.click(page, "train")
    expect(progress(page)).to_have_count(1, timeout=serve.PATIENCE)
    check(page)
    serve.click(page, "stop")
    expect(progress(page)).to_have_count(0, timeout=serve.PATIENCE)


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[str]:
    with serve.app(AECORE_CACHE=str(tmp_path), AECORE_WARM="0") as url:
        yield url


def test_a_server_without_runs(empty_server: str, visit: Open) -> None:
    page = visit(empty_server)
    expect(heading(page)).to_have_text("Nothing to show yet")
    check(page)
