"""A server is restarted under open pages: what a visitor does first works, without a reload."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aecore.presets import demonstrations
from tests.browser import serve
from tests.browser.conftest import DIGITS
from tests.browser.tabs import Tabs

pytestmark = pytest.mark.browser


def connected(page: Page) -> None:
    expect(page.locator('[data-testid="stApp"][data-test-connection-state="CONNECTED"]')).to_be_attached(timeout=60_000)


def test_the_first_act_after_a_restart_works_on_every_page(cache: Path, tabs: Tabs) -> None:
    """The pages are opened without `visit`, since the browser's console complains while there is no server."""
    port = serve.free_port()
    variational = demonstrations.keys()["variational-2"]
    with serve.app(port=port, AECORE_CACHE=str(cache), AECORE_WARM="0") as url:
        train = tabs.visit(f"{url}/?run={variational}")
        serve.type_into(train, "epochs", 1)
        serve.type_into(train, "seed", 5)
        variant = tabs.visit(f"{url}/?coding_size=3&{DIGITS}")
        colour = tabs.visit(f"{url}/latent_map")
        walk = tabs.visit(f"{url}/latent_walk")
        z = walk.url
    with serve.app(port=port, AECORE_CACHE=str(cache), AECORE_WARM="0"):
        for page in (train, variant, colour, walk):
            connected(page)
        # What a callback does, with knobs that were turned before.
        serve.click(train, "train")
        expect(train.locator(".st-key-stop button")).to_be_enabled(timeout=serve.PATIENCE)
        expect(serve.knob(train, "seed")).to_have_value("5")
        expect(serve.knob(train, "epochs")).to_have_value("1")
        assert variational not in train.url
        # What a widget does that sets others.
        serve.pick(variant, "variant", "Linear")
        expect(variant.locator(".st-key-coding_size")).to_contain_text("30")
        assert "coding_size" not in variant.url and "variant=Linear" in variant.url and "dataset" in variant.url
        # What a control of the view does, and a fragment's button.
        colour.get_by_role("radio", name="Error").click()
        colour.wait_for_url("**/*colour=Error*")
        serve.click(walk, "random")
        walk.wait_for_url(lambda now: now != z and "z=" in now)
        for page in (train, variant, colour, walk):
            tabs.give_back(page)
