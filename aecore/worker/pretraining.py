"""Training of a pretraining experiment: classifiers on a pretrained encoder against the same ones from scratch.

All trainings of an experiment use one network, which TensorFlow traces once. Each starts by assigning weights: those of
a new network of its seed, and for a pretrained encoder a copy of the autoencoder's. The codings of a frozen encoder are
constant, so they are computed once and the head is trained on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aecore.worker.training import keras_file  # before Keras, whose backend the package chooses

# isort: split

import keras
import tensorflow as tf
from keras import layers

from aecore.datasets import Data, balanced
from aecore.errors import AecoreError, DatasetError, RunError
from aecore.specs.pretraining import ARMS, PretrainSpec
from aecore.specs.run import RunSpec
from aecore.store import experiments, runs
from aecore.store.experiments import Experiment, Row
from aecore.store.files import write_json
from aecore.store.lease import Lease
from aecore.store.progress import ProgressWriter, Stopped, seconds_left
from aecore.store.runs import Run
from aecore.worker.training.architectures import build_encoder
from aecore.worker.training.download import fetch
from aecore.worker.training.fit import chunks, floats, one_by_one, train
from aecore.worker.training.layers import DTYPE, LayerMaker, keras_model
from aecore.worker.training.objectives import apply_gradients, constant_rate

STEPS = 100  # batches in one TensorFlow call, after which a stop takes effect
BATCH = 500  # samples encoded at a time
AUTOENCODER_SHARE = 0.3  # share of the progress bar for the training of a missing autoencoder
OVERHEAD = 2000  # time to start and evaluate a classifier, in units of the time for one training sample


class Training(NamedTuple):
    """One classifier of an experiment: number of labels, seed and arm."""

    labels: int
    seed: int
    arm: str

    def frozen_epochs(self, spec: PretrainSpec) -> int:
        """Number of epochs in which only the head is trained."""
        return {"scratch": 0, "pretrained": spec.frozen_epochs, "frozen": spec.epochs}[self.arm]

    def presented(self, spec: PretrainSpec) -> int:
        """Number of training samples in forward and backward passes through the encoder."""
        return self.labels * (spec.epochs - self.frozen_epochs(spec))


def trainings(spec: PretrainSpec) -> list[Training]:
    """All trainings of an experiment, ordered by number of labels, seed and arm: quick ones first."""
    return [Training(n, seed, arm) for n in spec.labels for seed in range(1, spec.seeds + 1) for arm in ARMS]


def compute(spec: PretrainSpec, folder: Path, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Run the experiment and write its folder, `cache/pretraining/<key>/`, see `aecore.store.experiments`.

    The autoencoder's run is trained into `cache/runs/` first, unless it is finished. A stop marks the results so far
    `STOPPED`; before the first result it leaves no mark. Raises an `AecoreError` with one line for data without
    labels, numbers of labels that do not fit the data, and a loss that is not finite.
    """
    folder.mkdir(parents=True, exist_ok=True)
    experiments.describe(spec, folder)
    progress = ProgressWriter(Experiment(folder), should_stop)
    results: dict[str, Any] = {"rows": [], "presented": 0, "seconds": 0.0}
    try:
        progress.write("reading the data", 0.0)
        data = fetch(spec.autoencoder.dataset)
        labels_of(spec, data)  # raises before anything is trained
        run = runs.run_of(spec.autoencoder, folder.parent.parent)
        begin = 0.0
        if run.state != "finished":
            begin = AUTOENCODER_SHARE
            _train_autoencoder(run, spec.autoencoder, progress)
        progress.write("building the classifier", begin)
        clock = time.monotonic()
        contest = Contest(spec, data, trained_encoder(run))
        plan = trainings(spec)
        total = sum(training.presented(spec) + OVERHEAD for training in plan)
        done = 0
        for training in plan:
            message = f"{training.labels:,} labels, seed {training.seed} of {spec.seeds}, {ARMS[training.arm]}"
            cost = training.presented(spec) + OVERHEAD
            for part in contest.train(training):
                share = (done + part * cost) / total
                progress.update(message, begin + (1 - begin) * share, seconds_left(time.monotonic() - clock, share))
            done += cost
            results["rows"].append(Row(*training, round(contest.accuracy(), 4)))
            results["presented"] += training.presented(spec)
            results["seconds"] = round(time.monotonic() - clock, 1)
            write_json(folder / "results.json", results)
    except Stopped:
        if results["rows"]:
            progress.finish("STOPPED")
        return
    progress.finish()


def labels_of(spec: PretrainSpec, data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the training and of the validation samples, (n_train,) and (n_validation,).

    Raises an `AecoreError` with one line if no classifier can be trained on them.
    """
    spec.check(data.info)
    if data.train_labels is None or data.validation_labels is None:
        raise DatasetError(f"dataset: got {data.info.name!r}, whose copy has no labels; allowed: data with labels")
    counts = np.bincount(data.train_labels, minlength=len(data.info.classes))
    rarest = int(counts.argmin())
    if counts[rarest] < 2:
        raise DatasetError(
            f"labels: got {counts[rarest]} training examples of class {data.info.classes[rarest]!r}, "
            "allowed: at least 2 of each class"
        )
    return data.train_labels, data.validation_labels


def trained_encoder(run: Run) -> keras.Model:
    """The encoder of a finished run, with its saved weights."""
    return keras_file.read(run.folder / "model.keras").get_layer("encoder")


def build_classifier(
    spec: PretrainSpec, shape: tuple[int, ...], classes: int, seed: int
) -> tuple[keras.Model, keras.Model]:
    """An encoder, samples (n, *shape) to codings (n, d), and a head, codings to logits (n, classes), of that seed.

    The encoder is the autoencoder's without the noise on its codings; a variational one gives the means.
    """
    make = LayerMaker(seed)
    whole = build_encoder(spec.autoencoder.replace(noise_rate=0), shape, make)
    encoder = keras_model(whole.input, whole.get_layer("codings").output, "encoder")
    codings = keras.Input(encoder.output.shape[1:], name="codings", dtype=DTYPE)
    hidden = make(layers.Dense, spec.head, "selu", name="head")(codings)
    return encoder, keras_model(codings, make(layers.Dense, classes, name="logits")(hidden), "head")


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Assign to every layer of `target` the weights of the layer of the same name in `source`.

    `keras.models.clone_model` copies the architecture only and draws new weights.
    """
    for layer in target.layers:
        layer.set_weights(source.get_layer(layer.name).get_weights())


class Contest:
    """The network that all trainings of an experiment use, one after the other.

    Parameters
    ----------
    spec : the experiment.
    data : with labels.
    source : the autoencoder's trained encoder; not modified.
    """

    def __init__(self, spec: PretrainSpec, data: Data, source: keras.Model) -> None:
        self.spec, self.data, self.source = spec, data, source
        self.labels, self.validation_labels = labels_of(spec, data)
        self.encoder, self.head = self._fresh(0)
        self.validation = tf.constant(data.validation)
        codings = tf.TensorSpec((None, *self.encoder.output.shape[1:]))
        samples = tf.TensorSpec((None, *data.info.shape), self.validation.dtype)
        everything = self.encoder.trainable_variables + self.head.trainable_variables
        self.tune_head = Tuner(self.head, codings, self.head.trainable_variables, spec)
        self.tune_all = Tuner(lambda x: self.head(self.encoder(floats(x), training=True)), samples, everything, spec)
        self._encode = tf.function(lambda x: self.encoder(floats(x)), input_signature=[samples], autograph=False)

    def train(self, training: Training) -> Iterator[float]:
        """Train one classifier; yields the share done after every `STEPS` batches."""
        spec = self.spec
        self._begin(training)
        index = labelled(self.labels, training.labels, training.seed)
        x, y = tf.constant(self.data.train[index]), tf.constant(self.labels[index], tf.int32)
        frozen = training.frozen_epochs(spec)
        codings = self._codings(x) if frozen else None
        order = np.random.default_rng(training.seed)
        for epoch in range(spec.epochs):
            tune, inputs = (self.tune_head, codings) if epoch < frozen else (self.tune_all, x)
            for batches in chunks(order.permutation(len(index)), spec.batch_size, STEPS):
                if not np.isfinite(tune(inputs, y, batches)):
                    raise AecoreError(
                        f"the loss became infinite with {training.labels:,} labels in epoch {epoch + 1}; "
                        f"try a smaller learning rate than {spec.learning_rate:g}"
                    )
                yield epoch / spec.epochs

    def accuracy(self) -> float:
        """Share of the validation samples that the classifier assigns to their class."""
        guesses = self.head(self._codings(self.validation)).numpy().argmax(axis=1)
        return float(np.mean(guesses == self.validation_labels))

    def _begin(self, training: Training) -> None:
        """Assign the initial weights of a training; the head's are the same for all arms of a seed."""
        encoder, head = self._fresh(training.seed)
        copy_weights(encoder if training.arm == "scratch" else self.source, self.encoder)
        copy_weights(head, self.head)
        self.tune_head.reset()
        self.tune_all.reset()

    def _fresh(self, seed: int) -> tuple[keras.Model, keras.Model]:
        return build_classifier(self.spec, self.data.info.shape, len(self.data.info.classes), seed)

    def _codings(self, samples: Any) -> Any:
        parts = [self._encode(samples[start : start + BATCH]) for start in range(0, len(samples), BATCH)]
        return tf.concat(parts, axis=0)


class Tuner:
    """Gradient steps on some of a classifier's variables, with an optimizer that can be reset.

    Parameters
    ----------
    logits : maps a batch of inputs to logits (n, classes).
    inputs : shape and type of the inputs, (n, …).
    variables : the variables to train.
    """

    def __init__(
        self, logits: Callable[[Any], Any], inputs: tf.TensorSpec, variables: list[Any], spec: PretrainSpec
    ) -> None:
        optimizer = type(keras.optimizers.get(spec.optimizer))(learning_rate=constant_rate(spec.learning_rate))
        optimizer.build(variables)
        self._state, self._start = optimizer.variables, [variable.numpy() for variable in optimizer.variables]
        signature = [inputs, tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None, None), tf.int32)]

        def step(samples: Any, labels: Any, batch: Any) -> Any:
            with tf.GradientTape() as tape:
                predicted = logits(tf.gather(samples, batch))
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), predicted)
                loss = tf.reduce_mean(losses)
            apply_gradients(optimizer, tape.gradient(loss, variables), variables)
            return loss

        @tf.function(input_signature=signature, autograph=False)
        def steps(samples: Any, labels: Any, batches: Any) -> Any:
            return tf.reduce_mean(one_by_one(lambda i: step(samples, labels, batches[i]), tf.shape(batches)[0]))

        self.steps = steps

    def __call__(self, samples: Any, labels: Any, batches: np.ndarray) -> float:
        """Take one step for each row of `batches`, indices (steps, batch size); returns the mean cross-entropy."""
        return float(self.steps(samples, labels, tf.constant(batches, tf.int32)))

    def reset(self) -> None:
        """Set the optimizer's state back to its start."""
        for variable, value in zip(self._state, self._start, strict=True):
            variable.assign(value)


def labelled(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Indices (n,) of the labelled training samples of a seed: random, balanced over the classes.

    If n is no multiple of the number of classes, the classes with one more are random. For one seed, the indices for a
    smaller n are the beginning of those for a larger n.
    """
    return balanced(np.random.default_rng(seed).permutation(len(labels)), labels)[:n]


def _train_autoencoder(run: Run, spec: RunSpec, progress: ProgressWriter) -> None:
    """Train the autoencoder's run under a lease of that run; the result is an ordinary run."""
    lease = Lease(run.folder)
    if not lease.acquire():
        raise RunError(f"run {run.key}: another process trains this autoencoder; wait for it, then start again")

    def should_stop() -> bool:
        lease.beat()
        share = float(run.status().get("fraction") or 0.0)
        progress.write("training the autoencoder", AUTOENCODER_SHARE * share)
        return progress.should_stop()

    try:
        run.clear()
        train(spec, run.folder, should_stop)
    finally:
        lease.release()
    if run.state != "finished":
        raise Stopped
