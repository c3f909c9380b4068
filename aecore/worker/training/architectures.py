"""The Keras models of a `RunSpec`: an encoder, a decoder, and the `Autoencoder` that owns both.

Both are functional models with flat codings (n, d) between them, so each is exported alone. The hidden layers,
whose activations are exported too, are called `hidden_1`, `hidden_2`, … through encoder and decoder. The shapes in
comments are those of samples (28, 28) with `hidden=(16, 32)` and `coding_size=10`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import layers, ops

from aecore.specs.run import RunSpec
from aecore.worker.training.layers import (
    DTYPE,
    BatchNormalization,
    Corruption,
    LayerMaker,
    TiedDense,
    activation,
    corrupt,
    keras_model,
    sample,
)

MAX_LOG_VARIANCE = 20.0  # limit, because noise before the codings can make the exponential infinite


@keras.saving.register_keras_serializable("aecore")
class Autoencoder(keras.Model):
    """Encoder, decoder and, while training, the corruption and the sampling between them.

    Parameters
    ----------
    spec : the network's settings, a `RunSpec` or its dictionary.
    shape : one sample's shape: (height, width), (height, width, channels) or (features,).
    """

    def __init__(self, spec: RunSpec | dict[str, Any], shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**{"dtype": DTYPE, **kwargs})
        self.spec = spec if isinstance(spec, RunSpec) else RunSpec.from_dict(spec)
        self.sample_shape = tuple(shape)
        self.seeds = keras.random.SeedGenerator(self.spec.seed)
        make = LayerMaker(self.spec.seed)
        self.encoder = build_encoder(self.spec, self.sample_shape, make)
        self.decoder = build_decoder(self.spec, self.sample_shape, self.encoder, make)
        self.built = True

    @property
    def coding_shape(self) -> tuple[int, ...]:
        """(d,), or (rows, columns, maps) of a spatial bottleneck."""
        layer = self.encoder.get_layer("codings")
        return tuple((layer.input if self.spec.spatial else layer.output).shape[1:])

    def forward(self, x: Any, training: bool = False, noise: Any = None, draw: Any = None) -> tuple[Any, Any, Any]:
        """Reconstruction, codings, and log-variance (None for plain codings).

        `noise` and `draw` are seeds of the input's corruption and of the sampling from a variational encoder's
        distribution; None for the clean input and the distribution's mean.
        """
        codings, log_var = self.encoder(self.corrupted(x, noise), training=training), None
        if self.spec.variational:
            codings, log_var = codings
            log_var = ops.clip(log_var, -MAX_LOG_VARIANCE, MAX_LOG_VARIANCE)
        z = codings if log_var is None or draw is None else sample(codings, log_var, draw)
        return self.decoder(z, training=training), codings, log_var

    def corrupted(self, x: Any, seed: Any) -> Any:
        """`x` with the spec's noise on the input; `x` itself for a spec without noise or if `seed` is None."""
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
        """(encoder's layer, decoder's layer) pairs of a dense stack, outermost first, for layer-by-layer training."""
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
    """Title of a hidden layer, unique within its autoencoder: 'hidden 1 · dense 100'."""
    kinds = {"Conv2D": "convolution", "Conv2DTranspose": "transposed convolution", "LSTM": "LSTM"}
    shape = layer.output.shape
    kind = kinds.get(type(layer).__name__, "convolution" if len(shape) == 4 else "dense")
    return f"{layer.name.replace('_', ' ')} · {kind} {shape[-1]}"


def build_encoder(spec: RunSpec, shape: tuple[int, ...], make: LayerMaker) -> keras.Model:
    """The model from samples (n, *shape) to codings (n, d), or to [mean, log-variance], each (n, d), if variational."""
    inputs = keras.Input(shape, name="samples", dtype=DTYPE)
    build = {"dense": _encode_dense, "convolutional": _encode_images, "recurrent": _encode_rows}[spec.architecture]
    x = build(inputs, spec, make)
    if spec.spatial:
        return keras_model(inputs, make(layers.Flatten, name="codings")(x), name="encoder")
    x = _noisy(x, spec, make)
    if spec.variational:
        parts = [make(layers.Dense, spec.coding_size, name=name)(x) for name in ("codings", "log_variance")]
        return keras_model(inputs, parts, name="encoder")
    kind = layers.LSTM if spec.architecture == "recurrent" else layers.Dense
    codings = make(kind, spec.coding_size, activation=activation(spec.coding_activation), name="codings")(x)
    return keras_model(inputs, codings, name="encoder")


def build_decoder(spec: RunSpec, shape: tuple[int, ...], encoder: keras.Model, make: LayerMaker) -> keras.Model:
    """The model from codings (n, d) to reconstructions (n, *shape). A tied one uses `encoder`'s kernels."""
    coding_layer = encoder.get_layer("codings")
    inputs = keras.Input(coding_layer.output.shape[1:], name="codings", dtype=DTYPE)
    first = len(spec.hidden) + len(spec.dense_hidden) + 1  # hidden layers are numbered through both halves
    widths = spec.decoder_hidden or tuple(reversed(spec.hidden))
    if spec.architecture == "convolutional":
        x = _decode_images(inputs, spec, make, shape, coding_layer.input.shape[1:], first)
    elif spec.architecture == "recurrent":
        x = make(layers.RepeatVector, shape[0], name="repeat")(inputs)  # (n, 28, 10)
        for number, units in enumerate(widths, first):
            x = make(layers.LSTM, units, return_sequences=True, name=f"hidden_{number}")(x)  # (n, 28, 32), (n, 28, 16)
        x = make(layers.Dense, math.prod(shape[1:]), spec.output_activation, name="output")(x)  # (n, 28, 28)
    elif spec.tied:
        x = inputs
        dense = [layer for layer in encoder.layers if isinstance(layer, layers.Dense)]
        for number, layer in enumerate(reversed(dense[1:]), first):
            x = _hidden(x, spec, make, f"hidden_{number}", partial(make, TiedDense, layer))  # (n, 32), (n, 16)
        x = make(TiedDense, dense[0], spec.output_activation, name="output")(x)  # (n, 784)
    else:
        x = inputs
        for number, units in enumerate(widths, first):
            x = _hidden(x, spec, make, f"hidden_{number}", partial(make, layers.Dense, units))  # (n, 32), (n, 16)
        x = make(layers.Dense, math.prod(shape), spec.output_activation, name="output")(x)  # (n, 784)
    return keras_model(inputs, make(layers.Reshape, shape, name="reconstructions")(x), name="decoder")


def _hidden(x: Any, spec: RunSpec, make: LayerMaker, name: str, layer: Callable[..., keras.layers.Layer]) -> Any:
    """Output of a hidden layer, `layer(activation=…, name=…)`; the spec may ask for normalized weighted sums."""
    if spec.normalization == "none":
        return layer(activation=activation(spec.activation), name=name)(x)
    x = layer(activation="linear", name=f"sum_{name}")(x)
    if spec.normalization == "batch":
        # Keras's 0.99 would still remember the untrained network after the first epoch of a short training.
        x = make(BatchNormalization, momentum=0.9, name=f"norm_{name}")(x)
    else:
        x = make(layers.LayerNormalization, name=f"norm_{name}")(x)
    return make(layers.Activation, activation(spec.activation), name=name)(x)


def _noisy(x: Any, spec: RunSpec, make: LayerMaker) -> Any:
    """The coding layer's input with the spec's noise (semantic hashing: noise drives sigmoid codings to 0 or 1)."""
    if spec.noise_rate == 0 or spec.noise_on == "input":
        return x
    return make(Corruption, spec.noise, spec.noise_rate, spec.seed, name="noise")(x)


def _encode_dense(x: Any, spec: RunSpec, make: LayerMaker) -> Any:
    x = make(layers.Flatten, name="flatten")(x)  # (n, 784)
    for number, units in enumerate(spec.hidden, 1):
        x = _hidden(x, spec, make, f"hidden_{number}", partial(make, layers.Dense, units))  # (n, 16), (n, 32)
    return x


def _encode_rows(x: Any, spec: RunSpec, make: LayerMaker) -> Any:
    """Rows are time steps; only a plain coding layer, itself an LSTM, needs the last sequence."""
    x = make(layers.Reshape, (x.shape[1], math.prod(x.shape[2:])), name="rows")(x)  # (n, 28, 28)
    for number, units in enumerate(spec.hidden, 1):
        sequences = number < len(spec.hidden) or not spec.variational
        x = make(layers.LSTM, units, return_sequences=sequences, name=f"hidden_{number}")(x)  # (n, 28, 16), (n, 28, 32)
    return x


def _encode_images(x: Any, spec: RunSpec, make: LayerMaker) -> Any:
    """Stages that halve the image (see `_halved`), then the dense layers before the codings."""
    x = make(layers.Reshape, (*x.shape[1:3], math.prod(x.shape[3:])), name="image")(x)  # (n, 28, 28, 1)
    pools, strides = spec.downsampling == "pool", 1 if spec.downsampling == "pool" else 2
    padding = "valid" if spec.upsampling == "transposed" else "same"
    last = len(spec.hidden)
    for number, filters in enumerate(spec.hidden, 1):
        makes_codings = spec.spatial and number == last
        x = _noisy(x, spec, make) if makes_codings else x
        layer = partial(make, layers.Conv2D, filters, 3, strides=strides, padding="same")
        if makes_codings:
            x = layer(activation=activation(spec.coding_activation), name=f"hidden_{number}")(x)
        else:
            x = _hidden(x, spec, make, f"hidden_{number}", layer)  # (n, 28, 28, 16), (n, 14, 14, 32)
        if pools:
            x = make(layers.MaxPooling2D, 2, padding=padding, name=f"pool_{number}")(
                x
            )  # (n, 14, 14, 16), (n, 7, 7, 32)
    if spec.spatial:
        return x
    x = make(layers.Flatten, name="flatten")(x)  # (n, 1568)
    for number, units in enumerate(spec.dense_hidden, last + 1):
        x = _hidden(x, spec, make, f"hidden_{number}", partial(make, layers.Dense, units))
    return x


def _halved(spec: RunSpec, side: int) -> int:
    """A side after one stage: rounded down where transposed convolutions undo a pooling, else up, as strides do."""
    return side // 2 if spec.upsampling == "transposed" and spec.downsampling == "pool" else -(-side // 2)


def _decode_images(
    x: Any, spec: RunSpec, make: LayerMaker, shape: tuple[int, ...], codings: tuple[int, ...], first: int
) -> Any:
    """Images (n, height, width, channels) from codings.

    `codings`: the shape of a spatial bottleneck, (rows, columns, maps). `first`: the number of the first hidden layer.
    """
    widths = spec.decoder_hidden or tuple(reversed(spec.hidden))
    sizes = [shape[:2]]  # (28, 28), (14, 14), (7, 7)
    for _ in spec.hidden:
        sizes.append(tuple(_halved(spec, side) for side in sizes[-1]))
    if spec.spatial:
        x = make(layers.Reshape, codings, name="maps")(x)
    else:
        for units in (*reversed(spec.dense_hidden), math.prod(sizes[-1]) * widths[0]):
            x = _hidden(x, spec, make, f"hidden_{first}", partial(make, layers.Dense, units))  # (n, 1568)
            first += 1
        x = make(layers.Reshape, (*sizes[-1], widths[0]), name="maps")(x)  # (n, 7, 7, 32)
    decode = _upsampled if spec.upsampling == "nearest" else _transposed
    return decode(x, spec, make, sizes, (*widths, math.prod(shape[2:])), first)


def _transposed(
    x: Any, spec: RunSpec, make: LayerMaker, sizes: list[tuple[int, ...]], widths: tuple[int, ...], first: int
) -> Any:
    """A transposed convolution of stride 2 per stage. `widths`: maps of each stage and finally the channels."""
    for number, (target, filters) in enumerate(zip(reversed(sizes[:-1]), widths[1:], strict=True), first):
        # With stride 2 and a 3x3 kernel, 'valid' gives 2s + 1 and 'same' 2s.
        short = any(2 * side < wanted for side, wanted in zip(x.shape[1:3], target, strict=True))
        padding = "valid" if short else "same"
        layer = partial(make, layers.Conv2DTranspose, filters, 3, strides=2, padding=padding)
        if target == sizes[0]:
            x = layer(activation=spec.output_activation, name="output")(x)  # (n, 28, 28, 1)
        else:
            x = _hidden(x, spec, make, f"hidden_{number}", layer)  # (n, 14, 14, 16)
        x = _cropped(x, make, target, f"crop_{target[0]}x{target[1]}")
    return x


def _upsampled(
    x: Any, spec: RunSpec, make: LayerMaker, sizes: list[tuple[int, ...]], widths: tuple[int, ...], first: int
) -> Any:
    """Convolutions and nearest upsampling; the last convolution is unpadded if that gives the exact size."""
    *stages, channels = widths
    for stage, filters in enumerate(stages, 1):
        exact = tuple((side - 2) * 2 for side in x.shape[1:3]) == tuple(sizes[0])
        padding = "valid" if stage == len(stages) and exact else "same"
        layer = partial(make, layers.Conv2D, filters, 3, padding=padding)
        x = _hidden(x, spec, make, f"hidden_{first + stage - 1}", layer)  # (n, 7, 7, 32), (n, 14, 14, 16)
        x = make(layers.UpSampling2D, 2, name=f"up_{stage}")(x)  # (n, 14, 14, 32), (n, 28, 28, 16)
    x = make(layers.Conv2D, channels, 3, padding="same", activation=spec.output_activation, name="output")(x)
    return _cropped(x, make, sizes[0], "crop")  # (n, 28, 28, 1)


def _cropped(x: Any, make: LayerMaker, target: tuple[int, ...], name: str) -> Any:
    """Feature maps cropped to their central `target` (height, width)."""
    spare = [side - wanted for side, wanted in zip(x.shape[1:3], target, strict=True)]
    if not any(spare):
        return x
    return make(layers.Cropping2D, [(extra // 2, extra - extra // 2) for extra in spare], name=name)(x)
