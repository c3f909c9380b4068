"""How long until a model is as good as published: the recipe as printed against the project's fast recipe.

One row a model: median seconds until an epoch ends with a validation loss at or below the published one. *Printed* is
a plain Keras model and `Model.fit` as the book has them, written here, in as many epochs as printed at most, with a
callback that looks at the validation loss and nothing else (no further metric). *Fast* is the preset of the same
model, through the project's own loop, with everything it records. Building and tracing or compiling count, importing
and reading data do not. Each measurement is a process of its own; seeds and sides are interleaved. Where a recipe
does not get there in its epochs, its time is that of all of them, and `≥` says that it would have taken longer.
Goals: dense 20 times, variational 10 times, convolutional and recurrent 5 times.

    python -m tests.bench.time_to_loss [MODEL ...] [--repeats N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aecore import datasets, presets
from aecore.specs.run import RunSpec
from tests.bench.common import print_table
from tests.bench.loop import apart, ours

# How a model is fitted; in all other fields of the spec the two recipes are the same.
FIT = {"optimizer", "optimizer_arguments", "learning_rate", "decay", "warmup", "batch_size", "epochs", "seed"}


@dataclass(frozen=True)
class Race:
    """A printed recipe, the fast one of the same model, and how many times faster it should be."""

    printed: str
    fast: str
    goal: float


RACES = {
    "stacked": Race("geron-stacked", "fast-stacked", 20),
    "tied": Race("geron-tied", "fast-tied", 20),
    "variational": Race("geron-variational", "fast-variational", 10),
    "convolutional": Race("geron-convolutional", "fast-convolutional", 5),
    "recurrent": Race("geron-recurrent", "fast-recurrent", 5),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(RACES)}; all where none is named")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="measurements of each side (default 3)")
    parser.add_argument("--measure", choices=("printed", "fast"), help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=42, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if unknown := [name for name in args.models if name not in RACES]:
        parser.error(f"MODEL: got {unknown[0]!r}, allowed: {', '.join(RACES)}")
    if args.measure:
        (name,) = args.models
        print(json.dumps(measured(name, args.measure, args.seed)))
        return
    print_table(
        f"Seconds to the published validation loss, medians of {args.repeats} interleaved runs",
        ("model", "published", "printed", "epochs", "reached", "fast", "epochs", "reached", "times", "goal"),
        [raced(name, args.repeats) for name in args.models or RACES],
    )


def raced(name: str, repeats: int) -> tuple[object, ...]:
    """A row of the table."""
    race = RACES[name]
    require_same_model(presets.get(race.printed).spec, presets.get(race.fast).spec)
    runs: dict[str, list[dict[str, Any]]] = {"printed": [], "fast": []}
    for repeat in range(repeats):
        for side, results in runs.items():
            results.append(apart(__spec__.name, name, "--measure", side, "--seed", 42 + repeat))
    seconds = {side: statistics.median(run["seconds"] for run in results) for side, results in runs.items()}
    columns: list[object] = []
    for side, results in runs.items():
        missed = sum(run["val_loss"] > published(name) for run in results)
        epochs = statistics.median(run["epochs"] for run in results)
        columns += [
            f"{'≥ ' if 2 * missed > repeats else ''}{seconds[side]:.1f}",
            f"{epochs:g}",
            f"{repeats - missed} of {repeats}",
        ]
    times = f"{seconds['printed'] / seconds['fast']:.1f}"
    return name, published(name), *columns, times, race.goal


def require_same_model(printed: RunSpec, fast: RunSpec) -> None:
    wanted = printed.to_dict()
    if other := {name for name, value in fast.to_dict().items() if value != wanted[name]} - FIT:
        raise SystemExit(f"fast recipe: got another {', '.join(sorted(other))} than printed, allowed: the same model")


def published(name: str) -> float:
    return (presets.get(RACES[name].printed).published or {})["val_loss"]


def measured(name: str, side: str, seed: int) -> dict[str, Any]:
    """Seconds, epochs and validation loss when it was low enough, or at the recipe's end."""
    preset = presets.get(getattr(RACES[name], side))
    if side == "printed":
        return by_keras(name, preset.spec, seed, published(name))
    last = ours(preset.spec.replace(seed=seed), lambda row: row["val_loss"] <= published(name))[-1]
    return {"seconds": last["seconds"], "epochs": last["epoch"], "val_loss": last["val_loss"]}


def by_keras(name: str, spec: RunSpec, seed: int, wanted: float) -> dict[str, Any]:
    import keras

    class Enough(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self.epochs, self.val_loss = epoch + 1, (logs or {})["val_loss"]
            self.model.stop_training = self.val_loss <= wanted

    data = datasets.load(spec.dataset)
    x, validation = (datasets.as_float(part) for part in (data.train, data.validation))
    build, optimizer = PRINTED[name]
    enough = Enough()
    started = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer=optimizer(), loss="binary_crossentropy")
    model.fit(
        x, x, spec.batch_size, spec.epochs, validation_data=(validation, validation), callbacks=[enough], verbose=0
    )
    return {"seconds": time.perf_counter() - started, "epochs": enough.epochs, "val_loss": enough.val_loss}


def stacked() -> Any:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28)),
            layers.Flatten(),
            layers.Dense(100, "selu"),
            layers.Dense(30, "selu"),
            layers.Dense(100, "selu"),
            layers.Dense(784, "sigmoid"),
            layers.Reshape((28, 28)),
        ]
    )


def tied() -> Any:
    from keras import Input, Sequential, activations, layers, ops

    class Transposed(layers.Layer):
        """A dense layer with another one's kernel, transposed, and a bias of its own."""

        def __init__(self, dense: Any, activation: str) -> None:
            super().__init__()
            self.kernel = lambda: dense.kernel  # not as an attribute, which Keras would count among its own weights
            self.activation = activations.get(activation)

        def build(self, shape: tuple[int, ...]) -> None:
            self.bias = self.add_weight(shape=(self.kernel().shape[0],), initializer="zeros")

        def call(self, x: Any) -> Any:
            return self.activation(ops.matmul(x, ops.transpose(self.kernel())) + self.bias)

    outer, inner = layers.Dense(100, "selu"), layers.Dense(30, "selu")
    return Sequential(
        [
            Input((28, 28)),
            layers.Flatten(),
            outer,
            inner,
            Transposed(inner, "selu"),
            Transposed(outer, "sigmoid"),
            layers.Reshape((28, 28)),
        ]
    )


def convolutional() -> Any:
    from keras import Input, Sequential, layers

    down = []
    for filters in (16, 32, 64):
        down += [layers.Conv2D(filters, 3, padding="same", activation="selu"), layers.MaxPool2D(2)]
    return Sequential(
        [
            Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            *down,
            layers.Conv2DTranspose(32, 3, strides=2, padding="valid", activation="selu"),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="selu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
            layers.Reshape((28, 28)),
        ]
    )


def recurrent() -> Any:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28)),
            layers.LSTM(100, return_sequences=True),
            layers.LSTM(30),
            layers.RepeatVector(28),
            layers.LSTM(100, return_sequences=True),
            layers.TimeDistributed(layers.Dense(28, activation="sigmoid")),
        ]
    )


def variational() -> Any:
    import keras
    from keras import layers, ops

    class Draw(layers.Layer):
        """A draw from each distribution; the divergence from the standard normal, a pixel, is added to the loss."""

        def call(self, inputs: Any) -> Any:
            mean, log_var = inputs
            kl = -0.5 * ops.sum(1 + log_var - ops.exp(log_var) - ops.square(mean), axis=-1)
            self.add_loss(ops.mean(kl) / 784)
            return mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean))

    inputs = keras.Input((28, 28))
    x = layers.Flatten()(inputs)
    for units in (150, 100):
        x = layers.Dense(units, "selu")(x)
    x = Draw()([layers.Dense(10)(x), layers.Dense(10)(x)])
    for units in (100, 150):
        x = layers.Dense(units, "selu")(x)
    return keras.Model(inputs, layers.Reshape((28, 28))(layers.Dense(784, "sigmoid")(x)))


def _sgd(rate: float) -> Callable[[], Any]:
    def make() -> Any:
        import keras

        return keras.optimizers.SGD(rate)

    return make


# Batch size and epochs come from the printed recipe; "rmsprop" is Keras's, with a learning rate of 0.001.
PRINTED: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "stacked": (stacked, _sgd(1.5)),
    "tied": (tied, _sgd(1.5)),
    "variational": (variational, lambda: "rmsprop"),
    "convolutional": (convolutional, _sgd(1.0)),
    "recurrent": (recurrent, _sgd(0.1)),
}


if __name__ == "__main__":
    main()
