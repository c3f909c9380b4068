"""Browser pages that tests use one after the other."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.browser import serve


class Tabs:
    """Pages of one browser, each in a context of its own, that are handed out, taken back and handed out again.

    A page that has shown the app keeps its compiled scripts, and shows it again in a third of the processor time that a
    new page takes. A page that is taken back loses what a visitor leaves behind: cookies, storage, further tabs, the
    place of the mouse."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: list[Page] = []

    def take(self, size: tuple[int, int] = serve.WIDE, scheme: str = "light") -> Page:
        """An empty page, as of a new visitor."""
        if not self._free:
            return serve.new_page(self._browser, size, scheme)
        page = self._free.pop()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme, reduced_motion="no-preference")
        return page

    def visit(self, url: str) -> Page:
        """A new visitor's page, settled."""
        page = self.take()
        page.goto(url)
        serve.settle(page)
        return page

    def give_back(self, page: Page) -> None:
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.goto("about:blank")
        page.mouse.move(0, 0)
        page.context.clear_cookies()
        self._free.append(page)
