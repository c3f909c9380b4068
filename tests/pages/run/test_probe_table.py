"""The section that says what a run is worth, in every state, and what its tables hold."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from aecore import jobs
from aecore.analysis import probe_numbers
from aecore.analysis.probe_numbers import NUMBERS
from aecore.errors import AecoreError
from aecore.specs.probe import ProbeSpec
from aecore.store import runs
from aecore.store.runs import Run
from aecore.worker.probe import measure
from pages.widgets.run import probe_table
from tests.pages.conftest import Open, key, texts


def tables(app: Any) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def unprobed(cache: Path, name: str = "stacked") -> Run:
    run = runs.open_run(key(name), cache)
    shutil.rmtree(run.folder / "probe")
    return run


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("stacked", ("kNN accuracy", "Logistic probe", "raw data", "Trustworthiness", "Active codings")),
        ("variational-2", ("ELBO", "KL divergence", "KL of each coding", "nats")),
        ("hashing", ("Bucket precision", "Bit balance", "Distinct hashes")),
    ],
)
def test_numbers_of_each_kind_of_run(visit: Open, name: str, there: tuple[str, ...]) -> None:
    app = visit(run=key(name))
    shown = tables(app)
    for words in there:
        assert words in shown, words
    assert "PCA with " in texts(app) and " component" in texts(app) and "kNN accuracy of the codings" in texts(app)
    assert "is better." in shown  # the explanation of each number, where the pointer rests


def test_what_does_not_apply_says_why(visit: Open) -> None:
    app = visit(run=key("vectors"))
    assert "the data has no labels" in texts(app)
    assert "kNN accuracy" not in tables(app) and "raw data" not in tables(app)


def test_a_run_without_a_probe_is_measured_when_it_is_looked_at(visit: Open, cache: Path) -> None:
    run = unprobed(cache)
    (run.folder / "DONE").rename(run.folder / "STOPPED")  # a stopped one too
    app = visit(run=run.key)
    assert not app.exception and "kNN accuracy" in tables(app)
    assert probe_numbers.result(run) is not None


def test_while_it_is_measured_the_page_says_so(visit: Open, cache: Path) -> None:
    run = unprobed(cache)
    work = run.derived(ProbeSpec())
    jobs.ProbeTask(run.key).begin(work.folder)
    work.write_status(state="running", message="encoding training samples", fraction=0.3, started=time.time())
    app = visit(run=run.key)
    assert not app.exception and "kNN accuracy" not in tables(app)
    assert "Measuring in the background, 30% done: encoding training samples" in texts(app)


def test_a_failed_probe_is_one_line_and_a_button(visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = unprobed(cache)

    def refuse(*arguments: object) -> None:
        raise AecoreError("no copy of the data is here")

    with monkeypatch.context() as patch:
        patch.setattr(measure, "compute", refuse)
        app = visit(run=run.key)
        assert not app.exception and not app.error
        assert "could not be measured: no copy of the data is here" in texts(app)
        assert "Learning curves" in texts(app)
        app.run()
    app.button(key="probe_again").click().run()
    assert "kNN accuracy" in tables(app) and "could not be measured" not in texts(app)


def test_a_cache_that_cannot_be_written_is_one_line(visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = unprobed(cache)

    def refuse(self: object, task: object, session: str) -> None:
        raise AecoreError("cache: read-only, so nothing new can be made")

    monkeypatch.setattr(jobs.Queue, "submit", refuse)
    app = visit(run=run.key)
    assert not app.exception
    assert "could not be measured: cache: read-only" in texts(app)


def test_tables_and_verdict() -> None:
    found: dict[str, Any] = {number.name: None for number in NUMBERS}
    found |= {
        "val_mse": 0.0131,
        "pca_mse": 0.0157,
        "gain_over_pca": 16.6,
        "knn_accuracy": 0.857,
        "dead_units": 2,
        "pca_knn_accuracy": 0.822,
        "pixels_knn_accuracy": 0.853,
        "coding_size": 30,
        "n_validation": 5000,
        "reasons": {"elbo": "no draws", "kl": "no draws"},
    }
    html = probe_table.comparison_html(found, [number for number in NUMBERS if found.get(number.pca) is not None])
    assert html.count("<tr>") == 3 and "<b>.0131</b>" in html and ">.0157<" in html
    assert "<b>.857</b>" in html and "PCA, 30" in html and "width:85.3%" in html
    assert probe_table.summary(found).startswith(
        "Reconstruction error 17 % below PCA with 30 components. kNN accuracy of the codings is above PCA's."
    )
    assert "equals" in probe_table.summary(found | {"knn_accuracy": 0.83})
    assert "is below" in probe_table.summary(found | {"knn_accuracy": 0.7})
    assert "equal to PCA" in probe_table.summary(found | {"gain_over_pca": -0.4})
    by_name = {number.name: number for number in NUMBERS}
    assert probe_table.text(by_name["dead_units"], found) == "2 of 30"
    each = {"kl_per_dimension": [0.5, 2.0, 0.0, 1.25, 0.75]}
    assert probe_table.text(by_name["kl_per_dimension"], each) == "2.00, 1.25, 0.75, …, 0.00"
    assert "ELBO, KL divergence: no draws" in probe_table.reasons(found)


def test_a_number_without_a_good_direction_has_no_arrow(visit: Open) -> None:
    app = visit(run=key("variational-2"))
    rows = {row.split(" <span")[0].split(">")[-1]: row for row in tables(app).split("<tr>")[1:]}
    for title in ("Mean activation", "Nearly silent", "KL divergence"):
        assert "Neither direction is better." in rows[title] and not set("↑↓") & set(rows[title]), title
    assert "↑" in rows["ELBO"] and "↓" in rows["Error (MSE)"]
    assert "no arrow: neither" in texts(app)
