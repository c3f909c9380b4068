"""Scores of anomalies against their definitions, and a test's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.decomposition import PCA

from aecore import datasets, jobs
from aecore.analysis import anomalies, anomaly_samples, inference
from aecore.datasets import as_float
from aecore.errors import AecoreError
from aecore.specs.anomalies import AnomalySpec
from aecore.store.runs import ResultFolder, Run
from aecore.worker import anomalies as worker

Trained = Callable[..., Run]
NOISE = AnomalySpec(against="noise", noise_rate=0.2)
DATA = datasets.load("digits")


def score(spec: AnomalySpec, run: Run, tmp_path: Path) -> tuple[ResultFolder, dict[str, np.ndarray]]:
    work = ResultFolder(tmp_path / spec.key(run.key))
    worker.compute(spec, run, work.folder)
    assert work.state == "finished"
    return work, work.arrays("scores")


def test_every_score_is_what_its_name_says(trained: Trained, tmp_path: Path) -> None:
    run = trained("variational")
    work, scores = score(NOISE, run, tmp_path)
    samples = anomaly_samples.samples(NOISE, DATA)
    x, z = as_float(samples.x), inference.encode(run, samples.x)
    flat, y = x.reshape(len(x), -1), inference.decode(run, z).reshape(len(x), -1)
    train = as_float(DATA.train).reshape(-1, 64)

    def near(name: str, expected: np.ndarray) -> None:
        np.testing.assert_allclose(scores[name], expected, rtol=1e-3, atol=1e-5)

    near("autoencoder", np.square(flat - y).mean(axis=1))
    pca = PCA(z.shape[1], svd_solver="full").fit(train)
    near("pca", np.square(flat - pca.inverse_transform(pca.transform(flat))).mean(axis=1))
    stored = inference.encode(run, DATA.train)
    distances = np.sort(np.sqrt(np.square(z[:20, None] - stored).sum(axis=2)), axis=1)[:, :5].mean(axis=1)
    np.testing.assert_allclose(scores["knn"][:20], distances, rtol=1e-3)
    near("prior", -stats.norm.logpdf(z).sum(axis=1))
    log_var = inference.log_variance(run, samples.x)
    kl = 0.5 * (np.exp(log_var) + np.square(z) - 1 - log_var).sum(axis=1)
    p = np.clip(y, 1e-7, 1 - 1e-7)
    near("elbo", kl - (flat * np.log(p) + (1 - flat) * np.log(1 - p)).sum(axis=1))
    assert np.array_equal(scores["is_anomaly"], samples.is_anomaly)
    assert np.array_equal(scores["numbers"], samples.numbers)
    table = Run(work.folder).metrics["auroc"]
    assert set(table) == set(anomalies.SCORES)
    for name, (value, low, high) in table.items():
        assert value == pytest.approx(anomalies.auroc(scores[name], samples.is_anomaly))
        assert low <= value <= high


def test_a_plain_run_has_no_scores_of_a_distribution(trained: Trained, tmp_path: Path) -> None:
    work, scores = score(AnomalySpec(label=4), trained("stacked"), tmp_path)
    assert not {"elbo", "prior"} & set(scores)
    facts = Run(work.folder).metrics
    assert facts["trained_on"] is True
    assert facts["n_anomalies"] == np.sum(DATA.validation_labels == 4)
    assert facts["n_ordinary"] + facts["n_anomalies"] == len(DATA.validation)


def test_equal_settings_give_equal_scores_and_another_seed_another_forest(trained: Trained, tmp_path: Path) -> None:
    run = trained("stacked")
    first, again = (score(AnomalySpec(label=4), run, tmp_path / name)[1] for name in "ab")
    for name, scores in first.items():
        np.testing.assert_array_equal(scores, again[name])
    other = score(AnomalySpec(label=4, seed=1), run, tmp_path)[1]
    assert np.array_equal(other["pca"], first["pca"]) and not np.array_equal(other["forest"], first["forest"])


def test_it_is_a_task_of_the_queue_that_refuses_what_does_not_fit(trained: Trained, tmp_path: Path) -> None:
    run = trained("stacked")
    cache = run.folder.parents[1]
    jobs.AnomalyTask(run.key, NOISE).validate(cache)
    assert jobs.AnomalyTask(run.key, NOISE).folder(cache) == run.derived(NOISE).folder
    with pytest.raises(AecoreError, match="label: got class 10 of digits"):
        jobs.AnomalyTask(run.key, AnomalySpec(label=10)).validate(cache)


def test_stopped_it_leaves_no_result(trained: Trained, tmp_path: Path) -> None:
    work = ResultFolder(tmp_path / "stopped")
    worker.compute(NOISE, trained("stacked"), work.folder, lambda: True)
    assert work.state != "finished" and not (work.folder / "scores.npz").exists()
