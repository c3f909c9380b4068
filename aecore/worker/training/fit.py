"""`train`: from a spec to a complete run folder.

The loop is our own because everything this project shows lives between the batches: losses of single steps,
snapshots on a logarithmic clock, a stop that answers at once. Many steps run in one TensorFlow call, so it is as
fast as `Model.fit` with `steps_per_execution`, and data sets stay in memory as they are (images as bytes).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecore.analysis import metrics
from aecore.datasets import Data, check, watched
from aecore.errors import AecoreError
from aecore.specs.run import Phase, RunSpec
from aecore.store.runs import Run
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.download import fetch
from aecore.worker.training.objectives import Joint, LayerPhase, Objective, make_optimizer
from aecore.worker.training.record import SNAPSHOT_CODINGS, SNAPSHOT_IMAGES, Recorder, projection, snapshot_steps
from aecore.worker.training.save import finish

FLOOR_SECONDS = 5.0  # until then, or the first epoch's end, all cores are for the network
CHUNK_SECONDS = 0.25  # how long one TensorFlow call should take: the answer time of Stop


@dataclass
class Stage:
    """One fit: the whole network, or one layer of a layer-by-layer schedule."""

    name: str
    settings: Phase
    objective: Objective


def train(spec: RunSpec, folder: Path, should_stop: Callable[[], bool]) -> None:
    """Train `spec` and fill `folder`, a run folder (see `aecore.store.runs`), up to `DONE`, or `STOPPED` when asked to.

    Deterministic for a seed on one machine. `should_stop` is asked about four times a second. Raises an
    `AecoreError` for a spec the data cannot serve, data that is not there, and a loss that is no longer finite.
    """
    started = time.time()
    run = Run(folder)
    run.begin(spec)
    run.write_status(state="running", message="reading the data", fraction=0.0, started=started)
    data = fetch(spec.dataset)
    check(spec, data.info)
    keras.backend.clear_session()
    keras.utils.set_random_seed(spec.seed)
    run.write_status(state="running", message="building the network", fraction=0.0, started=started)
    model = Autoencoder(spec, data.info.shape)
    with ThreadPoolExecutor(1) as pool:
        fit = Fit(run, model, data, pool)
        stopped = fit.all_stages(should_stop)
        fit.recorder.status(fit.phase, "measuring and saving")
        fit.recorder.merge_snapshots()
        evaluation = fit.recorder.rows[-1] if not stopped else None
        finish(run, model, data, fit.floor.result(), fit.summary(evaluation))
    fit.recorder.status(fit.phase, "stopped" if stopped else "finished", "stopped" if stopped else "finished")
    run.mark("STOPPED" if stopped else "DONE")


@lru_cache(maxsize=4)
def pca_floor(dataset: str) -> np.ndarray:
    """`metrics.pca_floor` of a data set, on which it alone depends: computed once a worker."""
    data = fetch(dataset)
    return metrics.pca_floor(data.train, data.validation)


def stages(model: Autoencoder) -> list[Stage]:
    """The fits that a spec's schedule asks for, in order."""
    spec = model.spec
    whole = Phase(spec.epochs, spec.optimizer, spec.learning_rate, spec.loss, spec.optimizer_arguments)
    if spec.schedule == "joint":
        return [Stage("", whole, Joint(model))]
    plan = []
    for depth in range(1, spec.layer_count + 1):
        default = whole if depth == 1 else replace(whole, loss="mse")
        phase = spec.phases[depth - 1] if spec.phases else default
        plan.append(Stage(f"layer {depth} of {spec.layer_count}", phase, LayerPhase(model, depth, phase.loss)))
    return [*plan, Stage("fine-tuning", whole, Joint(model))]


class Fit:
    """The running fit of one model: its data as tensors, its recorder, its clock."""

    def __init__(self, run: Run, model: Autoencoder, data: Data, pool: Executor) -> None:
        spec, info = model.spec, data.info
        self.model, self.spec, self.pool = model, spec, pool
        self.unit_range = info.unit_range
        self.train, self.validation = tf.constant(data.train), tf.constant(data.validation)
        self.order = np.random.default_rng(spec.seed)
        self.stages = stages(model)
        epochs = sum(stage.settings.epochs for stage in self.stages)
        self.batches = -(-info.n_train // spec.batch_size)
        self.recorder = Recorder(run, epochs * self.batches, epochs, self.batches, self.unit_range)
        self.snapshots = snapshot_steps(epochs * self.batches, self.batches)
        order = watched(len(data.validation), data.validation_labels)
        self.watched = floats(tf.constant(data.validation[order[:SNAPSHOT_CODINGS]]))
        self.basis = projection(int(np.prod(model.coding_shape)))
        self.phase = self.stages[0].name
        self.chunk = 1

    def all_stages(self, should_stop: Callable[[], bool]) -> bool:
        """Run every stage; True when asked to stop before the end."""
        for stage in self.stages:
            self.phase = stage.name
            if self._stage(stage, should_stop):
                return True
        return False

    def summary(self, evaluation: dict[str, Any] | None) -> dict[str, Any]:
        """What the metrics say about the fit itself; a stopped one is evaluated as it stands."""
        row = evaluation or self._epoch_row(self._evaluator(Joint(self.model)), self.recorder.losses[-self.batches :])
        names = ("loss", "val_loss", "val_mse", "val_bce", "penalty")
        return {
            "seconds": time.time() - self.recorder.started,
            "epochs": self.recorder.step // self.batches,
            **{f"train_{name}" if name == "loss" else name: row[name] for name in names},
        }

    def _stage(self, stage: Stage, should_stop: Callable[[], bool]) -> bool:
        recorder, settings = self.recorder, stage.settings
        optimizer = make_optimizer(settings, self.spec, settings.epochs * self.batches)
        optimizer.build(stage.objective.variables)
        run_steps = stepper(stage.objective, optimizer, self.train)
        evaluate, look = self._evaluator(stage.objective), self._looker(stage.objective)
        if recorder.step == 0:
            recorder.snapshot(*look())
            recorder.status(self.phase)
        for _ in range(settings.epochs):
            begin = recorder.step
            for batches in self._chunks():
                clock = time.perf_counter()
                losses, errors = run_steps(batches).numpy().T
                self._pace(len(batches), time.perf_counter() - clock)
                recorder.steps_done(losses, errors)
                require_finite(losses, (recorder.step - 1) // self.batches + 1, settings.learning_rate)
                if recorder.step in self.snapshots:
                    recorder.snapshot(*look())
                if time.time() - recorder.started > FLOOR_SECONDS:
                    self._look_at_floor()
                recorder.status(self.phase, force=recorder.step <= 2)
                if should_stop():
                    return True
            recorder.rows.append(self._epoch_row(evaluate, recorder.losses[begin:]))
            self._look_at_floor()
            recorder.status(self.phase)
        return False

    @cached_property
    def floor(self) -> Future[np.ndarray]:
        """`metrics.pca_floor` of the data set, computed beside the training from when it is first asked for."""
        return self.pool.submit(pca_floor, self.spec.dataset)

    def _look_at_floor(self) -> None:
        """Tell what PCA reaches once it is known."""
        if self.recorder.pca_mse is None and self.floor.done():
            self.recorder.pca_mse = metrics.pca_mse(self.floor.result(), int(np.prod(self.model.coding_shape)))

    def _chunks(self) -> Iterator[np.ndarray]:
        """One epoch's sample indices in a new order: (steps, batch size) at a time, the last batch may be short.

        A chunk is as long as its time allows and ends where a snapshot is due.
        """
        order, size = self.order.permutation(len(self.train)).astype(np.int32), self.spec.batch_size
        step, full = 0, len(order) // size
        base = self.recorder.step
        while step < full:
            due = [s - base for s in self.snapshots if step < s - base <= full]
            end = min(step + self.chunk, full, *due)
            yield order[step * size : end * size].reshape(end - step, size)
            step = end
        if full * size < len(order):
            yield order[None, full * size :]

    def _pace(self, steps: int, seconds: float) -> None:
        """Aim at the wanted time a call, growing at most fourfold: the first call includes the tracing."""
        wanted = int(steps * CHUNK_SECONDS / max(seconds, 1e-4))
        self.chunk = max(1, min(wanted, 4 * self.chunk))

    def _epoch_row(self, evaluate: Callable[[], np.ndarray], losses: list[float]) -> dict[str, Any]:
        """One row of the history; the training loss is the mean over the epoch's batches, as Keras prints it."""
        loss, penalty, val_mse, val_bce = evaluate().tolist()
        return {
            "epoch": self.recorder.step // self.batches,
            "loss": float(np.mean(losses)),
            "val_loss": loss,
            "val_mse": val_mse,
            "val_bce": val_bce if self.unit_range else None,
            "penalty": penalty,
            "phase": self.phase,
        }

    def _evaluator(self, objective: Objective) -> Callable[[], np.ndarray]:
        """Loss, penalty, MSE and BCE of the validation samples, batched as in training, on which penalties depend."""
        n, size = len(self.validation), self.spec.batch_size
        seeds = keras.random.SeedGenerator(self.spec.seed)
        first = seeds.state.numpy()

        def part(i: Any) -> Any:
            x = floats(self.validation[i * size : (i + 1) * size])
            values = [tf.cast(value, tf.float32) for value in objective.validate(x, seeds)]
            return tf.stack(values) * tf.cast(tf.shape(x)[0], tf.float32)

        @tf.function(autograph=False)
        def evaluate() -> Any:
            return tf.reduce_sum(each(-(-n // size), part), axis=0) / n

        def evaluated() -> np.ndarray:
            seeds.state.assign(first)  # the same noise and draws in every epoch
            return evaluate().numpy()

        return evaluated

    def _looker(self, objective: Objective) -> Callable[[], tuple[np.ndarray, np.ndarray, float]]:
        """What a snapshot shows: codings, a few reconstructions, and the error on the watched samples."""

        @tf.function(autograph=False)
        def look(x: Any) -> Any:
            y = objective.reconstruct(x)
            return self.model.encode(x), y[:SNAPSHOT_IMAGES], tf.reduce_mean(tf.square(x - y))

        def looked() -> tuple[np.ndarray, np.ndarray, float]:
            codings, reconstructions, error = (value.numpy() for value in look(self.watched))
            return codings if self.basis is None else codings @ self.basis, reconstructions, float(error)

        return looked


def stepper(objective: Objective, optimizer: keras.optimizers.Optimizer, train: Any) -> Callable[..., Any]:
    """A traced function: sample indices (steps, batch) to losses and squared errors (steps, 2) of as many steps."""

    def step(batch: Any) -> Any:
        x = floats(tf.gather(train, batch))
        with tf.GradientTape() as tape:
            loss, error = objective(x)
        optimizer.apply(tape.gradient(loss, objective.variables), objective.variables)
        return tf.stack([loss, error])

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False)
    def steps(batches: Any) -> Any:
        return each(tf.shape(batches)[0], lambda i: step(batches[i]))

    return steps


def each(n: Any, function: Callable[[Any], Any]) -> Any:
    """`function` of 0 to n - 1, one after the other within a traced function: its results, float32, stacked. AutoGraph
    would write this loop by itself, and then also translate all it finds inside: two thirds of the time until a network
    takes its first step."""
    found = tf.TensorArray(tf.float32, size=n)
    _, found = tf.while_loop(lambda i, _: i < n, lambda i, found: (i + 1, found.write(i, function(i))), (0, found))
    return found.stack()


def chunks(order: np.ndarray, size: int, most: int) -> Iterator[np.ndarray]:
    """One epoch's sample indices as (steps, batch size), at most so many steps at a time; the last batch may be short
    and comes alone."""
    full = len(order) // size * size
    batches = order[:full].reshape(-1, size)
    yield from (batches[start : start + most] for start in range(0, len(batches), most))
    if full < len(order):
        yield order[None, full:]


def require_finite(losses: np.ndarray, epoch: int, learning_rate: float) -> None:
    """Raise `AecoreError` where the losses of some steps are no longer numbers one could learn from."""
    if not np.all(np.isfinite(losses)):
        what = "not a number" if np.isnan(losses).any() else "infinite"
        raise AecoreError(
            f"the loss became {what} in epoch {epoch}; try a smaller learning rate than {learning_rate:g}"
        )


def floats(samples: Any) -> Any:
    """`datasets.as_float` for tensors."""
    return tf.cast(samples, tf.float32) / 255 if samples.dtype == tf.uint8 else samples
