"""Spec and sample shape to Keras: an encoder, a decoder, and the `Autoencoder` that owns both.

Both halves are functional models with flat codings (n, d) between them, so each is exported alone. Layers whose
activations are worth a look are called `hidden_1`, `hidden_2`, … through encoder and decoder.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import keras
from keras import layers, ops

from aecore.specs.run import RunSpec
from aecore.worker.training.layers import BatchNormalization, Corruption, TiedDense, activation, corrupt, sample

MAX_LOG_VARIANCE = 20.0  # far beyond what is learned; noise before the codings can reach where e^x is infinite


@keras.saving.register_keras_serializable("aecore")
class Autoencoder(keras.Model):
    """Encoder, decoder and, while training, the corruption and the sampling between them.

    Parameters
    ----------
    spec : what to build, a `RunSpec` or its dictionary.
    shape : one sample's shape: (height, width), (height, width, channels) or (features,).
    """

    def __init__(self, spec: RunSpec | dict[str, Any], shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec = spec if isinstance(spec, RunSpec) else RunSpec.from_dict(spec)
        self.sample_shape = tuple(shape)
        self.seeds = keras.random.SeedGenerator(self.spec.seed)
        self.encoder = build_encoder(self.spec, self.sample_shape)
        self.decoder = build_decoder(self.spec, self.sample_shape, self.encoder)
        self.built = True

    @property
    def coding_shape(self) -> tuple[int, ...]:
        """(d,), or (rows, columns, maps) of a spatial bottleneck."""
        layer = self.encoder.get_layer("codings")
        return tuple((layer.input if self.spec.spatial else layer.output).shape[1:])

    def forward(self, x: Any, training: bool = False, noise: Any = None, draw: Any = None) -> tuple[Any, Any, Any]:
        """Reconstruction, codings, and log-variance (None for plain codings).

        `noise` and `draw` are seeds: of the input's corruption, and of the draw from a variational encoder's
        distribution. None: the clean input, the distribution's mean.
        """
        codings, log_var = self.encoder(self.corrupted(x, noise), training=training), None
        if self.spec.variational:
            codings, log_var = codings
            log_var = ops.clip(log_var, -MAX_LOG_VARIANCE, MAX_LOG_VARIANCE)
        drawn = codings if log_var is None or draw is None else sample(codings, log_var, draw)
        return self.decoder(drawn, training=training), codings, log_var

    def corrupted(self, x: Any, seed: Any) -> Any:
        """`x` with the spec's noise on the input; `x` itself where there is none or `seed` is None."""
        spec = self.spec
        if seed is None or spec.noise_rate == 0 or spec.noise_on != "input":
            return x
        return corrupt(x, spec.noise, spec.noise_rate, spec.noise_clip, seed)

    def call(self, x: Any, training: bool = False) -> Any:
        seeds = self.seeds if training else None
        return self.forward(x, training, noise=seeds, draw=seeds)[0]

    def encode(self, x: Any) -> Any:
        """Codings (n, d); the means of a variational encoder."""
        codings = self.encoder(x)
        return codings[0] if self.spec.variational else codings

    def layer_pairs(self) -> list[tuple[keras.layers.Layer, keras.layers.Layer]]:
        """A dense stack's layers, outermost first: (encoder's, decoder's). What layer-by-layer training works on."""
        kinds = (layers.Dense, TiedDense)
        down = [layer for layer in self.encoder.layers if isinstance(layer, kinds)]
        up = [layer for layer in self.decoder.layers if isinstance(layer, kinds)]
        return list(zip(down, reversed(up), strict=True))

    def get_config(self) -> dict[str, Any]:
        return {"spec": self.spec.to_dict(), "shape": list(self.sample_shape)}


def hidden_layers(half: keras.Model) -> list[keras.layers.Layer]:
    """The layers of an encoder or a decoder whose activations are exported, in order."""
    return [layer for layer in half.layers if layer.name.startswith("hidden_")]


def layer_title(layer: keras.layers.Layer) -> str:
    """A hidden layer in words, unique within its autoencoder: 'hidden 1 · dense 100'."""
    kinds = {"Conv2D": "convolution", "Conv2DTranspose": "transposed convolution", "LSTM": "LSTM"}
    shape = layer.output.shape
    kind = kinds.get(type(layer).__name__, "convolution" if len(shape) == 4 else "dense")
    return f"{layer.name.replace('_', ' ')} · {kind} {shape[-1]}"


def build_encoder(spec: RunSpec, shape: tuple[int, ...]) -> keras.Model:
    """(n, *shape) to codings (n, d), or to [mean, log-variance] (n, d) each of a variational encoder."""
    inputs = keras.Input(shape, name="samples")
    build = {"dense": _encode_dense, "convolutional": _encode_images, "recurrent": _encode_rows}[spec.architecture]
    x = build(inputs, spec)
    if spec.spatial:
        return keras.Model(inputs, layers.Flatten(name="codings")(x), name="encoder")
    x = _noisy(x, spec)
    if spec.variational:
        parts = [layers.Dense(spec.coding_size, name=name)(x) for name in ("codings", "log_variance")]
        return keras.Model(inputs, parts, name="encoder")
    kind = layers.LSTM if spec.architecture == "recurrent" else layers.Dense
    codings = kind(spec.coding_size, activation=activation(spec.coding_activation), name="codings")(x)
    return keras.Model(inputs, codings, name="encoder")


def build_decoder(spec: RunSpec, shape: tuple[int, ...], encoder: keras.Model) -> keras.Model:
    """Codings (n, d) to reconstructions (n, *shape). A tied one uses `encoder`'s kernels."""
    coding_layer = encoder.get_layer("codings")
    inputs = keras.Input(coding_layer.output.shape[1:], name="codings")
    names = (f"hidden_{number}" for number in count(len(spec.hidden) + len(spec.dense_hidden) + 1))
    widths = spec.decoder_hidden or tuple(reversed(spec.hidden))
    if spec.architecture == "convolutional":
        x = _decode_images(inputs, spec, shape, widths, coding_layer, names)
    elif spec.architecture == "recurrent":
        x = layers.RepeatVector(shape[0], name="repeat")(inputs)
        for units in widths:
            x = layers.LSTM(units, return_sequences=True, name=next(names))(x)
        x = layers.Dense(math.prod(shape[1:]), spec.output_activation, name="output")(x)
    elif spec.tied:
        x = inputs
        dense = [layer for layer in encoder.layers if isinstance(layer, layers.Dense)]
        for layer in reversed(dense[1:]):
            x = _hidden(x, spec, next(names), partial(TiedDense, layer))
        x = TiedDense(dense[0], spec.output_activation, name="output")(x)
    else:
        x = inputs
        for units in widths:
            x = _hidden(x, spec, next(names), partial(layers.Dense, units))
        x = layers.Dense(math.prod(shape), spec.output_activation, name="output")(x)
    return keras.Model(inputs, layers.Reshape(shape, name="reconstructions")(x), name="decoder")


def _hidden(x: Any, spec: RunSpec, name: str, layer: Callable[..., keras.layers.Layer]) -> Any:
    """A hidden layer, `layer(activation=…, name=…)`; where the spec says so its sums are normalised first."""
    if spec.normalization == "none":
        return layer(activation=activation(spec.activation), name=name)(x)
    x = layer(activation="linear", name=f"sum_{name}")(x)
    if spec.normalization == "batch":
        # Keras's 0.99 would still remember the untrained network after the first epoch of a short training.
        x = BatchNormalization(momentum=0.9, name=f"norm_{name}")(x)
    else:
        x = layers.LayerNormalization(name=f"norm_{name}")(x)
    return layers.Activation(activation(spec.activation), name=name)(x)


def _noisy(x: Any, spec: RunSpec) -> Any:
    """Corruption of what enters the coding layer (semantic hashing: noise forces sigmoid codings to 0 or 1)."""
    if spec.noise_rate == 0 or spec.noise_on == "input":
        return x
    return Corruption(spec.noise, spec.noise_rate, spec.seed, name="noise")(x)


def _encode_dense(x: Any, spec: RunSpec) -> Any:
    x = layers.Flatten(name="flatten")(x)
    for number, units in enumerate(spec.hidden, 1):
        x = _hidden(x, spec, f"hidden_{number}", partial(layers.Dense, units))
    return x


def _encode_rows(x: Any, spec: RunSpec) -> Any:
    """Rows are time steps; only a plain coding layer, itself an LSTM, needs the last sequence."""
    x = layers.Reshape((x.shape[1], math.prod(x.shape[2:])), name="rows")(x)
    for number, units in enumerate(spec.hidden, 1):
        sequences = number < len(spec.hidden) or not spec.variational
        x = layers.LSTM(units, return_sequences=sequences, name=f"hidden_{number}")(x)
    return x


def _encode_images(x: Any, spec: RunSpec) -> Any:
    """Stages that halve the image (see `_halved`), then the dense layers before the codings."""
    x = layers.Reshape((*x.shape[1:3], math.prod(x.shape[3:])), name="image")(x)
    pools, strides = spec.downsampling == "pool", 1 if spec.downsampling == "pool" else 2
    padding = "valid" if spec.upsampling == "transposed" else "same"
    last = len(spec.hidden)
    for number, filters in enumerate(spec.hidden, 1):
        makes_codings = spec.spatial and number == last
        x = _noisy(x, spec) if makes_codings else x
        layer = partial(layers.Conv2D, filters, 3, strides=strides, padding="same")
        if makes_codings:
            x = layer(activation=activation(spec.coding_activation), name=f"hidden_{number}")(x)
        else:
            x = _hidden(x, spec, f"hidden_{number}", layer)
        if pools:
            x = layers.MaxPooling2D(2, padding=padding, name=f"pool_{number}")(x)
    if spec.spatial:
        return x
    x = layers.Flatten(name="flatten")(x)
    for number, units in enumerate(spec.dense_hidden, last + 1):
        x = _hidden(x, spec, f"hidden_{number}", partial(layers.Dense, units))
    return x


def _halved(spec: RunSpec, side: int) -> int:
    """A side after one stage. Transposed convolutions can undo a floored half, upsampling a ceiled one, which is also
    what a stride makes."""
    return side // 2 if spec.upsampling == "transposed" and spec.downsampling == "pool" else -(-side // 2)


def _decode_images(
    x: Any, spec: RunSpec, shape: tuple[int, ...], widths: tuple[int, ...], coding_layer: Any, names: Iterator[str]
) -> Any:
    sizes = [shape[:2]]
    for _ in spec.hidden:
        sizes.append(tuple(_halved(spec, side) for side in sizes[-1]))
    channels = math.prod(shape[2:])
    if spec.spatial:
        x = layers.Reshape(coding_layer.input.shape[1:], name="maps")(x)
    else:
        for units in (*reversed(spec.dense_hidden), math.prod(sizes[-1]) * widths[0]):
            x = _hidden(x, spec, next(names), partial(layers.Dense, units))
        x = layers.Reshape((*sizes[-1], widths[0]), name="maps")(x)
    if spec.upsampling == "nearest":
        return _upsampled(x, spec, shape, widths, channels, names)
    for target, filters in zip(reversed(sizes[:-1]), (*widths[1:], channels), strict=True):
        # With stride 2 and a 3x3 kernel, 'valid' gives 2s + 1 and 'same' 2s.
        short = any(2 * side < wanted for side, wanted in zip(x.shape[1:3], target, strict=True))
        padding = "valid" if short else "same"
        layer = partial(layers.Conv2DTranspose, filters, 3, strides=2, padding=padding)
        if target == sizes[0]:
            x = layer(activation=spec.output_activation, name="output")(x)
        else:
            x = _hidden(x, spec, next(names), layer)
        x = _cropped(x, target, f"crop_{target[0]}x{target[1]}")
    return x


def _upsampled(
    x: Any, spec: RunSpec, shape: tuple[int, ...], widths: tuple[int, ...], channels: int, names: Iterator[str]
) -> Any:
    """Convolution and nearest upsampling; an unpadded last convolution where that makes the size come out exactly."""
    for number, filters in enumerate(widths, 1):
        exact = tuple((side - 2) * 2 for side in x.shape[1:3]) == tuple(shape[:2])
        padding = "valid" if number == len(widths) and exact else "same"
        x = _hidden(x, spec, next(names), partial(layers.Conv2D, filters, 3, padding=padding))
        x = layers.UpSampling2D(2, name=f"up_{number}")(x)
    x = layers.Conv2D(channels, 3, padding="same", activation=spec.output_activation, name="output")(x)
    return _cropped(x, shape[:2], "crop")


def _cropped(x: Any, target: tuple[int, ...], name: str) -> Any:
    """The middle `target` (height, width) of feature maps that may be larger."""
    spare = [side - wanted for side, wanted in zip(x.shape[1:3], target, strict=True)]
    if not any(spare):
        return x
    return layers.Cropping2D([(extra // 2, extra - extra // 2) for extra in spare], name=name)(x)
