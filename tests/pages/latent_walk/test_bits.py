"""The bits of a hashing run as far as Python has a part in it: codes from links, images with such codes, bad runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from aecore import datasets
from aecore.analysis import hashing
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run
from pages.widgets.components.bits import rested
from pages.widgets.latent_walk import bits
from tests.made import write
from tests.pages.conftest import texts

PLAIN = RunSpec(dataset="digits", hidden=(), coding_size=6)
HASHING = PLAIN.replace(coding_activation="sigmoid", noise_on="coding", noise_rate=5.0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder with a hashing run and a plain one."""
    monkeypatch.setenv("AECORE_CACHE", str(tmp_path))
    st.cache_resource.clear()
    for spec in (PLAIN, HASHING):
        write(spec, tmp_path)
    yield tmp_path
    st.cache_resource.clear()


def page() -> None:
    from types import SimpleNamespace

    import streamlit as st

    from aecore.store import runs
    from pages.widgets.latent_walk import bits
    from pages.widgets.server import shared

    run = runs.open_run(st.query_params["run"], shared.cache())
    # What the bits ask of a walker; the server decodes.
    walker = SimpleNamespace(run=run, decoder=None, why_not="got 'Odd'", reach=1.0, slots={})
    bits.draw(run, shared.data(run.spec.dataset), walker)


def opened(run: str, **query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for name, value in {"run": run, **query}.items():
        app.query_params[name] = value
    return app.run()


def codes(run: Run) -> np.ndarray:
    return hashing.bits(run.array("codings"), hashing.threshold(run.spec))


def test_a_code_shows_its_images(cache: Path) -> None:
    run = runs.run_of(HASHING, cache)
    app = opened(run.key)
    assert not app.exception
    data = datasets.load("digits")
    first = datasets.watched(len(data.validation), data.validation_labels)[0]
    away = hashing.hamming(codes(run)[first], codes(run))
    told = texts(app)
    for distance, title in bits.DISTANCES.items():
        assert f"**{title}** · {(away == distance).sum():,} image" in told
    assert "got 'Odd'" in told and "bits" not in app.query_params


def test_a_link_opens_at_its_code(cache: Path) -> None:
    run = runs.run_of(HASHING, cache)
    away = hashing.hamming(np.array([0, 1, 0, 1, 1, 0], bool), codes(run))
    app = opened(run.key, bits="010110", bits_sample="5")
    assert not app.exception and app.number_input(key="bits_sample").value == 5
    assert f"**One bit away** · {(away == 1).sum():,} image" in texts(app)
    assert app.query_params["bits"] == "010110"
    app.number_input(key="bits_sample").set_value(6).run()
    own = hashing.text(codes(run)[6])
    assert app.query_params["bits"] == own, "another image begins at its own code"


@pytest.mark.parametrize(("link", "said"), [("01", "got 2, allowed: 6"), ("0101x0", "'x', allowed: 0 and 1")])
def test_a_link_with_no_code_of_this_run_begins_at_the_image(link: str, said: str, cache: Path) -> None:
    app = opened(runs.run_key(HASHING), bits=link)
    assert not app.exception
    told = app.session_state["notice"]  # the header draws it
    assert told.startswith("Not used from the link: bits: got") and said in told and "\n" not in told
    assert "bits" not in app.query_params


def test_another_run_does_not_take_the_code_over(cache: Path) -> None:
    app = opened(runs.run_key(HASHING), bits="010110")
    app.query_params["run"] = runs.run_key(PLAIN)
    assert "Only noise before the codings" in texts(app.run())
    app.query_params["run"] = runs.run_key(HASHING)
    assert not app.run().exception


def spoilt(run: Run, change: str) -> None:
    codings = np.array(run.array("codings"))
    if change == "decoder":
        (run.folder / "decoder.onnx").unlink()
    elif change == "codings":
        (run.folder / "codings.npy").unlink()
    else:
        new = {"nan": np.full_like(codings, np.nan), "torn": np.random.default_rng(0).random(codings.shape)}[change]
        files.write_array(run.folder / "codings.npy", new.astype(np.float32))


@pytest.mark.parametrize(
    ("change", "said", "drawn"),
    [
        ("decoder", "decoder.onnx cannot be read", True),
        ("codings", "codings.npy cannot be read", False),
        ("nan", "the codings contain NaN or infinite values", False),
        ("torn", "of this run's codings lie near one of a bit's two values", True),
    ],
)
def test_a_spoilt_run_is_told_in_a_line(change: str, said: str, drawn: bool, cache: Path) -> None:
    run = runs.run_of(HASHING, cache)
    spoilt(run, change)
    app = opened(run.key)
    assert not app.exception
    assert any(said in warning.value and "\n" not in warning.value for warning in app.warning)
    assert ("Same code" in texts(app)) is drawn


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ({"start": "run 3", "bits": "0110"}, "0110"),
        ({"start": "run 4", "bits": "0110"}, None),
        ({"start": "run 3", "bits": "01100"}, None),
        ({"start": "run 3", "bits": "01x0"}, None),
        ({"start": "run 3", "bits": [0, 1, 1, 0]}, None),
        (None, None),
    ],
)
def test_an_answer_is_taken_if_it_belongs_here(answer: object, taken: str | None) -> None:
    assert rested(answer, "run 3", 4) == taken
