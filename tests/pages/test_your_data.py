"""Page "Your data": from a file to the sidebar's data set, its options, refusals and deletion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aecore import datasets
from aecore.datasets import own
from aecore.specs.run import RunSpec
from aecore.store import own_data, runs
from tests.pages.conftest import Open, texts
from tests.pages.test_headings import levels
from tests.uploads.made_files import coloured, npz, zip_file

RANDOM = np.random.default_rng(0)
TABLE = "\n".join(
    ["height,weight,town,kind"]
    + [
        f"{a:.3f},{b:.3f},{'Rome' if i % 3 else 'Oslo'},{'yn'[i % 2]}"
        for i, (a, b) in enumerate(RANDOM.random((60, 2)))
    ]
).encode()


def add(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Upload files and press Add."""
    app.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    app.run()
    return app.button(key="own_add").click().run()


def test_an_empty_page_says_what_it_takes(visit: Open) -> None:
    app = visit("your_data")
    assert not app.exception and "Nothing added yet" in texts(app) and "At most 200 MB" in texts(app)
    assert app.button(key="own_add").disabled and levels(app)[0] == 1


def test_a_table_becomes_the_sidebars_data_set_and_trains(visit: Open, cache: Path) -> None:
    app = add(visit("your_data"), ("people.csv", TABLE))
    assert not app.exception and not app.error
    (name,) = own_data.names(cache)
    assert app.selectbox(key="dataset").value == name
    said = texts(app)
    for part in (
        "people.csv",
        "48 rows to train on, 12 to validate, each 4, 2 classes",
        "town (2)",
        "balanced by class",
    ):
        assert part in said, part
    assert "Convolutional" in said and "holds vectors; allowed: dense" in said
    frames = [frame.value for frame in app.dataframe]
    assert list(frames[0].columns) == ["height", "weight", "town=Oslo", "town=Rome"]
    assert frames[1]["train"].tolist() == [24, 24] and frames[2]["largest"].max() == 1
    app.button(key="train").click().run()
    assert not app.exception
    trained = [folder for folder in own_data.results_of(name, cache) if folder.parent.name == "runs"]
    assert len(trained) == 1 and runs.Run(trained[0]).state == "finished"
    assert not list((cache / "data").glob(".*"))


def test_each_option_changes_the_data(visit: Open, cache: Path) -> None:
    app = visit("your_data")
    app.text_input(key="own_name").set_value("<b>Mine</b>")
    app.text_input(key="own_label").set_value("town")
    app.text_input(key="own_columns").set_value("height, weight")
    app.selectbox(key="own_scale").set_value("standard")
    app.number_input(key="own_validation").set_value(0.5)
    add(app, ("people.csv", TABLE))
    (name,) = own_data.names(cache)
    info = datasets.info(name)
    assert (info.title, info.classes, info.columns) == ("‹b›Mine‹/b›", ("Oslo", "Rome"), ("height", "weight"))
    assert info.n_validation == 30 and not info.unit_range
    assert app.session_state["loss"] == "mse" and app.session_state["output_activation"] == "linear"
    assert not app.button(key="train").disabled


@pytest.mark.parametrize(
    ("file", "shape", "said"),
    [
        (
            ("p.zip", zip_file({f"{'ab'[i % 2]}/{i}.png": one for i, one in enumerate(coloured(20))})),
            (12, 12, 3),
            "Folders",
        ),
        (("s.npz", npz(x=RANDOM.normal(size=(40, 12, 2)), y=np.arange(40) % 2)), (12, 2), "each 12 × 2"),
    ],
)
def test_pictures_and_sequences_are_shown(
    visit: Open, cache: Path, file: tuple[str, bytes], shape: tuple[int, ...], said: str
) -> None:
    app = add(visit("your_data"), file)
    assert not app.exception and not app.error
    (name,) = own_data.names(cache)
    assert datasets.info(name).shape == shape and said in texts(app)


def test_a_refused_file_is_one_line_and_the_session_goes_on(visit: Open, cache: Path) -> None:
    app = add(visit("your_data"), ("evil.zip", zip_file({"../../up.png": b"x"})))
    (error,) = app.error
    assert "evil" in error.value and "names inside of the ZIP" in texts(app)
    assert not list((cache / "data").glob("*")) + list((cache / "data").glob(".*"))
    assert app.selectbox(key="dataset").value == "fashion-mnist-12k"
    add(app, ("people.csv", TABLE))
    assert not app.error and len(own_data.names(cache)) == 1


def test_delete_takes_the_data_its_runs_and_the_sidebars_choice(visit: Open, cache: Path) -> None:
    app = add(visit("your_data"), ("people.csv", TABLE))
    (name,) = own_data.names(cache)
    run = runs.run_of(RunSpec(dataset=name, hidden=(8,)))
    run.begin(run_spec := RunSpec(dataset=name, hidden=(8,)))
    assert run_spec.dataset == name
    app.button(key="own_delete_all").click().run()
    assert not app.exception and "The data and 1 run are deleted." in texts(app)
    assert not own.folder(name).exists() and not run.folder.exists()
    assert app.selectbox(key="dataset").value == "fashion-mnist-12k" and "Nothing added yet" in texts(app)


def test_a_second_visitor_sees_nothing_of_it(visit: Open, cache: Path) -> None:
    add(visit("your_data"), ("people.csv", TABLE))
    (name,) = own_data.names(cache)
    other = visit("your_data")
    assert "Nothing added yet" in texts(other) and name not in str(other)
