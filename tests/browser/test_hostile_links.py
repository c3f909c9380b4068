"""A link with Markdown in it, in a real browser: it is read, and leads and asks nowhere."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Request, expect

from pages.widgets.basics.notice import JOINER
from tests.browser.conftest import Open
from tests.browser.serve import settle

pytestmark = pytest.mark.browser

IMAGE, LINK, BARE = (
    "![](https://evil.example/a.png)",
    "[a](https://evil.example)",
    "https://evil.example www.evil.example",
)


def test_a_hostile_link_is_text(server: str, visit: Open) -> None:
    page = visit(server)
    asked: list[str] = []

    def note(request: Request) -> None:
        if "evil" in request.url.removeprefix(server).split("?")[0]:
            asked.append(request.url)

    page.on("request", note)
    page.goto(f"{server}/?variant={quote(IMAGE)}&hidden={quote(LINK)}&run={quote(BARE)}")
    settle(page)
    told = page.get_by_test_id("stAlert").first
    expect(told).to_contain_text("Not used from the link")
    expect(told).to_contain_text(IMAGE[:9])
    page.goto(f"{server}/latent_walk?z={quote(BARE)}&variant={quote(':material/home: :smile: $x$ :red[x]')}")
    settle(page)
    expect(page.get_by_test_id("stAlert").first).to_contain_text(f":{JOINER}material/home")
    for live in ("a[href*=evil]", "img[src*=evil]", '[data-testid="stAlert"] .katex'):
        expect(page.locator(live)).to_have_count(0)
    assert not asked
