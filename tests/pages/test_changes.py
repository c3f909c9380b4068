"""From page to page."""

from __future__ import annotations

import pytest

from tests.pages.conftest import PAGES, Open


@pytest.mark.parametrize("first", PAGES)
def test_what_is_turned_on_a_visitors_first_page_stays_so_on_another_and_back(visit: Open, first: str) -> None:
    app = visit(first)
    app.select_slider(key="coding_size").set_value(3).run()
    app.number_input(key="seed").set_value(123).run()
    for page in (next(page for page in reversed(PAGES) if page != first), first):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        assert app.select_slider(key="coding_size").value == 3
        assert app.number_input(key="seed").value == 123
