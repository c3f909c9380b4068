"""The file `model.keras`: a network of Keras's own layers, which `keras.saving.load_model` opens without this package.

The saved model maps samples to reconstructions, as a run does when it is not training: without noise and with the mean
of a variational encoder. Its layers are two functional models, `encoder` and `decoder`. Folders of older versions hold
an `Autoencoder` instead, a class of this package; `read` opens both kinds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
from keras import layers, ops

from aecore.worker.training.architectures import Autoencoder
from aecore.worker.training.layers import OWN_ACTIVATIONS, BatchNormalization, Corruption, TiedDense, keras_model


def write(model: Autoencoder, path: Path) -> None:
    """Write `functional(model)` to `path`, without optimizer state."""
    write_beside(path, functional(model).save)


def read(path: Path) -> keras.Model:
    """The model of a file that any version wrote, as `functional` describes it."""
    model = keras.saving.load_model(path)
    return functional(model) if isinstance(model, Autoencoder) else model


def content(model: keras.Model) -> bytes:
    """The bytes of a file that Keras opens as `model`."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        return (Path(folder) / "model.keras").read_bytes()


def functional(model: Autoencoder) -> keras.Model:
    """A copy of the network in Keras's own layers, from samples (n, *shape) to reconstructions (n, *shape).

    `get_layer("encoder")` maps samples to codings (n, d), a variational one to [means, log-variances];
    `get_layer("decoder")` maps codings to reconstructions. Tied kernels become kernels of their own.
    """
    encoder, decoder = _copied(model.encoder), _copied(model.decoder)
    samples = keras.Input(model.sample_shape, dtype=encoder.input.dtype, name="samples")
    codings = encoder(samples)
    return keras_model(samples, decoder(codings[0] if model.spec.variational else codings), "autoencoder")


def write_beside(path: Path, write: Callable[[str], object]) -> None:
    """Let `write` fill a file with the same suffix beside `path`, then move it there."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        target = Path(folder) / path.name
        write(str(target))
        os.replace(target, path)


def _copied(half: keras.Model) -> keras.Model:
    """The encoder or decoder with the same weights in Keras's own layers."""
    copy = keras.models.clone_model(half, clone_function=_keras_layer)
    for layer in half.layers:
        if isinstance(layer, TiedDense):
            copy.get_layer(layer.name).set_weights([ops.transpose(layer.dense.kernel), layer.bias])
        elif not isinstance(layer, Corruption):
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    return copy


def _keras_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A layer of Keras's that computes what `layer` does when it is not training, with new weights."""
    common = {"name": layer.name, "dtype": layer.dtype_policy.name}
    if isinstance(layer, TiedDense):
        return layers.Dense(layer.units, _named(layer.activation), **common)
    if isinstance(layer, Corruption):
        return layers.Identity(**common)
    kind = layers.BatchNormalization if isinstance(layer, BatchNormalization) else type(layer)
    config = layer.get_config()
    return kind.from_config({**config, "activation": _named(layer.activation)} if "activation" in config else config)


def _named(activation: Callable[..., object]) -> object:
    """An activation as the argument of a layer that does not need this package."""
    return next((name for name, own in OWN_ACTIVATIONS.items() if activation is own), activation)
