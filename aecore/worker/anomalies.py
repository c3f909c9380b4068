"""A test of anomaly detection with a run, computed and written to `runs/<run>/anomalies/<key>/`:

spec.json      format version, key, the run's key, the spec
status.json    state, message (the stage), fraction
scores.npz     `is_anomaly`, `numbers` (n,): for validation samples their numbers, for those of another data set the
               numbers in that one; and a float32 array (n,) for each score of `aecore.analysis.anomalies.SCORES`
metrics.json   auroc: {score: [value, low, high]}, n_ordinary, n_anomalies, trained_on: whether the training samples
               had the class, coding_size, seconds
DONE           written last

The samples of a test, `samples`, follow from the spec and the run; they are not stored.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from aecore import datasets
from aecore.analysis import inference, metrics
from aecore.analysis.anomalies import auroc, auroc_interval
from aecore.analysis.anomaly_samples import Samples, samples
from aecore.datasets import Data, as_float
from aecore.specs.anomalies import AnomalySpec
from aecore.store.files import write_arrays, write_json
from aecore.store.progress import ProgressWriter, Stopped
from aecore.store.runs import ResultFolder, Run, describe
from aecore.worker.probe.baselines import flat

PART = 2000  # samples encoded and decoded at a time
TREES = 100


def compute(spec: AnomalySpec, run: Run, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Score the samples and write the folder; returns without a `DONE` mark once `should_stop()` is true.

    Raises an `AecoreError` with one line for a test that does not fit the run's data set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    describe(spec, run.key, folder)
    progress = ProgressWriter(ResultFolder(folder), should_stop)
    try:
        data = datasets.load(run.spec.dataset)
        test = samples(spec, data)
        with threadpool_limits(1):  # the other threads belong to the training worker
            scores = _scores(spec, run, datasets.without_classes(data, run.spec.leave_out), test, progress.update)
        progress.update("bootstrap of the AUROC", 0.9)
        table = {
            name: [auroc(score, test.is_anomaly), *auroc_interval(score, test.is_anomaly, spec.seed)]
            for name, score in scores.items()
        }
    except Stopped:
        return
    write_arrays(folder / "scores.npz", {"is_anomaly": test.is_anomaly, "numbers": test.numbers, **scores})
    write_json(
        folder / "metrics.json",
        {
            "auroc": table,
            "n_ordinary": int(np.sum(~test.is_anomaly)),
            "n_anomalies": int(np.sum(test.is_anomaly)),
            "trained_on": spec.against == "class" and spec.label not in run.spec.leave_out,
            "coding_size": run.metrics.get("coding_size"),
            "seconds": progress.seconds,
        },
    )
    progress.finish()


def _scores(
    spec: AnomalySpec, run: Run, data: Data, test: Samples, update: Callable[[str, float], None]
) -> dict[str, np.ndarray]:
    """{name: scores (n,) float32} of the test's samples; `data` has the training samples of the run."""
    scores: dict[str, list[np.ndarray]] = {"autoencoder": []}
    codings = []
    for start in range(0, len(test.x), PART):
        update("encoding and decoding", 0.4 * start / len(test.x))
        x = as_float(test.x[start : start + PART])
        z = inference.encode(run, x)
        y = inference.decode(run, z)
        codings.append(z)
        scores["autoencoder"].append(metrics.per_sample_mse(x, y))
        if run.spec.variational:
            for name, part in _variational(run, x, z, y).items():
                scores.setdefault(name, []).append(part)
    found = {name: np.concatenate(parts) for name, parts in scores.items()}
    z = np.concatenate(codings)

    update("PCA of the same size", 0.4)
    center, axes = metrics.principal_axes(data.train, min(z.shape[1], data.info.features, len(data.train) - 1))
    found["pca"] = np.concatenate(
        [_pca_errors(test.x[start : start + PART], center, axes) for start in range(0, len(test.x), PART)]
    )
    train = data.train[: spec.n_train]
    update("neighbours among the training codings", 0.6)
    near = NearestNeighbors(n_neighbors=min(spec.k, len(train))).fit(inference.encode(run, train))
    found["knn"] = near.kneighbors(z)[0].mean(axis=1)
    update("isolation forest", 0.8)
    forest = IsolationForest(n_estimators=TREES, random_state=spec.seed).fit(flat(train))
    found["forest"] = -forest.score_samples(flat(test.x))
    return {name: score.astype(np.float32) for name, score in found.items()}


def _variational(run: Run, x: np.ndarray, z: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of a variational run at the codings' means: the negative ELBO in nats where the output is a probability,
    and the negative log density of the means under the prior."""
    prior = 0.5 * np.sum(np.square(z) + np.log(2 * np.pi), axis=1)
    if run.spec.output_activation != "sigmoid" or not datasets.info(run.spec.dataset).unit_range:
        return {"prior": prior}
    log_var = inference.log_variance(run, x)
    kl = -0.5 * np.sum(1 + log_var - np.exp(log_var) - np.square(z), axis=1)
    return {"elbo": metrics.per_sample_bce(x, y) + kl, "prior": prior}


def _pca_errors(x: np.ndarray, center: np.ndarray, axes: np.ndarray) -> np.ndarray:
    rest = flat(x) - center
    return np.mean(np.square(rest - rest @ axes @ axes.T), axis=1)
