"""The training loop: `train` turns a spec into a complete run folder.

`train` builds the model and a `Fit`. `Fit.all_stages` loops over the stages (one, or one per layer and a fine-tuning),
each stage over its epochs, each epoch over its chunks of batches; `stepper` is the traced gradient step, which trains a
whole chunk in one TensorFlow call. Between chunks the loop records the losses of single steps, takes snapshots and
checks for a stop. Images stay in memory as bytes and are converted to floats batch by batch.
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
from aecore.datasets import Data, check, watched, without_classes
from aecore.errors import AecoreError
from aecore.specs.run import Phase, RunSpec
from aecore.store.runs import Run
from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.download import fetch
from aecore.worker.training.objectives import Joint, LayerPhase, Objective, apply_gradients, make_optimizer
from aecore.worker.training.record import SNAPSHOT_CODINGS, SNAPSHOT_IMAGES, Recorder, projection, snapshot_steps
from aecore.worker.training.save import finish

PCA_AFTER_SECONDS = 5.0  # or after the first epoch, since the thread that computes PCA occupies a core
CHUNK_SECONDS = 0.25  # intended duration of a TensorFlow call, after which a stop takes effect


@dataclass
class Stage:
    """A stage of the training: the whole network, or one pair of layers of a layer-by-layer schedule."""

    name: str
    settings: Phase
    objective: Objective


def train(spec: RunSpec, folder: Path, should_stop: Callable[[], bool]) -> None:
    """Train `spec` and fill `folder`, a run folder (see `aecore.store.runs`), up to the mark `DONE` or `STOPPED`.

    Deterministic for a seed on one machine. `should_stop` is called about four times a second. Raises an
    `AecoreError` for a spec that does not fit the data, missing data, and a loss that is no longer finite.
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
        fit = Fit(run, model, without_classes(data, spec.leave_out), pool)
        stopped = fit.all_stages(should_stop)
        fit.recorder.status(fit.phase, "measuring and saving")
        fit.recorder.merge_snapshots()
        evaluation = fit.recorder.rows[-1] if not stopped else None
        finish(run, model, data, fit.pca_errors.result(), fit.summary(evaluation))
    fit.recorder.status(fit.phase, "stopped" if stopped else "finished", "stopped" if stopped else "finished")
    run.mark("STOPPED" if stopped else "DONE")


@lru_cache(maxsize=4)
def pca_errors(dataset: str, leave_out: tuple[int, ...] = ()) -> np.ndarray:
    """`metrics.pca_errors` of a data set: PCA's validation MSE by number of components, fitted without the classes
    `leave_out`; cached for later trainings."""
    data = without_classes(fetch(dataset), leave_out)
    return metrics.pca_errors(data.train, data.validation)


def stages(model: Autoencoder) -> list[Stage]:
    """The stages of a spec's schedule, in order."""
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
    """The training of one model.

    Parameters
    ----------
    run : the folder to fill.
    model : untrained.
    data : training and validation samples; both become tensors of the same dtype.
    pool : executor that computes PCA during the training.

    Attributes
    ----------
    recorder : losses, history and progress so far.
    chunk : number of steps in the next TensorFlow call.
    phase : the name of the current stage.
    """

    def __init__(self, run: Run, model: Autoencoder, data: Data, pool: Executor) -> None:
        spec, info = model.spec, data.info
        self.model, self.spec, self.pool = model, spec, pool
        self.unit_range = info.unit_range
        self.train, self.validation = tf.constant(data.train), tf.constant(data.validation)
        self.order = np.random.default_rng(spec.seed)
        self.stages = stages(model)
        epochs = sum(stage.settings.epochs for stage in self.stages)
        self.batches = -(-info.n_train // spec.batch_size)  # an epoch
        self.recorder = Recorder(run, epochs * self.batches, epochs, self.batches, info.is_image)
        self.snapshots = snapshot_steps(epochs * self.batches, self.batches)
        watched_order = watched(len(data.validation), data.validation_labels)
        self.watched = floats(tf.constant(data.validation[watched_order[:SNAPSHOT_CODINGS]]))
        self.basis = projection(int(np.prod(model.coding_shape)))
        self.phase = self.stages[0].name
        self.chunk = 1

    def all_stages(self, should_stop: Callable[[], bool]) -> bool:
        """Train every stage; returns True if it was stopped before the end."""
        for stage in self.stages:
            self.phase = stage.name
            if self._stage(stage, should_stop):
                return True
        return False

    def summary(self, last_epoch: dict[str, Any] | None) -> dict[str, Any]:
        """The training's entries of `metrics.json`; without a row of the last epoch the model is evaluated now."""
        row = last_epoch
        if row is None:
            row = self._epoch_row(self._evaluation(Joint(self.model))(), self.recorder.losses[-self.batches :])
        names = ("loss", "val_loss", "val_mse", "val_bce", "penalty")
        return {
            "seconds": time.time() - self.recorder.started,
            "epochs": self.recorder.step // self.batches,
            **{f"train_{name}" if name == "loss" else name: row[name] for name in names},
        }

    def _stage(self, stage: Stage, should_stop: Callable[[], bool]) -> bool:
        """Train one stage; returns True if it was stopped before its end."""
        recorder, settings = self.recorder, stage.settings
        optimizer = make_optimizer(settings, self.spec, settings.epochs * self.batches)
        optimizer.build(stage.objective.variables)
        run_steps = stepper(stage.objective, optimizer, self.train)
        evaluate, show = self._evaluation(stage.objective), snapshot_fn(self.model, stage.objective)
        if recorder.step == 0:
            self._snapshot(show)
            recorder.status(self.phase)
        for _ in range(settings.epochs):
            first_step = recorder.step
            for batches in self._chunks():  # (steps, batch size)
                clock = time.perf_counter()
                losses, errors = run_steps(batches).numpy().T  # (steps,) each
                self._pace(len(batches), time.perf_counter() - clock)
                recorder.steps_done(losses, errors)
                require_finite(losses, (recorder.step - 1) // self.batches + 1, settings.learning_rate)
                if recorder.step in self.snapshots:
                    self._snapshot(show)
                if time.time() - recorder.started > PCA_AFTER_SECONDS:
                    self._record_pca()
                recorder.status(self.phase, force=recorder.step <= 2)
                if should_stop():
                    return True
            recorder.rows.append(self._epoch_row(evaluate(), recorder.losses[first_step:]))
            self._record_pca()
            recorder.status(self.phase)
        return False

    @cached_property
    def pca_errors(self) -> Future[np.ndarray]:
        """`pca_errors` of the training data; the first access starts the computation in parallel to the training."""
        return self.pool.submit(pca_errors, self.spec.dataset, self.spec.leave_out)

    def _record_pca(self) -> None:
        """Pass PCA's error with as many components as codings to the recorder, once it is computed."""
        if self.recorder.pca_mse is None and self.pca_errors.done():
            self.recorder.pca_mse = metrics.pca_mse(self.pca_errors.result(), int(np.prod(self.model.coding_shape)))

    def _snapshot(self, show: Callable[[Any], Any]) -> None:
        """Record the codings (wide ones projected) and the reconstructions of the watched samples."""
        codings, reconstructions, error = (value.numpy() for value in show(self.watched))
        self.recorder.snapshot(codings if self.basis is None else codings @ self.basis, reconstructions, float(error))

    def _chunks(self) -> Iterator[np.ndarray]:
        """Chunks of one epoch's sample indices in a new order, each (steps, batch size); the last batch may be short.

        A chunk has at most `chunk` steps and ends before a snapshot.
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
        """Set `chunk` for calls of `CHUNK_SECONDS`; at most four times the last value, as the first call traces."""
        wanted = int(steps * CHUNK_SECONDS / max(seconds, 1e-4))
        self.chunk = max(1, min(wanted, 4 * self.chunk))

    def _epoch_row(self, evaluation: np.ndarray, losses: list[float]) -> dict[str, Any]:
        """An epoch's row of the history; as in Keras, the training loss is the mean over the epoch's batches."""
        loss, penalty, val_mse, val_bce = evaluation.tolist()
        return {
            "epoch": self.recorder.step // self.batches,
            "loss": float(np.mean(losses)),
            "val_loss": loss,
            "val_mse": val_mse,
            "val_bce": val_bce if self.unit_range else None,
            "penalty": penalty,
            "phase": self.phase,
        }

    def _evaluation(self, objective: Objective) -> Evaluation:
        return Evaluation(objective, self.validation, self.spec.batch_size, self.spec.seed)


class Evaluation:
    """Validation of an objective; a call returns loss, penalty, MSE and BCE as an array (4,).

    They are means over the samples (n, …), in batches of the training's size, on which some penalties depend. Noise and
    sampling use the same `seed` in every call.
    """

    def __init__(self, objective: Objective, samples: Any, batch_size: int, seed: int) -> None:
        self.objective, self.samples, self.batch_size = objective, samples, batch_size
        self.seeds = keras.random.SeedGenerator(seed)
        self.first_state = self.seeds.state.numpy()
        self.means = tf.function(self._means, autograph=False)

    def __call__(self) -> np.ndarray:
        self.seeds.state.assign(self.first_state)
        return self.means().numpy()

    def _means(self) -> Any:
        n = len(self.samples)
        return tf.reduce_sum(one_by_one(self._batch_sum, -(-n // self.batch_size)), axis=0) / n

    def _batch_sum(self, i: Any) -> Any:
        """The four values of the i-th batch times its number of samples."""
        x = floats(self.samples[i * self.batch_size : (i + 1) * self.batch_size])
        values = [tf.cast(value, tf.float32) for value in self.objective.validate(x, self.seeds)]
        return tf.stack(values) * tf.cast(tf.shape(x)[0], tf.float32)


def snapshot_fn(model: Autoencoder, objective: Objective) -> Callable[[Any], Any]:
    """A traced function from samples (n, …) to codings (n, d), the first 16 reconstructions and the MSE of all."""

    @tf.function(autograph=False)
    def show(x: Any) -> Any:
        y = objective.reconstruct(x)
        return model.encode(x), y[:SNAPSHOT_IMAGES], tf.reduce_mean(tf.square(x - y))

    return show


def stepper(objective: Objective, optimizer: keras.optimizers.Optimizer, train: Any) -> Callable[..., Any]:
    """A traced function that trains on sample indices (steps, batch); returns losses and squared errors (steps, 2)."""

    def step(indices: Any) -> Any:
        x = floats(tf.gather(train, indices))  # (batch, *shape)
        with tf.GradientTape() as tape:
            loss, error = objective(x)  # scalars
        apply_gradients(optimizer, tape.gradient(loss, objective.variables), objective.variables)
        return tf.stack([loss, error])

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False)
    def steps(batches: Any) -> Any:
        return one_by_one(lambda i: step(batches[i]), tf.shape(batches)[0])

    return steps


def one_by_one(function: Callable[[Any], Any], n: Any) -> Any:
    """Stacked float32 results of `function` for 0 to n - 1 in that order, for use within a traced function."""
    return tf.map_fn(function, tf.range(n), fn_output_signature=tf.float32, parallel_iterations=1)


def chunks(order: np.ndarray, size: int, most: int) -> Iterator[np.ndarray]:
    """Chunks (steps, batch size) of one epoch's sample indices, with at most `most` steps each; a short last batch is
    a chunk (1, rest)."""
    full = len(order) // size * size
    batches = order[:full].reshape(-1, size)
    yield from (batches[start : start + most] for start in range(0, len(batches), most))
    if full < len(order):
        yield order[None, full:]


def require_finite(losses: np.ndarray, epoch: int, learning_rate: float) -> None:
    """Raise `AecoreError` if one of the losses (steps,) is infinite or NaN."""
    if not np.all(np.isfinite(losses)):
        what = "not a number" if np.isnan(losses).any() else "infinite"
        raise AecoreError(
            f"the loss became {what} in epoch {epoch}; try a smaller learning rate than {learning_rate:g}"
        )


def floats(samples: Any) -> Any:
    """`datasets.as_float` for tensors, with equal results: uint8 divided by 255, other dtypes unchanged.

    TensorFlow replaces a division by a constant with a product, which in float32 rounds half of the 256 values
    differently; rounded from float64, both are equal.
    """
    return tf.cast(tf.cast(samples, tf.float64) / 255, tf.float32) if samples.dtype == tf.uint8 else samples
