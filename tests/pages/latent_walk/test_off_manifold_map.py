"""Which plane an off-manifold map is drawn on, which run stands beside it, and how one that is missing is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore.analysis.latent_axes import PRIOR_REACH, Axis
from aecore.analysis.off_manifold import ReferenceSet
from aecore.browser import Program
from aecore.presets import demonstrations
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run
from pages.widgets.components.latent_walk import Walker
from pages.widgets.components.off_manifold_map import _limits, reason, side
from pages.widgets.latent_walk import off_manifold_map
from tests.pages.conftest import key, texts

DENSE = RunSpec(dataset="digits", hidden=(24,), coding_size=2, coding_activation="linear", epochs=2)
RUNS = {
    "plain": DENSE,
    "again": DENSE.replace(seed=1),
    "wide": DENSE.replace(coding_size=6),
    "variational": DENSE.replace(coding="variational"),
    "elsewhere": DENSE.replace(coding="variational", dataset="fashion-mnist-12k"),
}


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Run]:
    """Runs with nothing in them but what they are."""
    monkeypatch.setenv("AECORE_CACHE", str(tmp_path))
    made = {}
    for name, spec in RUNS.items():
        run = made[name] = runs.run_of(spec)
        run.begin(spec)
        files.write_json(run.folder / "metrics.json", {"coding_size": spec.coding_size})
        run.mark("DONE")
    return made


def walker(run: Run, codes: np.ndarray, active: tuple[bool, ...] | None = None, why_not: str = "") -> Walker:
    size = codes.shape[1]
    half = None if why_not else Program(steps=[], weights={}, input_shape=(2,), output_shape=(2,), work=0, sizes=[2])
    usual = (0.1, 0.2)
    live = np.array(active or (True,) * size)
    reference = ReferenceSet(np.arange(len(codes)), codes, np.arange(len(codes)) % 3, live, usual, usual, None)
    axes = [Axis(i, -1.0, 1.0, 0.25, bool(live[i]), "") for i in np.argsort(~live, kind="stable")]
    return Walker(
        run=run,
        shape=(8, 8),
        classes=("a", "b", "c"),
        reach=1.0,
        decoder=half,
        encoder=half,
        why_not=why_not,
        reference=reference,
        axes=axes,
        bounds=np.array([[-2.0], [2.0]]),
        slots={},
    )


def spread(size: int, width: float = 1.0) -> np.ndarray:
    return np.tile(np.linspace(-width, width, 201, dtype=np.float32)[:, None], size)


def test_a_variational_plane_is_the_prior_and_a_plain_one_reaches_beyond_its_codes(finished: dict[str, Run]) -> None:
    drawn = side(walker(finished["variational"], spread(2)), "Run")
    assert drawn["quantiles"] and drawn["low"] == [-PRIOR_REACH] * 2 and drawn["high"] == [PRIOR_REACH] * 2
    assert np.allclose(drawn["range"], [[-0.98, 0.98]] * 2)
    drawn = side(walker(finished["plain"], spread(2)), "Run")
    assert not drawn["quantiles"] and drawn["groups"] == [0, 1, 2] and drawn["start"] == [0.25, 0.25]
    for end, limits in zip(drawn["range"], zip(drawn["low"], drawn["high"], strict=True), strict=True):
        assert limits[0] < end[0] < end[1] < limits[1]


@pytest.mark.parametrize(
    ("activation", "low", "high"),
    [
        ("linear", -1.274, 1.274),
        ("tanh", -1, 1),
        ("relu", 0, 1.274),
        ("sigmoid", 0, 1),
        ("elu", -1, 1.274),
        ("gelu", -0.17, 1.274),
        ("silu", -0.2785, 1.274),
        ("selu", -1.274, 1.274),
        ("leaky_relu", -1.274, 1.274),
    ],
)
def test_a_plane_ends_where_no_code_can_be(activation: str, low: float, high: float) -> None:
    ends = _limits(np.array([[-0.98, -0.98], [0.98, 0.98]]), activation)
    assert np.allclose(ends, [[low] * 2, [high] * 2])


@pytest.mark.parametrize("codes", [np.zeros((50, 2), np.float32), spread(2) * np.array([1, 0], np.float32)])
def test_codes_that_stand_still_have_a_plane_all_the_same(finished: dict[str, Run], codes: np.ndarray) -> None:
    drawn = side(walker(finished["plain"], codes), "Run")
    assert (np.array(drawn["high"]) > np.array(drawn["low"])).all()


def test_the_plane_shows_the_codings_that_carry_most_and_says_what_stands_still(finished: dict[str, Run]) -> None:
    drawn = side(walker(finished["wide"], spread(6), active=(False, True, False, False, True, False)), "Run")
    assert drawn["axes"] == [1, 4] and drawn["note"] == "The other 4 codings stand still."
    drawn = side(walker(finished["variational"], spread(2), active=(False, True)), "Run")
    assert drawn["axes"] == [0, 1] and "Coding 1 carries nothing" in drawn["note"]
    assert "every place" in side(walker(finished["variational"], spread(2), active=(False, False)), "Run")["note"]


def test_what_cannot_be_drawn_says_why(finished: dict[str, Run]) -> None:
    line = walker(finished["plain"], spread(1))
    assert "One coding" in reason(line) and side(line, "Run")["missing"] == reason(line)
    heavy = side(walker(finished["plain"], spread(2), why_not="decoder: got 900 MB"), "Run")
    assert "decoder: got 900 MB" in heavy["missing"] and "axes" not in heavy


def test_beside_a_run_stand_those_of_the_other_kind_demonstrations_first(
    finished: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def beside(name: str) -> set[str]:
        return {run.key for run in off_manifold_map.partner(finished[name])}

    assert beside("plain") == beside("wide") == {finished["variational"].key}
    assert beside("variational") == {finished["plain"].key, finished["again"].key}
    assert beside("elsewhere") == set()
    for shown in ("plain", "again"):
        monkeypatch.setattr(demonstrations, "keys", lambda shown=shown: {"x": finished[shown].key})
        assert off_manifold_map.partner(finished["variational"])[0].key == finished[shown].key
    files.write_bytes(finished["plain"].folder / "spec.json", b"{}")
    assert beside("variational") == {finished["again"].key}


def test_a_counterpart_is_of_the_other_kind_and_learns_as_long() -> None:
    deep = RunSpec(architecture="convolutional", hidden=(8, 16), coding_size=30, epochs=7, noise_rate=0.3)
    spec = off_manifold_map.counterpart(deep)
    assert (spec.coding, spec.coding_size, spec.epochs, spec.architecture) == ("variational", 2, 7, "dense")
    spec = off_manifold_map.counterpart(RUNS["variational"])
    assert spec == RUNS["plain"]
    linear = RunSpec(dataset="plane-3d", hidden=(), coding_activation="linear", output_activation="linear", loss="mse")
    assert off_manifold_map.counterpart(linear).loss == "mse"


def page(key: str) -> None:
    import streamlit as st

    from aecore.store import runs
    from pages.widgets.components import latent_walk
    from pages.widgets.latent_walk import off_manifold_map
    from pages.widgets.server import shared

    run = runs.open_run(key)
    data = shared.data(run.spec.dataset)
    off_manifold_map.section(run, data, latent_walk.walker(run, data))
    st.markdown("end")


def test_where_nothing_stands_beside_a_run_it_is_trained_when_asked(cache: Path) -> None:
    app = AppTest.from_function(page, default_timeout=60, kwargs={"key": key("variational-2")}).run()
    assert not app.exception and "off-manifold" in texts(app)
    run = runs.open_run(key("variational-2"))
    assert off_manifold_map.partner(run) == []
    app.button(key="holes_train").click().run()
    assert not app.exception and len(off_manifold_map.partner(run)) == 1 and not app.button
