"""Pretraining: weights that are really copied, arms that differ in nothing else, and a folder that fills by and by."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aecore import datasets, jobs
from aecore.datasets import Data
from aecore.errors import AecoreError
from aecore.specs.pretraining import ARMS, PretrainSpec
from aecore.store import experiments, progress, runs
from aecore.store.experiments import Experiment
from aecore.store.runs import Run
from aecore.worker import pretraining as worker
from aecore.worker.pretraining import Contest, Training, Tuner
from tests.worker.conftest import small_spec

Trained = Callable[..., Run]
Make = Callable[..., Contest]
X = datasets.as_float(datasets.load("digits").validation[:50])
SOURCES = ("stacked", "convolutional", "denoising-convolutional", "variational", "hashing")


def experiment(run: Run, **settings: object) -> PretrainSpec:
    return PretrainSpec(run.spec, **{"labels": (20,), "seeds": 2, "epochs": 4, "frozen_epochs": 2, **settings})


@pytest.fixture(scope="module")
def contest(trained: Trained) -> Make:
    """`contest(variant, **settings)`: the classifiers of an experiment, traced once for all tests."""
    made: dict[PretrainSpec, Contest] = {}

    def make(variant: str = "stacked", **settings: object) -> Contest:
        run, data = trained(variant), datasets.load("digits")
        spec = experiment(run, **settings)
        if spec not in made:
            made[spec] = Contest(spec, data, worker.trained_encoder(run))
        return made[spec]

    return make


def weights(model: object) -> list[np.ndarray]:
    return [np.array(weight) for weight in model.get_weights()]  # type: ignore[attr-defined]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def outputs(model: object, x: np.ndarray) -> np.ndarray:
    """Codings: the means where the model is a variational encoder."""
    found = model(x)  # type: ignore[operator]
    return np.array(found[0] if isinstance(found, list | tuple) else found)


@pytest.mark.parametrize("variant", SOURCES)
def test_the_encoder_is_really_copied(trained: Trained, contest: Make, variant: str) -> None:
    """The copy has the weights and gives the codings that the run has on disk, and training it leaves those alone."""
    run = trained(variant)
    found = contest(variant)
    source = worker.trained_encoder(run)
    for arm in ("pretrained", "frozen"):
        found._begin(Training(20, 1, arm))
        for layer in found.encoder.layers:
            assert same(weights(layer), weights(source.get_layer(layer.name))), layer.name
        assert sum(weight.size for weight in weights(found.encoder)) > 100
        np.testing.assert_array_equal(outputs(found.encoder, X), outputs(source, X))
        np.testing.assert_allclose(outputs(found.encoder, X), run.array("codings")[:50], atol=1e-5)
    list(found.train(Training(20, 1, "pretrained")))
    assert not np.allclose(outputs(found.encoder, X), outputs(source, X))
    assert same(weights(found.source), weights(source))


def test_copying_needs_layers_of_the_same_name(contest: Make) -> None:
    source, target = contest("stacked").encoder, contest("convolutional").encoder
    with pytest.raises(ValueError, match="No such layer"):
        worker.copy_weights(source, target)


def test_arms_differ_in_the_encoder_alone(contest: Make) -> None:
    found = contest()
    heads, encoders = [], []
    for arm in ARMS:
        found._begin(Training(20, 1, arm))
        heads.append(weights(found.head))
        encoders.append(weights(found.encoder))
    assert same(heads[0], heads[1]) and same(heads[0], heads[2])
    assert same(encoders[1], encoders[2]) and not same(encoders[0], encoders[1])
    found._begin(Training(20, 2, "scratch"))
    assert not same(weights(found.head), heads[0]) and not same(weights(found.encoder), encoders[0])


def test_every_arm_gets_the_same_images_in_the_same_batches(contest: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the labels: what the frozen phase sees are the codings of the very images of the other arms."""
    found = contest()
    steps: list[tuple] = []
    monkeypatch.setattr(Tuner, "__call__", lambda self, *given: steps.append(given) or 0.0)
    seen: dict[str, list[tuple]] = {}
    for arm in ARMS:
        list(found.train(Training(40, 1, arm)))
        seen[arm] = steps.copy()
        steps.clear()
    for arm in ARMS:
        assert [batches.shape for _, _, batches in seen[arm]] == [(1, 32), (1, 8)] * 4
        for (_, y, batches), (_, first_y, first_batches) in zip(seen[arm], seen["scratch"], strict=True):
            np.testing.assert_array_equal(batches, first_batches)
            np.testing.assert_array_equal(y, first_y)
    kinds = {arm: [np.ndim(x) for x, _, _ in seen[arm]] for arm in ARMS}
    assert kinds == {"scratch": [3] * 8, "pretrained": [2] * 4 + [3] * 4, "frozen": [2] * 8}


def test_a_frozen_encoder_stays_as_it_is_and_the_head_learns(contest: Make) -> None:
    found = contest(optimizer="adam", learning_rate=0.01)
    found._begin(Training(1000, 1, "frozen"))
    before, encoder = found.accuracy(), weights(found.encoder)
    list(found.train(Training(1000, 1, "frozen")))
    assert same(weights(found.encoder), encoder)
    assert found.accuracy() > before + 0.1


def test_nothing_is_traced_twice_and_a_training_depends_on_itself_alone(contest: Make) -> None:
    """Any order of trainings, and any other labels beside them, give the same accuracies."""
    found = contest(optimizer="adam", learning_rate=0.01)
    plan = [Training(n, seed, arm) for n, seed in ((20, 1), (50, 1), (50, 2)) for arm in ARMS]
    accuracies = {}
    for order in (plan, plan[::-1]):
        for training in order:
            list(found.train(training))
            accuracy = found.accuracy()
            assert accuracies.setdefault(training, accuracy) == accuracy
    assert len(set(accuracies.values())) > 4
    for function in (found.tune_head.steps, found.tune_all.steps, found._encode):
        assert function.experimental_get_tracing_count() == 1


def test_labelled_images_are_balanced_and_grow_by_more() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 4])
    few, more = worker.labelled(labels, 10, 1), worker.labelled(labels, 40, 1)
    assert sorted(np.bincount(labels[few])) == [3, 3, 4]
    np.testing.assert_array_equal(more[:10], few)
    assert list(np.bincount(labels[more])) == [18, 18, 4] and len(set(more)) == 40
    assert set(worker.labelled(labels, 10, 2)) != set(few)
    assert set(worker.labelled(labels, 84, 1)) == set(range(84))


def test_labels_that_will_not_do(trained: Trained) -> None:
    data = datasets.load("digits")
    spec = experiment(trained("stacked"))
    without = dataclasses.replace(data, train_labels=None)
    with pytest.raises(AecoreError, match="^dataset: got 'digits', whose copy has no labels; allowed: "):
        worker.labels_of(spec, without)
    assert data.train_labels is not None
    lonely = data.train_labels.copy()
    lonely[np.flatnonzero(lonely == 3)[1:]] = 4
    with pytest.raises(AecoreError, match="^labels: got 1 training examples of class '3', allowed: at least 2 of each"):
        worker.labels_of(spec, Data(data.info, data.train, data.validation, lonely, data.validation_labels))


def do(spec: PretrainSpec, cache: Path, should_stop: Callable[[], bool] = lambda: False) -> Experiment:
    work = experiments.experiment_of(spec, cache)
    worker.compute(spec, work.folder, should_stop)
    return work


def test_the_folder_of_an_experiment(trained: Trained, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows what is done as soon as it is done; the autoencoder, which is there, is not trained again."""
    run = trained("stacked")
    (cache / "runs").mkdir()
    (cache / "runs" / run.key).symlink_to(run.folder)
    seen: list[tuple[float, int]] = []
    spec = experiment(run, labels=(20, 30), epochs=2, frozen_epochs=1)
    monkeypatch.setattr(progress, "STATUS_SECONDS", 0.0)
    monkeypatch.setattr(worker, "train", None)

    def look() -> bool:
        work = experiments.experiment_of(spec, cache)
        seen.append((work.status().get("fraction", 0.0), len(work.rows)))
        return False

    work = do(spec, cache, look)
    assert work.state == "finished" and work.spec == spec
    expected = [(n, seed, arm) for n in (20, 30) for seed in (1, 2) for arm in ARMS]
    assert [row[:3] for row in work.rows] == expected and all(0 <= row.accuracy <= 1 for row in work.rows)
    assert seen == sorted(seen) and {rows for _, rows in seen} >= set(range(12))
    assert 0.9 < max(fraction for fraction, _ in seen) <= 1
    found = json.loads((work.folder / "results.json").read_text())
    assert found["presented"] == spec.presented() == 2 * 50 * (2 + 1)
    files = [path for path in work.folder.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 4000


def test_an_autoencoder_that_is_missing_is_trained_first(cache: Path) -> None:
    spec = PretrainSpec(small_spec("stacked"), labels=(20,), seeds=2, epochs=2, frozen_epochs=1)
    assert do(spec, cache).state == "finished"
    run = runs.run_of(spec.autoencoder, cache)
    assert run.state == "finished" and run.metrics["val_mse"] > 0
    assert not list(run.folder.parent.glob(".lease-*"))


def test_stopping_keeps_what_is_done(trained: Trained, cache: Path) -> None:
    run = trained("stacked")
    (cache / "runs").mkdir()
    (cache / "runs" / run.key).symlink_to(run.folder)
    spec = experiment(run, epochs=2, frozen_epochs=1)
    work = do(spec, cache, lambda: len(experiments.experiment_of(spec, cache).rows) >= 3)
    assert work.state == "stopped" and len(work.rows) == 3
    again = dataclasses.replace(spec, seeds=3)
    assert do(again, cache, lambda: True).state == "running" and not experiments.experiment_of(again, cache).rows
    assert jobs.execute(jobs.PretrainTask(spec), str(work.folder), str(cache)).state == "finished"


def test_what_diverges_says_so(contest: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a large step diverges differs between machines, so the loss is made infinite here."""
    found = contest()
    monkeypatch.setattr(worker.Tuner, "__call__", lambda *_: np.float32("inf"))
    with pytest.raises(AecoreError, match="^the loss became infinite with 200 labels in epoch 1; try a smaller"):
        list(found.train(Training(200, 1, "scratch")))
