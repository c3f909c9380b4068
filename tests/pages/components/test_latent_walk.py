"""What a walk remembers, what it makes of an answer, and what of a run travels to the browser."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore import datasets
from aecore.analysis import latent_axes, off_manifold
from aecore.errors import RunError
from aecore.specs.run import RunSpec
from aecore.store import runs
from pages.widgets.components import latent_walk
from tests.made import write
from tests.pages.conftest import SPECS, key

AXES = [latent_axes.Axis(coding, -3.0, 3.0, 0.5, True, "") for coding in (1, 0)]
WALKER = SimpleNamespace(run=SimpleNamespace(key="one"), axes=AXES, bounds=np.array([[-3.0, -4.0], [3.0, 4.0]]))


def settled(kept, z, sent=None, walker=WALKER):
    latent_walk.settle(kept, walker, np.array(z, float), sent)
    return kept["z"]


def test_where_the_browser_let_go_stays_while_python_keeps_it():
    kept = {"turn": 0}
    assert settled(kept, [1, 2]) == [1, 2] and kept["turn"] == 1
    sent = {"turn": 1, "codings": [1.234, -2.5]}
    assert settled(kept, [1, 2], sent) == [1.234, -2.5]
    # As a page keeps it: in single precision, or as a link has it.
    for again in (np.array([1.234, -2.5], np.float32), np.array([1.234000001, -2.5])):
        assert settled(kept, again, sent) == [1.234, -2.5] and kept["turn"] == 1
    assert kept["start"] == [1, 2]


def test_python_can_move_the_walk_and_late_answers_are_not_heard():
    kept = {"turn": 0}
    settled(kept, [0, 0])
    late = {"turn": 1, "codings": [2, 2]}
    settled(kept, [0, 0], late)
    assert settled(kept, [0, 1], late) == [0, 1] and kept["turn"] == 2
    assert settled(kept, [0, 1], late) == [0, 1] and kept["turn"] == 2
    # Another run's codings are other ones, even where the numbers are the same.
    other = SimpleNamespace(**{**vars(WALKER), "run": SimpleNamespace(key="two")})
    assert settled(kept, [0, 1], {"turn": 2, "codings": [2, 2]}, other) == [0, 1] and kept["turn"] == 3


def test_what_is_beyond_the_bounds_is_brought_back_and_said_until_the_walk_moves_on():
    kept = {"turn": 0}
    assert settled(kept, [50, -4]) == [3, -4]
    assert kept["notice"].startswith("Coding 1 was beyond")
    assert settled(kept, [3, -4]) == [3, -4] and kept["notice"]
    assert settled(kept, [50, -4]) == [3, -4] and kept["turn"] == 1  # a caller that asks again for the same
    assert settled(kept, [3, -4], {"turn": 1, "codings": [0, 0]}) == [0, 0] and not kept["notice"]
    assert settled(kept, [np.nan, np.inf]) == [0.5, 0.5]
    assert kept["notice"].startswith("2 codings were beyond")


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "z",
        [],
        {},
        {"turn": 1},
        {"turn": 0, "codings": [1, 1]},
        {"turn": 1, "codings": [1]},
        {"turn": 1, "codings": [1, 1, 1]},
        {"turn": 1, "codings": "11"},
        {"turn": 1, "codings": [1, "1"]},
        {"turn": 1, "codings": [1, None]},
        {"turn": 1, "codings": [1, True]},
        {"turn": 1, "codings": [1, float("nan")]},
        {"turn": 1, "codings": [1, float("inf")]},
        {"turn": 1, "codings": [1, 1e300]},
    ],
)
def test_an_answer_that_makes_no_sense_is_not_heard(sent):
    kept = {"turn": 0}
    settled(kept, [0.25, 0.75])
    assert settled(kept, [0.25, 0.75], sent) == [0.25, 0.75]


@pytest.mark.parametrize("name", SPECS)
def test_every_kind_of_run_has_a_walker(cache, name):
    run = runs.open_run(key(name), cache)
    data = datasets.load(run.spec.dataset)
    made = latent_walk.walker(run, data)
    size = run.array("codings").shape[1]
    assert sorted(axis.coding for axis in made.axes) == list(range(size))
    active = [axis.active for axis in made.axes]
    assert active == sorted(active, reverse=True)
    assert (made.bounds[0] <= run.array("codings").min(axis=0)).all()
    assert (made.bounds[1] >= [axis.high for axis in sorted(made.axes, key=lambda axis: axis.coding)]).all()
    assert made.decoder and made.encoder and not made.why_not
    assert set(made.slots) == {"facts", "decoder", "encoder", "survey"} | ({"images"} if data.info.is_image else set())
    assert latent_walk.walker(run, data) is made


@pytest.mark.parametrize(
    ("most", "said"), [(2000, "all {all} training images"), (100, "100 of the {all} training images")]
)
def test_how_many_codes_are_compared_is_said(most, said, tmp_path, monkeypatch):
    monkeypatch.setattr(off_manifold, "MOST_CODES", most)
    run = write(RunSpec(dataset="digits", hidden=(), coding_size=2), tmp_path)
    data = datasets.load("digits")
    made = latent_walk.walker(run, data)
    facts, _ = made.slots["facts"]
    assert (
        facts["surveyed"] == latent_walk.reference_text(made.reference, data) == said.format(all=f"{len(data.train):,}")
    )


def test_a_run_without_a_decoder_is_walked_with_the_servers_help(cache):
    run = runs.open_run(key("stacked"), cache)
    data = datasets.load(run.spec.dataset)
    whole = latent_walk.walker(run, data)
    z = np.zeros(6, np.float32)
    assert latent_walk._served(whole, z) == ("", {})
    _, arrays = latent_walk._served(dataclasses.replace(whole, encoder=None), z)
    assert set(arrays) == {"encoded"} and arrays["encoded"].shape == (6,)
    _, arrays = latent_walk._served(dataclasses.replace(whole, decoder=None, encoder=None), z)
    assert arrays["picture"].shape == (data.info.features,)
    (run.folder / "decoder.onnx").write_bytes(b"no network")
    broken = dataclasses.replace(whole, decoder=None, encoder=None)
    told, arrays = latent_walk._served(broken, z)
    assert "decoder.onnx is damaged" in told and not arrays


def test_codings_that_are_no_numbers_are_refused_in_one_line(cache):
    run = runs.open_run(key("stacked"), cache)
    np.save(run.folder / "codings.npy", np.full((3, 6), np.nan, np.float32))
    with pytest.raises(RunError, match="NaN or infinite values"):
        latent_walk.walker(run, datasets.load(run.spec.dataset))


def page(run_key, **asked):
    import numpy as np
    import streamlit as st

    from aecore.store import runs
    from pages.widgets.components import latent_walk
    from pages.widgets.server import shared

    run = runs.open_run(run_key, shared.cache())
    walker = latent_walk.walker(run, shared.data(run.spec.dataset))
    asked.setdefault("z", np.zeros(len(walker.axes)))
    z = latent_walk.draw(walker, key="steps", **asked)
    st.text(f"{z.dtype} {z.tolist()}")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"z": np.zeros(3)}, r"z: got shape (3,), allowed: (2,)"),
        ({"anchor": (np.ones(2), np.ones(1))}, "anchor: got shape (1,)"),
        ({"view": "plane", "axes": (0, 0)}, "axes: got (0, 0)"),
        ({"view": "plane", "axes": (0, 2)}, "allowed: two different codings from 0 to 1"),
    ],
)
def test_what_does_not_belong_to_the_run_is_refused(cache, asked, said):
    app = AppTest.from_function(page, kwargs={"run_key": key("variational-2"), **asked}, default_timeout=60).run()
    assert said in app.exception[0].message


@pytest.mark.parametrize("view", ["sliders", "plane"])
def test_a_walk_is_drawn_and_stands_where_it_was_put(cache, view):
    asked = {
        "run_key": key("variational-2"),
        "view": view,
        "z": np.array([0.123456, -1]),
        "anchor": (np.ones(2), np.ones(2)),
    }
    app = AppTest.from_function(page, kwargs=asked, default_timeout=60).run()
    assert not app.exception
    z = np.array([0.1235, -1], np.float32)
    assert app.text[0].value == f"float32 {z.tolist()}"
