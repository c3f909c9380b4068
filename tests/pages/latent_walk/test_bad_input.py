"""The latent walk with broken or extreme runs, and with links that name what is not there: a line, no traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aecore import datasets
from aecore.analysis import inference, latent_axes
from aecore.specs.run import RunSpec
from aecore.store import files
from aecore.store.runs import Run
from pages.widgets.components.shared import blobs
from tests.made import write
from tests.pages.conftest import ROOT, texts, unescaped

PLAIN = RunSpec(dataset="digits", hidden=(), coding_size=2, coding_activation="linear")
VARIATIONAL = PLAIN.replace(coding="variational")
HASHING = PLAIN.replace(coding_size=6, coding_activation="sigmoid", noise_on="coding", noise_rate=5.0)
NO_PLANE = ["Sliders", "Interpolation", "Random"]
LET_GO = "Drag a coding and let go: the server decodes it"
ALL = ["Sliders", "Plane", "Interpolation", "Random", "Off-manifold regions"]

Open = Callable[..., AppTest]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AECORE_CACHE", str(tmp_path))
    monkeypatch.setenv("AECORE_SCHEDULER", "inline")
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


def opened(run: Run, **query: str) -> AppTest:
    """The walk of a run, opened by a link."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["run"] = run.key
    app.run().switch_page("pages/latent_walk.py")
    for name, value in {"run": run.key, **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def views(app: AppTest) -> list[str]:
    return [option.content for group in app.get("button_group") for option in group.proto.options][:6]


def told(app: AppTest, part: str) -> bool:
    """Whether one warning of one line says so."""
    return any(part in unescaped(warning.value) and "\n" not in warning.value for warning in app.warning)


def spoil(run: Run, change: str) -> None:
    if change in ("decoder", "encoder"):
        (run.folder / f"{change}.onnx").unlink()
    elif change == "garbage":
        (run.folder / "decoder.onnx").write_bytes(b"no network")
    elif change == "kl":
        files.write_json(run.folder / "metrics.json", {**run.metrics, "kl_per_dimension": [np.nan, 1.0]})
    elif change == "huge":
        files.write_array(run.folder / "codings_train.npy", np.asarray(run.array("codings_train"), np.float32) + 1e30)
    else:
        codings = np.array(run.array("codings"))
        codings[3] = np.nan
        files.write_array(run.folder / "codings.npy", codings)
    (run.folder / "DONE").unlink()
    run.mark("DONE")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("decoder", "decoder.onnx cannot be read"),
        ("encoder", "encoder.onnx cannot be read"),
        ("garbage", "decoder.onnx is damaged"),
        ("codings", "its codings contain NaN or infinite values"),
        ("huge", "its codings exceed 65,504"),
        ("kl", "its KL divergences are not finite"),
    ],
)
def test_a_broken_run_is_told_in_a_line(change: str, said: str, cache: Path) -> None:
    run = write(VARIATIONAL, cache)
    spoil(run, change)
    app = opened(run)
    assert told(app, said)
    assert "There is no walk through this run." in texts(app) and views(app) == []


@pytest.mark.parametrize(
    ("made", "there", "said"),
    [
        ({"spec": PLAIN}, ALL, "changes while you drag"),
        ({"spec": PLAIN, "codings": 0.001}, ALL, "Drag a coding"),
        ({"spec": VARIATIONAL, "codings": 0.0}, ALL, "all of them are inactive"),
        ({"spec": PLAIN, "odd": True}, NO_PLANE, LET_GO),
        ({"spec": PLAIN, "weight": np.nan}, NO_PLANE, LET_GO),
        ({"spec": PLAIN.replace(coding_size=1)}, NO_PLANE, "Drag a coding"),
        ({"spec": PLAIN.replace(coding_size=300)}, ALL[:-1], "Drag a coding"),
        ({"spec": HASHING}, ["Bits", *ALL[:-1]], "Flip a bit"),
        ({"spec": HASHING, "odd": True}, ["Bits", *NO_PLANE], "The server decodes each code"),
    ],
    ids=[
        "sound",
        "narrow",
        "collapsed",
        "unknown-operation",
        "nan",
        "one",
        "three-hundred",
        "hashing",
        "hashing-unknown",
    ],
)
def test_an_extreme_run_shows_what_it_can(made: dict, there: list[str], said: str, cache: Path) -> None:
    spec = made.pop("spec")
    run = write(spec, cache, **made)
    app = opened(run)
    assert views(app)[: len(there)] == there and said in texts(app)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("1", "got '1 numbers', allowed: 2 finite numbers"),
        ("1,2,3", "got '3 numbers', allowed: 2 finite numbers"),
        ("nan,0", "got 'nan,0'"),
        ("inf,0", "got 'inf,0'"),
        ("one,two", "got 'one,two'"),
    ],
)
def test_a_link_to_no_place_begins_at_an_image(link: str, said: str, cache: Path) -> None:
    run = write(VARIATIONAL, cache)
    app = opened(run, z=link)
    assert told(app, said)
    assert np.isfinite(app.session_state["walk_z"]).all()


def test_a_link_keeps_the_image_whose_cloud_the_plane_draws(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    monkeypatch.setattr(blobs, "send", lambda _, part: sent.append(part[0]))

    def anchor() -> list | None:
        return next(header["anchor"] for header in reversed(sent) if header["slot"] == "view")

    run = write(VARIATIONAL, cache)
    x = datasets.as_float(datasets.load("digits").numbered(np.array([40])))
    cloud = [inference.encode(run, x)[0], np.exp(inference.log_variance(run, x)[0] / 2)]
    app = opened(run, z="0.5,0.5", image="40")
    assert np.allclose(anchor(), cloud) and "40" in app.query_params["image"]
    app.button(key="random").click().run()
    assert anchor() is None and "image" not in app.query_params and "z" in app.query_params
    app.number_input(key="walk_number").set_value(40).run()
    app.button(key="walk_start").click().run()
    assert np.allclose(anchor(), cloud) and "40" in app.query_params["image"]
    for junk in ("-1", "x", "999999", "9" * 5000, ""):
        app = opened(run, z="0.5,0.5", image=junk)
        assert told(app, "Not used from the link: image: got") and anchor() is None
        assert app.session_state["walk_z"].tolist() == [0.5, 0.5]
    assert "image" not in opened(write(PLAIN, cache), z="0.5,0.5", image="40").query_params


@pytest.mark.parametrize(
    ("used", "offered"),
    [
        ([3, 1, 4], ["coding 5", "coding 4", "coding 2"]),
        ([1, 4], []),  # nothing to choose
        ([2], ["coding 3", "coding 1, silent", "coding 2, silent", "coding 4, silent", "coding 5, silent"]),
    ],
)
def test_the_plane_offers_the_codings_in_use(used: list[int], offered: list[str], cache: Path) -> None:
    scale = np.full(5, 1e-5)
    scale[used] = 0.1 + 0.1 * np.array(used)
    app = opened(write(VARIATIONAL.replace(coding_size=5), cache, codings=scale), view="Plane")
    boxes = [box for box in app.selectbox if box.key == "across"]
    assert [box.options for box in boxes] == ([offered] if offered else [])


def test_a_link_far_outside_is_brought_to_the_edge(cache: Path) -> None:
    run = write(VARIATIONAL, cache)
    app = opened(run, z="1e9,-1e9")
    reach = max(
        latent_axes.PRIOR_REACH, *(float(np.abs(run.array(name)).max()) for name in ("codings", "codings_train"))
    )
    first, second = app.session_state["walk_z"]
    assert 0 < first <= 1.01 * reach and -1.01 * reach <= second < 0
    assert not app.query_params["z"].startswith("1e9")


def test_other_nonsense_in_a_link_is_left_out(cache: Path) -> None:
    run = write(PLAIN.replace(coding_size=4), cache)
    app = opened(
        run, view="Off-manifold regions", across="coding 9", up="coding 9", layers="x", a="-5", b="1e9", temperature="x"
    )
    assert app.session_state["view"] == "sliders"
    assert opened(run, view="Plane", across="coding 9", up="coding 9", layers="x").session_state["view"] == "plane"


def test_a_code_in_a_link_must_be_the_runs(cache: Path) -> None:
    app = opened(write(HASHING, cache), bits="01")
    assert told(app, "bits: got 2, allowed: 6") and "Same code" in texts(app)
