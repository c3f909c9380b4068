"""The page Anomalies: each control changes the numbers, a run without a class is trained, the table is complete."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from aecore import datasets, jobs
from aecore.analysis import anomalies, anomaly_samples
from aecore.export import scores as score_table
from aecore.specs.anomalies import AnomalySpec
from aecore.store import runs
from pages.widgets.anomalies import results
from tests.pages.conftest import SPECS, Open, key, texts

NOISE = AnomalySpec(against="noise", noise_rate=0.3)


def scores(cache: Path, name: str, spec: AnomalySpec) -> dict[str, np.ndarray]:
    return runs.open_run(key(name), cache).derived(spec).arrays("scores")


def sentence(app: AppTest) -> str:
    return next(element.value for element in app.markdown if element.value.startswith("Above"))


def test_the_sentence_counts_what_lies_above_the_threshold(visit: Open, cache: Path) -> None:
    app = visit("anomalies", run=key("stacked"), against="noise")
    assert not app.exception
    found = scores(cache, "stacked", NOISE)
    is_anomaly = found["is_anomaly"].astype(bool)

    def expected(name: str, percentile: float) -> str:
        threshold = np.percentile(found[name][~is_anomaly], percentile)
        counts = anomalies.counts(found[name], is_anomaly, threshold)
        return f"**{counts.hits:,} of {counts.anomalies:,}**"

    assert expected("autoencoder", 95) in sentence(app)
    app.slider(key="percentile").set_value(70.0).run()
    assert expected("autoencoder", 70) in sentence(app) and expected("autoencoder", 95) not in sentence(app)
    app.button_group(key="score").set_value("knn").run()
    assert expected("knn", 70) in sentence(app)
    app.slider(key="anomaly_noise").set_value(0.8).run()
    louder = scores(cache, "stacked", AnomalySpec(against="noise", noise_rate=0.8))
    assert louder["knn"].mean() > found["knn"].mean() and not app.exception


def test_every_kind_of_anomaly_and_both_ends(visit: Open, cache: Path) -> None:
    app = visit("anomalies", run=key("variational-2"))
    assert not app.exception and app.button_group(key="against").value == "dataset"
    table = next(element.value for element in app.markdown if element.value.startswith("| Score"))
    assert all(title in table for title in anomalies.SCORES.values())
    app.button_group(key="score_end").set_value("low").run()
    assert not app.exception
    app.button_group(key="against").set_value("class").run()
    assert "trained on 0, too" in texts(app)
    app.selectbox(key="anomaly_class").set_value("6").run()
    assert "trained on 6, too" in texts(app) and not app.exception
    assert scores(cache, "variational-2", AnomalySpec(label=6))["is_anomaly"].sum() == np.sum(
        datasets.load("digits").validation_labels == 6
    )


def test_the_run_without_the_class_is_trained_and_opened(visit: Open, cache: Path) -> None:
    app = visit("anomalies", run=key("stacked"), against="class", anomaly_class="4")
    without = runs.run_of(SPECS["stacked"].replace(leave_out=(4,)), cache)
    assert not without.readable
    app.button(key="train_without").click().run()
    assert without.readable and not app.exception
    app.button(key="open_without").click().run()
    assert without.key in app.query_params["run"] and "trained without 4" in texts(app)
    assert "4" in app.query_params["leave_out"]


def test_vectors_without_classes(visit: Open) -> None:
    app = visit("anomalies", run=key("vectors"))
    assert not app.exception and app.button_group(key="against").value == "noise"
    assert "anomalies" in sentence(app)


def test_a_test_that_failed_says_why_and_is_computed_again(
    visit: Open, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aecore.worker import anomalies as worker

    compute = worker.compute

    def broken(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(worker, "compute", broken)
    app = visit("anomalies", run=key("stacked"), against="noise")
    app.run()
    assert "No scores: not enough memory" in texts(app)
    monkeypatch.setattr(worker, "compute", compute)
    app.button(key="anomalies_again").click().run()
    assert not app.exception and "Above" in sentence(app)
    assert jobs.actual_state(runs.open_run(key("stacked"), cache).derived(NOISE)) == "finished"


def test_the_verdict_is_plain_and_careful() -> None:
    table = {"autoencoder": [0.9, 0.88, 0.92], "pca": [0.8, 0.78, 0.82], "knn": [0.7, 0.6, 0.8]}
    assert results.verdict(table | {"forest": [0.5, 0.4, 0.6]}, 30) == (
        "Reconstruction error finds them best: AUROC .900 against .800 of the best baseline, Error of PCA with 30 "
        "components."
    )
    assert results.verdict(table | {"forest": [0.97, 0.96, 0.98]}, 30) == (
        "Reconstruction error is not the best score here: AUROC .900 against .970 of Isolation forest."
    )
    assert "too close to call" in results.verdict(table | {"forest": [0.91, 0.89, 0.93]}, 30)


def test_the_table_has_every_sample_once_and_no_formula() -> None:
    data = datasets.load("digits")
    test = anomaly_samples.samples(AnomalySpec(label=3), data)
    values = {"autoencoder": np.arange(len(test.x), dtype=np.float32), "pca": np.ones(len(test.x), np.float32)}
    table = pd.read_csv(io.BytesIO(score_table.csv(test, values, values)))
    assert table.columns.tolist() == ["set", "id", "class", "autoencoder", "pca", "rank"]
    assert table["id"].tolist() == list(range(len(data.validation)))
    assert ((table["set"] == "anomaly") == (table["class"] == 3)).all()
    assert table["rank"].tolist() == list(range(len(test.x), 0, -1))
