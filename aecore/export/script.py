"""Source of a Keras script or notebook that builds and trains a run's network without this package.

This module writes text and imports nothing from Keras. The program imports NumPy and Keras only. It loads data sets
that Keras ships from there, any other from `<name>.npz` beside the program (`aecore.export` adds that file).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aecore import datasets, presets
from aecore.datasets import DatasetInfo
from aecore.errors import SpecError
from aecore.export import script_layers
from aecore.specs.optimizers import arguments
from aecore.specs.run import SPARSITY_BATCH, RunSpec

MUON = Path(__file__).parents[1] / "worker" / "training" / "muon.py"
MAX_LOG_VARIANCE = 20.0  # the run's, `aecore.worker.training.architectures`
SHIPPED_WITH_KERAS = ("fashion-mnist", "mnist")

PRINTED = {  # numbers of the run that the program prints by the same names: title, digits
    "val_loss": ("validation loss", 5),
    "val_mse": ("validation MSE", 5),
    "val_bce": ("validation BCE", 5),
    "rounded_accuracy": ("rounded accuracy", 4),
}

Cell = tuple[str, str]  # heading, code


def script(spec: RunSpec, key: str, metrics: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The program as Python source.

    Parameters
    ----------
    spec : of the run. `SpecError` if `beyond_a_program` returns a reason.
    key : of the run, for the header.
    metrics : the run's numbers; those that the program prints stand in the header.
    """
    header = '"""' + "\n".join(_header(spec, key, metrics)) + '\n"""'
    return "\n\n".join([header, *(f"# {heading}\n{code}" for heading, code in cells(spec, "script"))]) + "\n"


def notebook(spec: RunSpec, key: str, metrics: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The program as the JSON text of a Jupyter notebook (nbformat 4.5), a cell per step. Errors as `script`."""
    title, *rest = _header(spec, key, metrics)
    parts = [("markdown", "\n".join([f"# {title}", *rest]))]
    for heading, code in cells(spec, "notebook"):
        parts += [("markdown", f"## {heading}"), ("code", code)]
    book = {
        "cells": [_notebook_cell(number, kind, text) for number, (kind, text) in enumerate(parts)],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def cells(spec: RunSpec, kind: str = "script") -> list[Cell]:
    """The program in steps: (heading, code). `kind` is the format that was asked for, which a `SpecError` names."""
    if beyond := beyond_a_program(spec):
        raise SpecError(
            f"format: got {kind!r} for a run with {beyond}, allowed: keras, onnx, codings, projector, zip; a program "
            "needs weights of their own, trained in one go, without a penalty that a variant brings along"
        )
    info = datasets.info(spec.dataset)
    own_parts = _own_parts(spec, info)
    return [
        ("Set-up", _set_up(spec)),
        ("Data", _data(spec, info)),
        *([("What Keras does not have", own_parts)] if own_parts else []),
        ("Encoder", "\n".join(script_layers.encoder(spec, info))),
        ("Decoder", "\n".join(script_layers.decoder(spec, info))),
        ("Autoencoder", "\n".join(_autoencoder(spec, info))),
        ("Training", _training(spec)),
        ("Result on the validation data", _result(spec, info)),
    ]


def beyond_a_program(spec: RunSpec) -> str:
    """The parts of a spec that a program of Keras layers cannot express, in words; '' if there are none."""
    if spec.tied:
        return "tied weights"
    if spec.schedule != "joint":
        return "layer-by-layer training"
    return f"a {spec.penalty} penalty" if spec.penalty_weight > 0 else ""


def _header(spec: RunSpec, key: str, metrics: Mapping[str, Any]) -> list[str]:
    lines = [f"{presets.title(spec)} autoencoder on {spec.dataset}.", "", f"Rebuilds and trains aecore's run {key}."]
    reached = [
        f"{title} {metrics[name]:.{digits}f}"
        for name, (title, digits) in PRINTED.items()
        if metrics.get(name) is not None
    ]
    if reached:
        lines.append(f"The run reached: {', '.join(reached)}.")
    if spec.dataset not in SHIPPED_WITH_KERAS:
        lines.append(f"Start it in the folder that holds {spec.dataset}.npz.")
    return lines


def _notebook_cell(number: int, kind: str, text: str) -> dict[str, object]:
    cell: dict[str, object] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def _set_up(spec: RunSpec) -> str:
    uses_ops = spec.variational or spec.sparsity_weight > 0 or script_layers.loud(spec) or spec.optimizer == "muon"
    names = "layers, ops" if uses_ops else "layers"
    return (
        f"import keras\nimport numpy as np\nfrom keras import {names}\n\n"
        "# The network needs these settings, whatever keras.json says.\n"
        'keras.config.set_floatx("float32")\n'
        'keras.config.set_dtype_policy("float32")\n'
        'keras.config.set_image_data_format("channels_last")\n'
        "keras.config.set_epsilon(1e-7)\n"
        f"keras.utils.set_random_seed({spec.seed})"
    )


def _data(spec: RunSpec, info: DatasetInfo) -> str:
    n, labels = info.n_train, "labels" if spec.leave_out else "_"
    if spec.dataset in SHIPPED_WITH_KERAS:
        module = spec.dataset.replace("-", "_")
        code = f"(train, {labels}), (test, _) = keras.datasets.{module}.load_data()\n"
        code += f"train, validation = train[:{n}], train[{n}:]" if module == "fashion_mnist" else "validation = test"
    else:
        code = f'with np.load("{spec.dataset}.npz") as file:\n    train, validation = file["train"], file["validation"]'
        code += '\n    labels = file["train_labels"]' if spec.leave_out else ""
    if spec.leave_out:
        code += f"\ntrain = train[~np.isin(labels[:{n}], {list(spec.leave_out)})]  # without these classes"
    scale = " / 255" if info.is_image else ""
    code += f'\ntrain, validation = train.astype("float32"){scale}, validation.astype("float32"){scale}'
    if not spec.noisy_validation:
        return code
    code += "\n\n# The validation loss is that of the way from noisy to clean samples.\n"
    code += f"random = np.random.default_rng({spec.seed})\n"
    if spec.noise == "dropout":
        code += f"mask = random.random(validation.shape) >= {spec.noise_rate}\n"
        code += f"noisy_validation = validation * mask / {1 - spec.noise_rate:g}"
    else:
        code += f"noisy_validation = validation + {spec.noise_rate} * random.normal(size=validation.shape)"
    return code + ("\nnoisy_validation = np.clip(noisy_validation, 0, 1)" if spec.noise_clip else "")


def _own_parts(spec: RunSpec, info: DatasetInfo) -> str:
    parts = []
    if script_layers.loud(spec):
        parts.append(_NOISE)
    if spec.variational:
        weight = "" if spec.kl_weight == 1 else f"{spec.kl_weight} * "
        parts.append(_SAMPLING.format(weight=weight, features=info.features, limit=MAX_LOG_VARIANCE))
    if spec.sparsity_weight > 0:
        formula = _PENALTIES[spec.sparsity].format(target=spec.sparsity_target, batch=SPARSITY_BATCH)
        parts.append(_SPARSITY.format(formula=formula, weight=spec.sparsity_weight))
    if spec.optimizer == "muon":
        parts.append(_muon())
    return "\n\n\n".join(parts)


def _autoencoder(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    yield f"inputs = x = keras.Input({info.shape})"
    yield from script_layers.noise(spec, "input")
    if spec.variational:
        yield "means, log_variances = encoder(x)"
        yield "means = Divergence()([means, log_variances])"
        if spec.sparsity_weight > 0:
            yield "means = SparsityPenalty()(means)"
        yield "# It is trained and validated with a draw from each distribution, and predicts with the means."
        yield "training_model = keras.Model(inputs, decoder(Sampling()([means, log_variances])))"
        yield "autoencoder = keras.Model(inputs, decoder(means))"
    else:
        yield "codings = encoder(x)"
        if spec.sparsity_weight > 0:
            yield "codings = SparsityPenalty()(codings)"
        yield "autoencoder = keras.Model(inputs, decoder(codings))"
    yield "autoencoder.summary()"


def _training(spec: RunSpec) -> str:
    loss = LOSSES[spec.loss]
    given = "".join(f", {name}={value}" for name, value in arguments(spec.optimizer_arguments).items())
    kind = "Muon" if spec.optimizer == "muon" else f"keras.optimizers.{_OPTIMIZERS[spec.optimizer]}"
    return (
        f"{_learning_rate(spec)}\n"
        f"optimizer = {kind}(learning_rate=learning_rate{given})\n"
        f'{_trained(spec)}.compile(loss="{loss}", optimizer=optimizer)\n'
        f"{_trained(spec)}.fit(\n    train,\n    train,\n    batch_size={spec.batch_size},\n    epochs={spec.epochs},\n"
        f"    validation_data=({_validation(spec)}, validation),\n    verbose=2,\n)"
    )


def _muon() -> str:
    """The source of this package's Muon optimizer, without the docstring and the imports of its file."""
    source = MUON.read_text(encoding="utf-8")
    return source[source.index("class Muon") :].rstrip()


def _learning_rate(spec: RunSpec) -> str:
    """Code of `learning_rate`: a number, or the spec's schedule."""
    if spec.decay == "constant" and spec.warmup == 0:
        return f"learning_rate = {spec.learning_rate}"
    steps = f"steps = {spec.epochs} * -(-len(train) // {spec.batch_size})\nrise = max(1, int({spec.warmup} * steps))\n"
    schedules = "keras.optimizers.schedules"
    if spec.decay == "constant":
        return steps + f"learning_rate = {schedules}.PolynomialDecay(0.0, rise, {spec.learning_rate})"
    if spec.warmup == 0:
        return steps + f"learning_rate = {schedules}.CosineDecay({spec.learning_rate}, steps)"
    rising = f"warmup_target={spec.learning_rate}, warmup_steps=rise"
    return steps + f"learning_rate = {schedules}.CosineDecay(0.0, max(1, steps - rise), {rising})"


def _trained(spec: RunSpec) -> str:
    """The name of the model that is trained and whose loss is validated."""
    return "training_model" if spec.variational else "autoencoder"


def _validation(spec: RunSpec) -> str:
    """The name of the inputs that the loss is validated on."""
    return "noisy_validation" if spec.noisy_validation else "validation"


def _result(spec: RunSpec, info: DatasetInfo) -> str:
    given = f"{_validation(spec)}, validation, batch_size={spec.batch_size}, verbose=0"
    code = f"loss = {_trained(spec)}.evaluate({given})\n"
    if spec.variational:
        code += 'print(f"validation loss {loss:.5f} with one draw from each distribution")\n'
        code += f'autoencoder.compile(loss="{LOSSES[spec.loss]}")\n'
        code += f"loss_of_means = autoencoder.evaluate({given})\n"
        code += 'print(f"validation loss {loss_of_means:.5f} with the means")\n'
    else:
        code += 'print(f"validation loss {loss:.5f}")\n'
    code += (
        "reconstructions = autoencoder.predict(validation, verbose=0)\n"
        'print(f"validation MSE {np.mean((validation - reconstructions) ** 2):.5f}")'
    )
    if info.unit_range:
        code += (
            "\ncross_entropy = keras.losses.binary_crossentropy(validation, reconstructions)\n"
            'print(f"validation BCE {np.mean(cross_entropy):.5f}")\n'
            "same_side = np.round(validation) == np.round(reconstructions)\n"
            'print(f"rounded accuracy {np.mean(same_side):.4f}")'
        )
    return code


LOSSES = {"bce": "binary_crossentropy", "mse": "mse"}
_OPTIMIZERS = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "Nadam",
    "rmsprop": "RMSprop",
    "adadelta": "Adadelta",
}
_NOISE = '''
class Noise(keras.layers.Layer):
    """Gaussian noise while training; Keras's own layer refuses standard deviations above 1."""

    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation
        self.seed = keras.random.SeedGenerator()

    def call(self, x, training=False):
        return x + self.deviation * keras.random.normal(ops.shape(x), seed=self.seed) if training else x
'''.strip()
_SAMPLING = '''
class Divergence(keras.layers.Layer):
    """Adds the divergence of N(mean, exp(log_variance)) from N(0, 1) to the loss and passes the means on.

    It is in nats per feature, as the reconstruction loss is a mean over the features."""

    def call(self, codings):
        mean, log_variance = codings
        log_variance = ops.clip(log_variance, -{limit}, {limit})
        divergence = -0.5 * ops.sum(1 + log_variance - ops.exp(log_variance) - ops.square(mean), axis=-1)
        self.add_loss({weight}ops.mean(divergence) / {features})
        return mean


class Sampling(keras.layers.Layer):
    """A draw from N(mean, exp(log_variance))."""

    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator()

    def call(self, codings):
        mean, log_variance = codings
        log_variance = ops.clip(log_variance, -{limit}, {limit})
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.seed)
'''.strip()
_SPARSITY = '''
class SparsityPenalty(keras.layers.Layer):
    """Adds a penalty on a batch of codings to the loss and passes them on."""

    def call(self, codings):
{formula}
        self.add_loss({weight} * penalty)
        return codings
'''.strip()
_PENALTIES = {
    "l1": "        penalty = ops.mean(ops.sum(ops.abs(codings), axis=-1))",
    "l2": "        penalty = ops.mean(ops.sum(ops.square(codings), axis=-1))",
    "mse": """        means = ops.mean(codings, axis=0)
        penalty = ops.sum(ops.square(means - {target})) / {batch}""",
    "kl": """        p, q = {target}, ops.clip(ops.mean(codings, axis=0), 1e-7, 1 - 1e-7)
        penalty = ops.sum(p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q))) / {batch}""",
}
