"""What a run is worth: numbers checked against definitions, baselines computed once, and input nobody hopes for."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from aecore import datasets
from aecore.analysis import metrics, probe_numbers
from aecore.analysis.probe_numbers import NUMBERS
from aecore.datasets import Data, DatasetInfo, as_float
from aecore.specs.probe import ProbeSpec
from aecore.specs.run import RunSpec
from aecore.store import files, runs
from aecore.store.runs import Run
from aecore.worker.probe import baselines, measure
from aecore.worker.probe.classifiers import Labelled, knn_accuracy, logistic_accuracy

SPEC = RunSpec(dataset="digits", coding_size=4, epochs=1)
RANDOM = np.random.default_rng(0)
AXES = RANDOM.normal(size=(8, 4)).astype(np.float32)


def blobs(n_train: int = 60, n_validation: int = 40, classes: int = 3) -> Data:
    """Images of 2 × 4 pixels in as many overlapping clusters as there are classes."""
    centres = RANDOM.integers(60, 190, (classes, 8))

    def some(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(n) % classes
        pixels = np.clip(centres[labels] + RANDOM.normal(scale=40, size=(n, 8)), 0, 255)
        return pixels.astype(np.uint8).reshape(n, 2, 4), labels

    (train, train_labels), (validation, validation_labels) = some(n_train), some(n_validation)
    names = tuple(f"class {i}" for i in range(classes))
    info = DatasetInfo("blobs", "Blobs", "", (2, 4), n_train, n_validation, names, True, f"blobs {RANDOM.random()}")
    return Data(info, train, validation, train_labels, validation_labels)


def encoded(samples: np.ndarray) -> np.ndarray:
    return as_float(samples).reshape(len(samples), -1) @ AXES


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Measure a hand-written run: a linear encoder, or what `encode` makes; `spec` says what kind of run."""

    def of(
        data: Data,
        spec: RunSpec = SPEC,
        probe: ProbeSpec = ProbeSpec(),  # noqa: B008
        encode: Callable[[np.ndarray], np.ndarray] = encoded,
        **known: Any,
    ) -> dict[str, Any]:
        run = Run(tmp_path / "runs" / ("0" * 16))
        run.begin(spec)
        files.write_array(run.folder / "codings.npy", encode(data.validation))
        defaults = {
            "val_mse": 0.01,
            "val_bce": 0.3,
            "rounded_accuracy": 0.9,
            "pca_mse": 0.02,
            "active_dimensions": 4,
            "silent_share": 0.1,
            "mean_activation": 0.2,
            "dead_units": 0,
        }
        files.write_json(run.folder / "metrics.json", {**defaults, **known})
        monkeypatch.setattr(measure.inference, "encode", lambda run, x: encode(x))
        found = measure.measure(probe, run, data, lambda stage, fraction: None)
        assert {number.name for number in NUMBERS} <= set(found)
        assert all(found[name] is not None or found["reasons"][name] for name in (n.name for n in NUMBERS))
        json.dumps(found, allow_nan=False)
        return found

    return of


def test_numbers_are_what_they_say(measured: Callable[..., dict[str, Any]]) -> None:
    data = blobs()
    found = measured(data)
    train, validation = encoded(data.train), encoded(data.validation)
    neighbours = KNeighborsClassifier(5).fit(train, data.train_labels)
    assert found["knn_accuracy"] == pytest.approx(neighbours.score(validation, data.validation_labels))
    deviations = train.std(axis=0)
    planes = LogisticRegression().fit((train - train.mean(axis=0)) / deviations, data.train_labels)
    expected = planes.score((validation - train.mean(axis=0)) / deviations, data.validation_labels)
    assert found["logistic_accuracy"] == pytest.approx(expected)
    assert found["gain_over_pca"] == pytest.approx(50)
    assert found["val_mse"] == 0.01 and found["active_dimensions"] == 4  # as the training measured them
    pixels = KNeighborsClassifier(5).fit(baselines.flat(data.train), data.train_labels)
    expected = pixels.score(baselines.flat(data.validation), data.validation_labels)
    assert found["pixels_knn_accuracy"] == pytest.approx(expected)
    assert 0.5 < found["trustworthiness"] <= 1 and 0.5 < found["pca_trustworthiness"] <= 1
    assert found["pca_logistic_accuracy"] > 0.6
    assert "elbo" in found["reasons"] and "bit_balance" in found["reasons"] and found["coding_size"] == 4


def test_every_setting_arrives(measured: Callable[..., dict[str, Any]]) -> None:
    data = blobs(n_train=300, n_validation=200)
    usual = measured(data)
    assert measured(data, probe=ProbeSpec(k=60))["knn_accuracy"] != usual["knn_accuracy"]
    assert measured(data, probe=ProbeSpec(n_stored=12))["knn_accuracy"] != usual["knn_accuracy"]
    few = measured(data, probe=ProbeSpec(n_train=12))
    assert few["logistic_accuracy"] != usual["logistic_accuracy"] and few["knn_accuracy"] == usual["knn_accuracy"]


def test_variational_runs_have_a_bound(
    measured: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, spec = blobs(), SPEC.replace(coding="variational")
    monkeypatch.setattr(measure.inference, "log_variance", lambda run, x: np.full((len(x), 4), -2.0, np.float32))

    def decode(run: Run, z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z @ AXES.T)).reshape(-1, 2, 4)

    monkeypatch.setattr(measure.inference, "decode", decode)
    found = measured(data, spec, kl_per_dimension=[1.0, 2.0, 0.5, 0.0])
    assert found["kl"] == 3.5 and found["kl_per_dimension"] == [1, 2, 0.5, 0]
    noise = np.random.default_rng(42).standard_normal((len(data.validation), 4), np.float32)
    drawn = decode(None, encoded(data.validation) + np.exp(-1) * noise)  # type: ignore[arg-type]
    assert found["elbo"] == pytest.approx(-8 * metrics.bce(as_float(data.validation), drawn) - 3.5, rel=1e-4)
    assert measured(data, spec, ProbeSpec(seed=1), kl_per_dimension=[1.0])["elbo"] != found["elbo"]
    unbounded = measured(data, spec.replace(output_activation="linear", loss="mse"), kl_per_dimension=[1.0])
    assert unbounded["elbo"] is None and "within 0 and 1" in unbounded["reasons"]["elbo"] and unbounded["kl"] == 1
    collapsed = measured(data, spec, encode=lambda x: np.zeros((len(x), 4), np.float32), kl_per_dimension=[0.0] * 4)
    assert collapsed["kl"] == 0 and collapsed["elbo"] < 0 and "equal" in collapsed["reasons"]["knn_accuracy"]


def test_hashes(measured: Callable[..., dict[str, Any]]) -> None:
    spec = SPEC.replace(coding_activation="sigmoid", noise_on="coding", noise_rate=5.0)
    found = measured(blobs(), spec, encode=lambda x: 1 / (1 + np.exp(-20 * (encoded(x) - encoded(x).mean(axis=0)))))
    assert 0.5 < found["bit_balance"] <= 1 and 1 < found["distinct_codes"] <= 16
    assert 1 / 3 < found["bucket_precision"] <= 1 and found["pca_bucket_precision"] > 1 / 3


def test_hash_numbers_by_hand() -> None:
    bits = np.array([[0, 0], [0, 0], [0, 0], [1, 0]], bool)
    assert metrics.bit_balance(bits) == pytest.approx((0.5 + 0) / 2) and metrics.distinct_codes(bits) == 2
    # In the bucket of three: two find one of their class among two others, the third none; the fourth is alone.
    assert metrics.bucket_precision(bits, np.array([7, 7, 3, 3])) == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert np.isnan(metrics.bucket_precision(bits[2:], np.array([1, 2])))


CODINGS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "constant": (lambda x: np.ones((len(x), 4), np.float32), "all codings are equal"),
    "nan": (lambda x: np.full((len(x), 4), np.nan, np.float32), "NaN or infinite"),
    "infinite": (lambda x: np.where(np.arange(len(x))[:, None] == 3, np.inf, encoded(x)), "NaN or infinite"),
}


@pytest.mark.parametrize("kind", CODINGS)
def test_codings_nobody_hopes_for(measured: Callable[..., dict[str, Any]], kind: str) -> None:
    encode, why = CODINGS[kind]
    found = measured(blobs(), encode=encode, val_mse=None)
    for name in ("knn_accuracy", "logistic_accuracy", "trustworthiness"):
        assert found[name] is None and why in found["reasons"][name]
    assert found["val_mse"] is None and found["gain_over_pca"] is None and found["val_bce"] == 0.3


@pytest.mark.parametrize("factor", [2.0**63, 1e30, 2.0**120, 2.0**-120])
def test_huge_and_tiny_codings_are_codings(measured: Callable[..., dict[str, Any]], factor: float) -> None:
    data = blobs()
    scaled, plain = measured(data, encode=lambda x: encoded(x) * np.float32(factor)), measured(data)
    for name in ("knn_accuracy", "trustworthiness"):
        assert scaled[name] == pytest.approx(plain[name], abs=1e-6)
    assert scaled["logistic_accuracy"] == pytest.approx(plain["logistic_accuracy"], abs=0.02)


def test_data_nobody_hopes_for(measured: Callable[..., dict[str, Any]]) -> None:
    data = blobs()
    unlabelled = measured(dataclasses.replace(data, train_labels=None, validation_labels=None))
    assert unlabelled["reasons"]["knn_accuracy"] == "the data has no labels" and unlabelled["trustworthiness"] > 0.5
    assert "pixels_knn_accuracy" not in unlabelled

    labels = np.zeros(60, int)
    alone = measured(dataclasses.replace(data, train_labels=labels))
    assert "all of one class" in alone["reasons"]["logistic_accuracy"]
    labels[7] = 1  # a class with one example
    assert measured(dataclasses.replace(data, train_labels=labels))["logistic_accuracy"] is not None

    few = measured(blobs(n_train=4, n_validation=2))
    assert "5 neighbours need 5 training samples, there are 4" in few["reasons"]["knn_accuracy"]
    assert few["logistic_accuracy"] is not None and "at least 3" in few["reasons"]["trustworthiness"]

    grey = np.full((60, 2, 4), 128, np.uint8)
    constant = measured(dataclasses.replace(blobs(), train=grey, validation=grey[:40]), pca_mse=0.0)
    assert constant["knn_accuracy"] is None and "equal" in constant["reasons"]["trustworthiness"]
    assert "PCA makes no error" in constant["reasons"]["gain_over_pca"]


def test_baselines_are_computed_once(
    measured: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data, counted = blobs(), []
    real = baselines.classes

    def classes(*arguments: Any) -> Any:
        counted.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(baselines, "classes", classes)
    first = measured(data)
    assert len(counted) == 2  # PCA and pixels
    assert measured(data) == first and len(counted) == 2
    measured(data, encode=lambda x: encoded(x)[:, :2])
    assert len(counted) == 3  # PCA of another size
    kept = sorted((tmp_path / "baselines").glob("*.json"))
    assert len(kept) == 3
    for path in kept:
        path.write_text('{"torn')
    assert measured(data) == first and len(counted) == 5
    assert not list((tmp_path / "baselines").glob("*.tmp"))


def test_a_race_for_a_baseline_is_harmless(tmp_path: Path) -> None:
    data, gate, found = blobs(), threading.Barrier(2), []

    def compute() -> dict[str, Any]:
        gate.wait(10)
        return {"knn_accuracy": 0.5}

    threads = [
        threading.Thread(target=lambda: found.append(baselines._cached(ProbeSpec(), data, "pixels", tmp_path, compute)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"knn_accuracy": 0.5}] * 2
    assert baselines._cached(ProbeSpec(), data, "pixels", tmp_path, compute) == found[0]


def test_a_probe_is_a_small_complete_folder_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = datasets.load("digits")
    run = runs.run_of(SPEC, tmp_path)
    run.begin(SPEC)
    axes = RANDOM.normal(size=(64, 4)).astype(np.float32)
    monkeypatch.setattr(measure.inference, "encode", lambda run, x: baselines.flat(x) @ axes)
    files.write_array(run.folder / "codings.npy", baselines.flat(data.validation) @ axes)
    files.write_json(run.folder / "metrics.json", {"val_mse": 0.1, "pca_mse": 0.1})
    run.mark("DONE")
    work = run.derived(ProbeSpec())
    measure.compute(ProbeSpec(), run, work.folder, lambda: True)
    assert probe_numbers.result(run) is None and not (work.folder / "metrics.json").exists()
    measure.compute(ProbeSpec(), run, work.folder)
    found = probe_numbers.result(run)
    assert found is not None and found["pixels_knn_accuracy"] > 0.95 > found["knn_accuracy"] > 0.3
    assert found["val_bce"] is None and found["reasons"]["val_bce"] == "it came out as no finite number"
    assert sum(path.stat().st_size for path in work.folder.iterdir()) < 1800
    assert run.state == "finished"
    before = (work.folder / "metrics.json").read_bytes()
    measure.compute(ProbeSpec(), run, work.folder)
    again = json.loads((work.folder / "metrics.json").read_bytes())
    assert again | {"seconds": 0} == json.loads(before) | {"seconds": 0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "logistic", "knn"), [(2, 0.514, 0.518), (10, 0.771, 0.822), (30, 0.820, 0.854), (64, 0.838, 0.858)]
)
def test_principal_components_of_fashion_mnist_are_worth_what_was_measured_elsewhere(
    d: int, logistic: float, knn: float
) -> None:
    data = datasets.load("fashion-mnist")
    center, axes = metrics.principal_axes(data.train)
    assert data.train_labels is not None and data.validation_labels is not None
    labelled = Labelled(
        (baselines.flat(data.train) - center) @ axes[:, :d],
        data.train_labels,
        (baselines.flat(data.validation) - center) @ axes[:, :d],
        data.validation_labels,
    )
    assert logistic_accuracy(ProbeSpec(), labelled, lambda: None) == pytest.approx(logistic, abs=0.003)
    assert knn_accuracy(ProbeSpec(), labelled, lambda: None) == pytest.approx(knn, abs=0.003)
