"""What the film sends to the browser, the link it keeps, and what a page says where there is no film."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore.analysis import training_film as films
from aecore.figures import DARK, LIGHT
from aecore.presets import demonstrations
from aecore.store import files, runs
from pages.widgets.components import training_film
from tests.pages.conftest import SPECS, key, texts

COMMITTED = Path(__file__).resolve().parents[3] / "cache"


def unpacked(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """What `shared/unpack.js` makes of the bytes."""
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    arrays = {
        name: np.frombuffer(data, place["dtype"], int(np.prod(place["shape"])), 4 + length + place["offset"]).reshape(
            place["shape"]
        )
        for name, place in header["arrays"].items()
    }
    return header, arrays


def film_of(name: str, cache: Path) -> films.Film:
    return films.film_of_run(runs.run_of(SPECS[name], cache))


@pytest.mark.parametrize("name", list(SPECS))
def test_positions_and_pictures_arrive_as_they_are(name: str, trained: Path) -> None:
    made = film_of(name, trained)
    header, arrays = unpacked(training_film.payload(made, LIGHT))
    seen = np.asarray(header["low"]) + header["unit"] * arrays["positions"]
    left, bottom, right, top = header["view"]
    inside = (made.positions > (left, bottom)).all(axis=-1) & (made.positions < (right, top)).all(axis=-1)
    assert inside[-1].all()
    assert np.abs(seen - made.positions)[inside].max() <= header["unit"]
    low, high = header["range"]
    shown = low + arrays["pictures"] / 255 * (high - low)
    assert np.abs(shown - made.reconstructions[:, : shown.shape[1]]).max() <= (high - low) / 255
    assert header["shape"] == list(made.originals.shape[1:]) and len(header["watched"]) == arrays["originals"].shape[0]
    if made.labels is None:
        assert header["classes"] == []
    else:
        assert [header["classes"][g]["name"] for g in arrays["groups"]] == [
            made.classes[label] for label in made.labels
        ]


def test_parts_put_together_are_the_whole(trained: Path) -> None:
    made = film_of("stacked", trained)
    header, whole = unpacked(training_film.payload(made, DARK))
    part_header, part = unpacked(training_film.payload(made, DARK, first=7, opening=3))
    for name in ("positions", "pictures", "step", "epoch", "error"):
        assert np.array_equal(part[name], whole[name][7:])
    assert part_header["captions"] == header["captions"][7:] and part_header["opening"] == 3
    assert part_header["version"] != header["version"] and part_header["training"] == header["training"]


@pytest.mark.parametrize("name", ["stacked", "convolutional", "recurrent", "variational-2", "sparse-kl"])
def test_a_demonstration_is_at_most_two_megabytes(name: str) -> None:
    run = runs.open_run(demonstrations.keys()[name], COMMITTED)
    if not run.readable:
        pytest.skip("no demonstration runs here")
    assert len(training_film.payload(films.film_of_run(run), LIGHT)) < 2_000_000


def test_larger_pictures_are_fewer() -> None:
    random = np.random.default_rng(0)
    made = films.Film(
        run="k",
        finished=True,
        step=np.arange(60),
        epoch=np.arange(60.0),
        loss=np.ones(60),
        error=np.ones(60),
        positions=random.normal(size=(60, 20, 2)).astype(np.float32),
        originals=np.zeros((16, 64, 64, 3), np.uint8),
        reconstructions=np.zeros((60, 16, 64, 64, 3), np.uint8),
        numbers=np.arange(20),
        labels=None,
        classes=(),
        is_image=True,
    )
    header, arrays = unpacked(training_film.payload(made, LIGHT))
    assert arrays["pictures"].shape[1] == len(header["watched"]) == training_film.FEWEST_WATCHED


def page() -> None:
    import streamlit as st

    from aecore.store import runs
    from pages.widgets.latent_map import training_film
    from pages.widgets.server import shared

    run = runs.open_run(st.query_params["run"], shared.cache())
    training_film.section(run, shared.data(run.spec.dataset))
    st.write(f"opening: {st.session_state.get('film_opening')}")


def visit(run: str, **query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for name, value in {"run": run, **query}.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.parametrize("name", ["stacked", "vectors", "variational-2"])
def test_a_section_says_what_to_look_for(name: str, cache: Path) -> None:
    app = visit(key(name))
    assert not app.exception
    assert "every movement comes from the training" in texts(app)
    assert name != "vectors" or "classes" not in texts(app)
    assert ("of the variance" in texts(app)) == (name == "stacked")


def test_a_run_without_snapshots_says_so_in_one_line(cache: Path) -> None:
    run = runs.run_of(SPECS["stacked"], cache)
    (run.folder / "snapshots.npz").unlink()
    app = visit(run.key)
    assert not app.exception and "it has no snapshots" in texts(app)


def test_a_damaged_film_says_so_in_one_line(cache: Path) -> None:
    run = runs.run_of(SPECS["stacked"], cache)
    (run.folder / "snapshots.npz").write_bytes(b"PK nonsense")
    app = visit(run.key)
    assert not app.exception and "snapshots cannot be read" in texts(app)


def test_a_training_that_failed_shows_how_far_it_came(cache: Path) -> None:
    run = runs.run_of(SPECS["stacked"], cache)
    taken = run.snapshots()
    for name in ("snapshots.npz", "DONE"):
        (run.folder / name).unlink()
    (run.folder / "snapshots").mkdir()
    for i in range(3):
        files.write_arrays(run.folder / "snapshots" / f"{i:05d}.npz", {name: array[i] for name, array in taken.items()})
    run.write_status(state="failed", message="the loss is not finite")
    app = visit(run.key)
    assert not app.exception and "This training failed" in texts(app)
    (run.folder / "snapshots" / "00000.npz").write_bytes(b"torn")
    assert "it has no snapshots" in texts(visit(run.key, other="film"))


@pytest.mark.parametrize(
    ("frame", "opening"), [("5", 5), ("99999", None), ("-3", None), ("<b>", None), ("9" * 40, None)]
)
def test_a_link_opens_at_its_frame(frame: str, opening: int | None, cache: Path) -> None:
    app = visit(key("stacked"), frame=frame)
    assert not app.exception
    assert f"opening: ('{key('stacked')}', {opening})" in texts(app)
    made = film_of("stacked", cache)
    expected = [str(opening)] if opening is not None and opening < len(made) - 1 else []
    assert np.ravel(app.query_params.get("frame", [])).tolist() == expected


def test_another_run_does_not_take_the_frame_over(cache: Path) -> None:
    app = visit(key("stacked"), frame="5")
    app.query_params["run"] = key("convolutional")
    app.run()
    assert f"opening: ('{key('convolutional')}', None)" in texts(app)
    assert "frame" not in app.query_params
