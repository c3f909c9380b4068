"""One server and one browser for these tests, and pages that must not complain in the browser's console."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from aecore.presets import demonstrations
from tests.browser import map_page, serve
from tests.browser.tabs import Tabs

SHOTS = Path(__file__).with_name("shots")
DIGITS = "dataset=digits&epochs=3"  # a training of a second or two
# What the browser says of the network (no internet, Streamlit looking for its server) and Streamlit of a wrong path.
NOISE = re.compile("Failed to load resource|WebGL|net::ERR_|favicon|does not seem to exist")

Open = Callable[..., Page]
expect.set_options(timeout=30_000)


# These end with the package, not with the session: Playwright keeps an event loop running in the main thread.


@pytest.fixture(scope="package")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of the server: the committed demonstration runs, if there are any, and what tests train."""
    folder = tmp_path_factory.mktemp("browser")
    for key in demonstrations.keys().values():
        committed = serve.ROOT / "cache" / "runs" / key
        if (committed / "DONE").exists():
            shutil.copytree(committed, folder / "runs" / key)
    return folder


@pytest.fixture(scope="package")
def server(cache: Path) -> Iterator[str]:
    # Warming would compile UMAP for this new cache, half a minute of a core, which no test needs.
    with serve.app(AECORE_CACHE=str(cache), AECORE_WARM="0") as url:
        yield url


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with serve.chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def fresh_server(cache: Path) -> Iterator[str]:
    """A server that nobody has visited, and without a worker until somebody trains. Name it before `visit`, so that
    pages are closed before it ends."""
    with serve.app(AECORE_CACHE=str(cache), AECORE_WARM="0") as url:
        yield url


@pytest.fixture
def visit(tabs: Tabs, request: pytest.FixtureRequest) -> Iterator[Open]:
    """A new visitor's page, settled, and after the test: no error in any page's console, no exception on it, all pages
    left. A test that failed leaves a picture of each page in `tests/browser/shots/`."""
    pages: list[Page] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not NOISE.search(message.text):
            complaints.append(message.text)

    def complain(error: Error) -> None:
        complaints.append(str(error))

    def opened(url: str, size: tuple[int, int] = serve.WIDE, scheme: str = "light") -> Page:
        page = tabs.take(size, scheme)
        pages.append(page)
        page.on("console", listen)
        page.on("pageerror", complain)
        page.goto(url)
        serve.settle(page)
        return page

    failures = request.session.testsfailed
    yield opened
    failed = request.session.testsfailed > failures
    exceptions = [page.get_by_test_id("stException").all_inner_texts() for page in pages]
    if failed:
        SHOTS.mkdir(exist_ok=True)
        for number, page in enumerate(pages):
            page.screenshot(path=SHOTS / f"{request.node.name}-{number}.png")
    for page in pages:
        page.remove_listener("console", listen)
        page.remove_listener("pageerror", complain)
        if failed or any(exceptions):  # nobody knows what state it is in
            page.context.close()
        else:
            tabs.give_back(page)
    assert not complaints
    assert not any(exceptions)


@pytest.fixture(scope="package")
def digits_run(server: str, tabs: Tabs) -> str:
    """The key of a small finished run."""
    page = tabs.visit(f"{server}/?{DIGITS}")
    serve.click(page, "train")
    key = serve.await_trained(page)
    tabs.give_back(page)
    return key


@pytest.fixture(scope="module")
def map_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `map_page`."""
    script = tmp_path_factory.mktemp("map") / "page.py"
    script.write_text(map_page.SCRIPT)
    with serve.app(script) as url:
        yield url


@pytest.fixture
def open_map(visit: Open, map_address: str) -> Open:
    """`open_map("n=200&two=1")`: that map, ready."""

    def opened(query: str = "", size: tuple[int, int] = serve.WIDE) -> Page:
        page = visit(f"{map_address}/?{query}", size)
        expect(map_page.panel(page)).to_have_attribute("data-ready", re.compile("."))
        return page

    return opened
