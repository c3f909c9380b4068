"""Tasks of the queue; `aecore.jobs.execution` runs one in a worker.

A task is a small frozen value that is sent to the worker. It names the result folder that it fills (one key, one
folder). Only its method `run` imports TensorFlow or UMAP, in the worker.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from aecore import datasets
from aecore.analysis import anomaly_samples
from aecore.errors import RunError
from aecore.jobs import estimate
from aecore.specs.anomalies import AnomalySpec
from aecore.specs.base import Derived
from aecore.specs.map import MapSpec
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.probe import ProbeSpec
from aecore.specs.run import RunSpec
from aecore.specs.stability import StabilitySpec
from aecore.store import experiments, runs
from aecore.store.runs import ResultFolder


class Task:
    """Base class of tasks; subclasses are frozen dataclasses that a worker can import.

    `lane` : 'train' or 'map'. `background` : its jobs belong to no session; they run last and are preempted.
    """

    lane: ClassVar[str] = "train"
    background: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """The key of the result. Raises an `AecoreError` for an invalid task."""
        raise NotImplementedError

    def folder(self, cache: Path) -> Path:
        """The result folder."""
        raise NotImplementedError

    def validate(self, cache: Path) -> None:
        """Raise an `AecoreError` if the job is bound to fail."""

    def describe(self, folder: Path) -> None:
        """Write `spec.json`."""
        raise NotImplementedError

    def begin(self, folder: Path) -> None:
        """Create the folder, with its spec.json and the status 'waiting'."""
        folder.mkdir(parents=True, exist_ok=True)
        self.describe(folder)
        ResultFolder(folder).write_status(state="waiting", message="", fraction=0.0)

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        """Fill the folder, in the worker, up to `DONE` or `STOPPED`; without a mark if stopped before any result."""
        raise NotImplementedError

    def folders(self, cache: Path) -> list[Path]:
        """All folders that the task fills."""
        return [self.folder(cache)]

    def has_result(self, cache: Path) -> bool:
        """True once the running task, if it were stopped, would leave a result."""
        return False

    def expected_seconds(self, cache: Path) -> float | None:
        """Expected duration on this machine; None: the median of this kind's jobs since the server's start."""
        return None

    def over_budget(self, expected: float, budget: float, cache: Path) -> str:
        """The error message for a task of `expected` seconds over the allowed `budget`: which settings to lower."""
        return f"budget: got a job of about {expected:.0f} s, allowed: {budget:.0f} s on this server"

    def follow_up(self) -> Task | None:
        """A background task that the queue adds once this one is finished, or None."""
        return None


@dataclass(frozen=True)
class TrainTask(Task):
    """A training: fills `runs/<key>/`."""

    spec: RunSpec
    lane: ClassVar[str] = "train"

    @property
    def key(self) -> str:
        return runs.run_key(self.spec)

    def folder(self, cache: Path) -> Path:
        return cache / "runs" / self.key

    def describe(self, folder: Path) -> None:
        runs.Run(folder).begin(self.spec)

    def has_result(self, cache: Path) -> bool:
        return bool(runs.Run(self.folder(cache)).history["epochs"])

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        from aecore.worker import training

        training.train(self.spec, folder, should_stop)

    def expected_seconds(self, cache: Path) -> float | None:
        return estimate.expected_seconds(self.spec, cache)

    def over_budget(self, expected: float, budget: float, cache: Path) -> str:
        fitting = estimate.epochs_within(self.spec, budget, cache)
        lower = f"{fitting} epoch{'s' if fitting > 1 else ''}" if fitting else "smaller layers"
        return (
            f"budget: got a training of about {expected:.0f} s, allowed: {budget:.0f} s on this server; "
            f"{lower}, a smaller data set or larger batches would fit"
        )

    def follow_up(self) -> Task | None:
        return ProbeTask(self.key)


@dataclass(frozen=True)
class DerivedTask(Task):
    """A result computed from a trained run: fills `runs/<run_key>/<kind>/<key>/`."""

    run_key: str
    spec: Derived
    lane: ClassVar[str] = "map"

    @property
    def key(self) -> str:
        return self.spec.key(runs.valid_key(self.run_key))

    def folder(self, cache: Path) -> Path:
        return runs.open_run(self.run_key, cache).folder / self.spec.kind / self.key

    def validate(self, cache: Path) -> None:
        run = runs.open_run(self.run_key, cache)
        if not run.readable:
            raise RunError(f"run {run.key}: got a run that is {run.state}, allowed: finished or stopped ones")

    def describe(self, folder: Path) -> None:
        runs.describe(self.spec, self.run_key, folder)


@dataclass(frozen=True)
class MapTask(DerivedTask):
    """A map of the run's codings or activations."""

    spec: MapSpec

    def validate(self, cache: Path) -> None:
        super().validate(cache)
        info = datasets.info(runs.open_run(self.run_key, cache).spec.dataset)
        self.spec.check(self.spec.points(info.n_validation, info.n_train))

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        from aecore.worker.projection import project

        project.compute(self.spec, runs.Run(folder.parent.parent), folder, should_stop)


@dataclass(frozen=True)
class StabilityTask(DerivedTask):
    """A map with several seeds."""

    spec: StabilitySpec

    def validate(self, cache: Path) -> None:
        MapTask(self.run_key, self.spec.drawing).validate(cache)

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        from aecore.worker.projection import seeds

        seeds.compute(self.spec, runs.Run(folder.parent.parent), folder, should_stop)


@dataclass(frozen=True)
class ProbeTask(DerivedTask):
    """A probe: the quality of the run's reconstructions and codings."""

    spec: ProbeSpec = field(default_factory=ProbeSpec)
    background: ClassVar[bool] = True

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        from aecore.worker.probe import measure

        measure.compute(self.spec, runs.Run(folder.parent.parent), folder, should_stop)


@dataclass(frozen=True)
class AnomalyTask(DerivedTask):
    """A test of anomaly detection with the run's reconstruction errors."""

    spec: AnomalySpec

    def validate(self, cache: Path) -> None:
        super().validate(cache)
        anomaly_samples.check(self.spec, datasets.info(runs.open_run(self.run_key, cache).spec.dataset))

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        from aecore.worker import anomalies

        anomalies.compute(self.spec, runs.Run(folder.parent.parent), folder, should_stop)


@dataclass(frozen=True)
class PretrainTask(Task):
    """A pretraining experiment: fills `pretraining/<key>/`, and the autoencoder's run if it is missing."""

    spec: PretrainSpec
    lane: ClassVar[str] = "train"

    @property
    def key(self) -> str:
        return experiments.key_of(self.spec)

    def folder(self, cache: Path) -> Path:
        return experiments.experiment_of(self.spec, cache).folder

    def validate(self, cache: Path) -> None:
        self.spec.check(datasets.info(self.spec.autoencoder.dataset))

    def describe(self, folder: Path) -> None:
        experiments.describe(self.spec, folder)

    def folders(self, cache: Path) -> list[Path]:
        return [self.folder(cache), runs.run_of(self.spec.autoencoder, cache).folder]

    def has_result(self, cache: Path) -> bool:
        run, rows = runs.run_of(self.spec.autoencoder, cache), experiments.experiment_of(self.spec, cache).rows
        return bool(rows) or (run.state == "running" and bool(run.history["epochs"]))

    def run(self, folder: Path, should_stop: Callable[[], bool]) -> None:
        from aecore.worker import pretraining

        pretraining.compute(self.spec, folder, should_stop)

    def expected_seconds(self, cache: Path) -> float | None:
        spec = self.spec.autoencoder
        training, classifiers = estimate.expected_seconds(spec, cache), experiments.expected_seconds(self.spec, cache)
        if classifiers is None:
            classifiers = training * self.spec.presented() / (spec.epochs * datasets.info(spec.dataset).n_train)
        return classifiers + (0.0 if runs.run_of(spec, cache).state == "finished" else training)

    def over_budget(self, expected: float, budget: float, cache: Path) -> str:
        return (
            f"budget: got an experiment of about {expected:.0f} s, allowed: {budget:.0f} s on this server; "
            "fewer labels, seeds or epochs, or an autoencoder of fewer epochs would fit"
        )

    def follow_up(self) -> Task | None:
        return ProbeTask(runs.run_key(self.spec.autoencoder))
