"""The walk's page: what it offers for which run, where it begins, and what its buttons do."""

from __future__ import annotations

import numpy as np
import pytest

from aecore.analysis import inference, latent_axes
from aecore.datasets import as_float, load
from aecore.store import runs
from tests.pages.conftest import Open, key, texts


def coding(app) -> np.ndarray:
    return np.asarray(app.session_state["walk_z"])


@pytest.mark.parametrize(
    ("name", "views"),
    [
        ("stacked", ["Sliders", "Plane", "Interpolation", "Random"]),
        ("variational-2", ["Sliders", "Plane", "Interpolation", "Random", "Off-manifold regions"]),
        ("hashing", ["Bits", "Sliders", "Plane", "Interpolation", "Random"]),
    ],
)
def test_a_run_is_offered_the_views_that_fit_it(visit: Open, name: str, views: list[str]) -> None:
    app = visit("latent_walk", run=key(name))
    assert app.segmented_control(key="view").options == views
    for view in app.segmented_control(key="view").options:
        app.segmented_control(key="view").set_value(dict(zip(views, names(app), strict=True))[view]).run()
        assert not app.exception and not app.error


def names(app) -> list[str]:
    """What stands behind the segments' words."""
    found = ["sliders", "plane", "interpolation", "random", "off_manifold"]
    offered = app.segmented_control(key="view").options
    return (["bits"] if "Bits" in offered else []) + found[: len(offered) - ("Bits" in offered)]


def test_the_buttons_move_the_walk_and_the_link_follows(visit: Open) -> None:
    app = visit("latent_walk", run=key("stacked"))
    run = runs.open_run(key("stacked"))
    began = coding(app)
    real = np.asarray(run.array("codings"))
    assert np.isclose(real, began, rtol=1e-3, atol=1e-3).all(axis=1).any()  # an image's
    app.button(key="random").click().run()
    drawn = coding(app)
    assert not np.array_equal(drawn, began)
    assert np.allclose(latent_axes.read_coding(app.query_params["z"], 6), drawn, rtol=1e-3)
    app.button(key="centre").click().run()
    assert np.allclose(
        coding(app), [a.start for a in sorted(latent_axes.axes(run), key=lambda axis: axis.coding)], rtol=1e-3
    )
    app.number_input(key="walk_number").set_value(17).run()
    app.button(key="walk_start").click().run()
    assert np.allclose(coding(app), run.array("codings")[17], rtol=1e-3)
    assert app.session_state["walk_sample"] == 17


def test_a_link_says_where_to_begin_and_junk_is_told(visit: Open) -> None:
    app = visit("latent_walk", run=key("variational-2"), z="0.5,-1.25")
    assert coding(app).tolist() == [0.5, -1.25]
    for junk in ("1,2,3", "1", "one,two", "nan,1", ""):
        app = visit("latent_walk", run=key("variational-2"), z=junk)
        assert not app.exception and len(coding(app)) == 2
        assert "Not used from the link: z: got" in texts(app)


def test_another_page_sends_a_sample(visit: Open) -> None:
    app = visit("latent_walk", run=key("stacked"))
    app.session_state["walk_from"] = 40
    app.run()
    expected = inference.encode(runs.open_run(key("stacked")), as_float(load("digits").validation[40:41]))[0]
    assert np.allclose(coding(app), expected, rtol=1e-3, atol=1e-4)


def test_the_plane_takes_any_two_codings_in_use(visit: Open) -> None:
    app = visit("latent_walk", run=key("stacked"), view="Plane")
    app.segmented_control(key="view").set_value("plane").run()
    across = app.selectbox(key="across")
    used = [f"coding {axis.coding + 1}" for axis in latent_axes.axes(runs.open_run(key("stacked"))) if axis.active]
    assert across.options == used and len(app.selectbox(key="up").options) == len(used) - 1 > 1
    app.selectbox(key="across").set_value(app.selectbox(key="up").value).run()
    assert not app.exception
    assert app.selectbox(key="across").value != app.selectbox(key="up").value
