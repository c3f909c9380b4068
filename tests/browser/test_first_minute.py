"""The first minute of a new visitor: at each step the heading, the knobs and the link name the same run."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from aecore.presets import demonstrations
from aecore.presets.names import run_name
from aecore.specs.run import RunSpec
from aecore.store import runs
from pages.widgets.session import keys, knobs, opening
from tests.browser import serve
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser
EPOCHS = 40  # a training of some seconds


def spec_of_link(page: Page) -> RunSpec:
    """The spec that the knobs in the address describe."""
    query = {name: texts[-1] for name, texts in parse_qs(urlsplit(page.url).query).items()}
    variant = knobs.from_text(keys.VARIANT, query.get(keys.VARIANT, knobs.DEFAULT_VARIANT))
    return knobs.from_values(variant, {n: knobs.from_text(n, query[n]) for n in knobs.NAMES if n in query})


def expect_one_truth(page: Page, cache: Path) -> RunSpec:
    """Heading, knobs and link name the same run, whose spec is returned; without a run the link is the page's
    example's."""
    expect(page.locator(".st-key-train button")).to_have_text(re.compile("Train again"), timeout=serve.PATIENCE)
    serve.settle(page)
    expect(page.get_by_text(re.compile("the knobs say"))).to_have_count(0)
    spec = spec_of_link(page)
    run = runs.run_of(spec, cache)
    named = parse_qs(urlsplit(page.url).query).get(keys.RUN)
    if named:
        assert named == [run.key]
    else:
        path = urlsplit(page.url).path.strip("/") or "reconstructions"
        assert spec == demonstrations.spec(opening.DEMONSTRATIONS[path])
    expect(serve.heading(page)).to_have_text(run_name(run))
    expect(page.locator(".st-key-coding_size")).to_contain_text(str(spec.coding_size))
    for name in (keys.VARIANT, keys.DATASET, "epochs", "seed"):
        value = knobs.from_text(name, serve.knob(page, name).input_value())
        assert value == (knobs.preset_name(spec) if name == keys.VARIANT else getattr(spec, name))
    return spec


def test_the_first_minute(server: str, cache: Path, visit: Open) -> None:
    page = visit(server)
    expect(page.get_by_text("An autoencoder is a neural network")).to_be_visible()
    assert expect_one_truth(page, cache) == demonstrations.spec("stacked")
    serve.pick(page, "dataset", "Small digits")
    serve.type_into(page, "epochs", EPOCHS)
    expect(page.get_by_text(re.compile("Showing .*; the knobs say .* Train makes it"))).to_be_visible()
    serve.click(page, "train")
    expect(page.locator(".st-key-stop button")).to_be_enabled(timeout=serve.PATIENCE)
    first = expect_one_truth(page, cache)
    serve.click(page, "train")  # again
    expect(page.get_by_text("validation images so far")).to_be_visible(timeout=serve.PATIENCE)
    expect(serve.heading(page)).to_have_text(f"Stacked · 30 codings · {EPOCHS} epochs")
    second = expect_one_truth(page, cache)
    assert second == first.replace(seed=first.seed + 1)
    while serve.knob(page, "coding_size").get_attribute("aria-valuetext") != "2":
        serve.nudge(page, "coding_size", "ArrowLeft")
    serve.click(page, "train")
    flat = second.replace(coding_size=2)
    assert expect_one_truth(page, cache) == flat
    serve.go(page, "latent_map")
    assert expect_one_truth(page, cache) == flat
    page.get_by_role("radio", name="Error").click()
    page.wait_for_url("**/*colour=Error*")
    serve.go(page, "latent_walk")
    assert expect_one_truth(page, cache) == flat and "colour" not in page.url
    for move, path in ((page.go_back, "latent_map"), (page.go_back, ""), (page.go_forward, "latent_map")):
        move()
        page.wait_for_url(re.compile(rf"^[^?]*/{path}(\?|$)"))
        assert expect_one_truth(page, cache) == flat
        assert ("colour=Error" in page.url) == (path == "latent_map")  # the page as it was left
    page.reload()
    assert expect_one_truth(page, cache) == flat


def test_pages_of_an_untouched_visit_and_the_chips(server: str, cache: Path, visit: Open) -> None:
    """Each page opens its example until a chip is clicked; Back returns to a page as it was left."""
    page = visit(server)
    for path in ("latent_walk", "sparsity", "latent_walk"):
        serve.go(page, path)
        assert expect_one_truth(page, cache) == demonstrations.spec(opening.DEMONSTRATIONS[path])
    page.go_back()
    page.wait_for_url("**/sparsity?*")
    assert expect_one_truth(page, cache) == demonstrations.spec("sparse-kl")
    chip(page, "Hashing").click()
    expect(serve.heading(page)).to_contain_text("Hashing")
    assert expect_one_truth(page, cache) == demonstrations.spec("hashing")
    expect(chip(page, "Hashing")).to_have_attribute("aria-checked", "true")
    serve.go(page, "")
    assert expect_one_truth(page, cache) == demonstrations.spec("hashing")
    chip(page, "Stacked").click()
    expect(serve.heading(page)).to_contain_text("Stacked")
    page.go_back()
    page.wait_for_url("**/sparsity?*")
    assert expect_one_truth(page, cache) == demonstrations.spec("hashing")


def chip(page: Page, title: str) -> Locator:
    return page.locator(".st-key-chip").get_by_role("radio", name=title, exact=True)
