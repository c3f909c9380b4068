"""Pages that show a run on uploaded data: colour images, a table, sequences."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import streamlit as st

from aecore import settings
from aecore.datasets import own as own_sets
from aecore.jobs import Queue, Ticket
from aecore.specs.run import RunSpec
from aecore.store import listing, own_data, runs
from aecore.store.runs import Run
from pages.widgets.session import own_data as session_data
from tests.pages.conftest import PAGES, Open, texts, train_and_measure
from tests.store import own

FORMS = {"table": own.table, "colours": own.colours, "sequences": own.sequences}


@pytest.fixture(scope="session")
def on_own_data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Run]]:
    """A cache with a trained run on each form of data."""
    cache = tmp_path_factory.mktemp("own")
    trained = {}
    with settings.using_cache(cache):
        for form, make in FORMS.items():
            spec = RunSpec(dataset=make(cache), hidden=(8,), coding_size=3, batch_size=16, epochs=1)
            trained[form] = run = runs.run_of(spec, cache)
            train_and_measure(spec, run)
    return cache, trained


@pytest.fixture
def cache(cache: Path, on_own_data: tuple[Path, dict[str, Run]]) -> Path:
    shutil.copytree(on_own_data[0], cache, dirs_exist_ok=True)
    return cache


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("form", FORMS)
def test_every_page_draws_every_form(visit: Open, on_own_data: tuple[Path, dict[str, Run]], page: str, form: str):
    run = on_own_data[1][form]
    app = visit(page, run=run.key)
    assert not app.exception and not app.error
    assert "3 codings" in texts(app)
    assert app.selectbox(key="dataset").value == run.spec.dataset


def test_only_who_knows_the_name_sees_the_data_and_its_runs(
    visit: Open, cache: Path, on_own_data: tuple[Path, dict[str, Run]]
) -> None:
    run = on_own_data[1]["table"]
    name, secret = run.spec.dataset, run.spec.dataset.removeprefix("own-")
    stranger = visit()
    assert name not in stranger.selectbox(key="dataset").options
    stranger.session_state["recent"] = True
    stranger.run()
    assert not [button for button in stranger.button if button.key == f"recent_{run.key}"]
    assert secret not in texts(stranger)
    for page in ("compare", "classroom", "status"):
        other = visit(page)
        assert secret not in texts(other) + str(other) and run.key not in texts(other)
    owner = visit(dataset=name)
    assert owner.selectbox(key="dataset").value == name and not owner.exception
    owner.session_state["recent"] = True
    owner.run()
    assert [button for button in owner.button if button.key == f"recent_{run.key}"]
    others = {one.key for form, one in on_own_data[1].items() if form != "table"}
    assert not [button for button in owner.button if (button.key or "").removeprefix("recent_") in others]


def test_the_status_page_names_neither_key_nor_data_of_a_job_on_own_data(
    visit: Open, cache: Path, on_own_data: tuple[Path, dict[str, Run]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.open_run(on_own_data[1]["table"].key, cache)
    name = run.spec.dataset
    folders = {"train": [run.folder], "map": [own_sets.folder(name, cache), run.folder / "map" / "0123456789abcdef"]}
    tickets = {
        lane: [Ticket(folder.name, "running", 0, frozenset(), folder) for folder in of_lane]
        for lane, of_lane in folders.items()
    }
    monkeypatch.setattr(Queue, "tickets", lambda queue: tickets)
    app = visit("status")
    shown = "".join(frame.value.to_csv() for frame in app.dataframe) + texts(app)
    assert shown.count("own data") >= 3 and not app.exception
    assert not [secret for secret in (run.key, name, "0123456789abcdef") if secret in shown]


def test_a_link_to_deleted_data_says_so_and_the_session_goes_on(
    visit: Open, cache: Path, on_own_data: tuple[Path, dict[str, Run]]
) -> None:
    name = on_own_data[1]["table"].spec.dataset
    own_data.remove(name, cache)
    late = visit(dataset=name)
    assert not late.exception and "it may have been deleted" in texts(late)
    assert name not in [run.spec.dataset for run in listing.list_runs(cache, (name,))]


def test_the_sidebar_leaves_deleted_data_and_takes_adopted_ones(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    first, second = own.table(cache), own.table(cache, seed=1)
    session_data.adopt(first)
    session_data.settle("digits")
    assert state["dataset"] == first and session_data.names() == [first]
    session_data.adopt(second)
    session_data.settle("digits")
    assert session_data.names() == [second, first]
    own_data.remove(second, cache)
    session_data.settle("digits")
    assert state["dataset"] == "digits" and session_data.names() == [first]


def test_a_variant_that_does_not_fit_says_why(visit: Open, on_own_data: tuple[Path, dict[str, Run]]) -> None:
    app = visit(dataset=on_own_data[1]["sequences"].spec.dataset, variant="convolutional")
    assert "holds sequences; allowed: dense or recurrent" in texts(app)
    assert app.button(key="train").disabled
