"""At each step heading, knobs and link name the same run: on every page, for every chip, after Back, and on reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore.classroom import lessons
from aecore.classroom.lessons import Lesson
from aecore.presets import demonstrations
from aecore.presets.demonstrations import Demonstration
from aecore.presets.names import run_name
from aecore.specs.run import RunSpec
from aecore.store import runs
from aecore.store.files import set_aside
from pages.widgets.server import streamlit_patches
from pages.widgets.session import active_run, keys, knobs, opening
from tests.pages.conftest import PAGES, SMALL, SPECS, Open, key, texts, unescaped

TITLES = {
    "stacked": "Stacked",
    "variational-2": "Variational, 2 codings",
    "sparse-kl": "Sparse, KL",
    "convolutional": "Convolutional",
    "hashing": "Hashing",
}
RUN_PAGES = tuple(page for page in PAGES if page != "classroom")


@pytest.fixture(autouse=True)
def small_demonstrations(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The trained runs in place of the demonstrations, and one that is not on disk."""
    specs = {name: SPECS[name] for name in TITLES} | {"missing": SMALL.replace(seed=5)}
    small = tuple(Small(name, "stacked", title=TITLES.get(name, "Missing")) for name in specs)
    monkeypatch.setattr(Small, "specs", specs, raising=False)
    monkeypatch.setattr(demonstrations, "DEMONSTRATIONS", small)
    for cached in (demonstrations.keys, demonstrations.spec):
        cached.cache_clear()
    yield
    for cached in (demonstrations.keys, demonstrations.spec):
        cached.cache_clear()


class Small(Demonstration):
    specs: dict[str, RunSpec]

    @property
    def spec(self) -> RunSpec:
        return self.specs[self.name]


def heading(app: AppTest) -> str:
    return next(unescaped(text.value).lstrip("# ") for text in app.main.markdown if text.value.startswith("#"))


def chips(app: AppTest) -> list[str]:
    return [option.content for pills in app.pills if pills.key == keys.CHIP for option in pills.proto.options]


def chosen(app: AppTest) -> str | None:
    return app.session_state[keys.CHIP]


def click(app: AppTest, name: str) -> AppTest:
    return app.pills(key=keys.CHIP).set_value(key(name)).run()


def go(app: AppTest, page: str, query: dict[str, Any] | None = None) -> None:
    """Change the page. The browser keeps the knobs in the link and drops the rest, `AppTest` keeps all of it."""
    kept = {name: value for name, value in app.query_params.items() if name in (keys.VARIANT, *knobs.NAMES)}
    app.query_params.clear()
    app.query_params.update(kept if query is None else query)
    app.switch_page(f"pages/{page}.py").run()


def spec_of_knobs(app: AppTest) -> RunSpec:
    """What Train would train, from the widgets that are drawn."""
    boxes = [*app.select_slider, *app.number_input, *app.text_input, *app.selectbox]
    values = {box.key: box.value for box in boxes if box.key in knobs.NAMES}
    return knobs.from_values(app.selectbox(key="variant").value, values)


def assert_one_truth(app: AppTest, visit: Open, page: str, spec: RunSpec) -> None:
    """Heading, selected chip, knobs and link name the run of `spec`, and another visitor with this link sees it too."""
    run = runs.run_of(spec)
    for seen in (app, visit(page, **app.query_params)):
        assert not seen.exception and "Not used from the link" not in texts(seen)
        assert heading(seen) == run_name(run)
        assert spec_of_knobs(seen) == spec
        assert chosen(seen) == (run.key if run.key in demonstrations.keys().values() else None)
        assert "the knobs say" not in texts(seen)
        assert seen.button(key="train").label == "Train again"


@pytest.mark.parametrize("page", RUN_PAGES)
def test_a_page_opens_its_example_with_its_knobs_until_something_is_touched(visit: Open, page: str) -> None:
    app = visit(page)
    assert_one_truth(app, visit, page, SPECS[opening.DEMONSTRATIONS[page]])
    for other in (other for other in RUN_PAGES if other != page):
        go(app, other)
        assert_one_truth(app, visit, other, SPECS[opening.DEMONSTRATIONS[other]])


@pytest.mark.parametrize("page", RUN_PAGES)
def test_each_chip_sets_picture_knobs_and_link_and_stays_on_all_pages(visit: Open, page: str) -> None:
    app = visit(page)
    assert chips(app) == list(TITLES.values())  # not the one that is missing on disk
    for name in reversed(TITLES):
        click(app, name)
        assert_one_truth(app, visit, page, SPECS[name])
    for other in RUN_PAGES:
        go(app, other)
        assert_one_truth(app, visit, other, SPECS[name])


def test_a_run_that_was_trained_stays_on_all_pages_beside_the_chips(visit: Open) -> None:
    app = visit("sparsity")
    app.button(key="train").click().run()
    spec = SPECS["sparse-kl"].replace(seed=43)
    for page in ("sparsity", *RUN_PAGES):
        go(app, page)
        assert_one_truth(app, visit, page, spec)
        assert chips(app) == list(TITLES.values())


def test_a_knob_that_is_turned_keeps_the_picture_and_says_the_difference_on_all_pages(visit: Open) -> None:
    app = visit("latent_walk")
    app.select_slider(key="coding_size").set_value(3).run()
    for page in ("latent_walk", "sparsity", "reconstructions"):
        go(app, page)
        link = {**app.query_params, "coding_size": "3"}  # which the browser writes
        for seen in (app, visit(page, **link)):
            assert not seen.exception and "Not used from the link" not in texts(seen)
            assert heading(seen).startswith("Variational · 2 codings")
            assert spec_of_knobs(seen) == SPECS["variational-2"].replace(coding_size=3)
            assert "Showing 2 codings; the knobs say 3 codings. Train makes it." in texts(seen)


def test_a_click_on_the_selected_chip_restores_its_knobs(visit: Open) -> None:
    app = visit("latent_walk")
    app.select_slider(key="coding_size").set_value(3).run()
    app.pills(key=keys.CHIP).set_value(None).run()
    assert_one_truth(app, visit, "latent_walk", SPECS["variational-2"])


def address(spec: RunSpec) -> dict[str, str]:
    """The knobs of a link, in the notation of the command line."""
    values = knobs.of_spec(spec)
    start = knobs.defaults(values["variant"])
    return {"variant": values.pop("variant")} | {n: str(v) for n, v in values.items() if v != start[n]}


def test_a_link_with_the_knobs_of_a_trained_run_opens_it(visit: Open) -> None:
    for page in ("reconstructions", "latent_walk"):
        assert_one_truth(visit(page, **address(SPECS["sparse-kl"])), visit, page, SPECS["sparse-kl"])


def test_a_link_with_knobs_of_no_run_shows_the_pages_example_and_says_so(visit: Open) -> None:
    app = visit("latent_walk", **address(SMALL.replace(seed=77)))
    assert heading(app).startswith("Variational · 2 codings") and spec_of_knobs(app) == SMALL.replace(seed=77)
    assert "the knobs say Stacked, 6 codings" in texts(app) and app.session_state[keys.RUN] == key("variational-2")


def test_back_returns_to_the_run_and_knobs_of_the_address(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    app = visit("latent_walk")
    click(app, "hashing")
    before = dict(app.query_params)
    app.switch_page("pages/sparsity.py").run()
    click(app, "convolutional")

    def go_to(page: str, query: dict[str, str]) -> None:
        by_history = iter([True])
        monkeypatch.setattr(streamlit_patches, "is_history_navigation", lambda: next(by_history, False))
        go(app, page, query)

    go_to("latent_walk", before)
    assert_one_truth(app, visit, "latent_walk", SPECS["hashing"])
    go_to("sparsity", {"run": key("stacked")})  # without knobs: the run's
    assert_one_truth(app, visit, "sparsity", SPECS["stacked"])
    go_to("sparsity", {})  # an address from before anything was touched: the run stays
    assert_one_truth(app, visit, "sparsity", SPECS["stacked"])
    go_to("sparsity", {"run": "0" * 16})
    assert_one_truth(app, visit, "sparsity", SPECS["stacked"])


def kept(cache: Path, locked: tuple[str, ...]) -> str:
    values = knobs.of_spec(SPECS["variational-2"])
    made = Lesson(title="Two codings", knobs=values, locked=locked)
    lessons.keep(made, cache)
    return made.key


def test_a_lesson_keeps_its_knobs_and_offers_only_the_chips_that_it_allows(visit: Open, cache: Path) -> None:
    app = visit("sparsity", lesson=kept(cache, ("variant", "coding_size")))
    assert chips(app) == ["Variational, 2 codings"]
    for page in RUN_PAGES:
        go(app, page)
        assert not app.exception and spec_of_knobs(app) == SPECS["variational-2"]
        assert heading(app).startswith("Variational · 2 codings")
    app = visit("sparsity", lesson=kept(cache, ("seed",)))
    assert chips(app) == list(TITLES.values())
    app = visit("sparsity", lesson=kept(cache, ("variant",)))
    set_aside(runs.open_run(key("variational-2"), cache).folder)
    app.run()
    assert chips(app) == []


def test_pages_that_are_not_about_one_run_keep_what_is_on_show_under_their_own_heading(visit: Open) -> None:
    app = visit("latent_walk")
    for page, title in (("classroom", "Classroom"), ("status", "Status of this server")):
        go(app, page)
        assert not app.exception and heading(app) == title and chips(app) == []
        assert spec_of_knobs(app) == SPECS["variational-2"]
        assert heading(visit(page)) == title


def test_every_page_that_shows_a_run_has_an_example() -> None:
    assert set(opening.DEMONSTRATIONS) == set(RUN_PAGES) and active_run.HOME in RUN_PAGES
