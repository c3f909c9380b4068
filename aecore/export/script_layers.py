"""Lines of Keras code for a spec's encoder, decoder and noise layers. See `aecore.export.script`.

The networks are those of `aecore.worker.training.architectures`; a test compares the two, weights and outputs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from aecore.datasets import DatasetInfo
from aecore.specs.run import RunSpec

KERAS_NOISE_LIMIT = 1.0  # `keras.layers.GaussianNoise` refuses larger standard deviations


def loud(spec: RunSpec) -> bool:
    """True for noise that `keras.layers.GaussianNoise` refuses."""
    return spec.noise == "gaussian" and spec.noise_rate > KERAS_NOISE_LIMIT


def noise(spec: RunSpec, place: str) -> Iterator[str]:
    """Lines of the corruption, if the spec applies it at that place; no lines otherwise."""
    if spec.noise_rate > 0 and spec.noise_on == place:
        kind = "Noise" if loud(spec) else "layers.GaussianNoise" if spec.noise == "gaussian" else "layers.Dropout"
        yield f"x = {kind}({spec.noise_rate})(x)"
        if spec.noise_clip:
            yield "x = layers.ReLU(max_value=1.0)(x)  # clips to 0 … 1"


def _hidden(spec: RunSpec, layer: str) -> Iterator[str]:
    """Lines of a hidden layer and its normalisation; `layer` is the layer's call up to the activation."""
    if spec.normalization == "none":
        yield f'x = {layer}, activation="{spec.activation}")(x)'
        return
    yield f"x = {layer})(x)"
    kinds = {"batch": "BatchNormalization(momentum=0.9)", "layer": "LayerNormalization()"}
    yield f"x = layers.{kinds[spec.normalization]}(x)"
    yield f'x = layers.Activation("{spec.activation}")(x)'


def encoder(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    """Lines that build the model `encoder`, from samples to codings."""
    yield f"inputs = x = keras.Input({info.shape})"
    yield from _ENCODERS[spec.architecture](spec, info)
    if spec.spatial:
        yield "codings = layers.Flatten()(x)"
        yield "encoder = keras.Model(inputs, codings)"
        return
    yield from noise(spec, "coding")
    if spec.variational:
        yield f"mean = layers.Dense({spec.coding_size})(x)"
        yield f"log_variance = layers.Dense({spec.coding_size})(x)"
        yield "encoder = keras.Model(inputs, [mean, log_variance])"
        return
    kind = "LSTM" if spec.architecture == "recurrent" else "Dense"
    yield f'codings = layers.{kind}({spec.coding_size}, activation="{spec.coding_activation}")(x)'
    yield "encoder = keras.Model(inputs, codings)"


def _encode_dense(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    if len(info.shape) > 1:
        yield "x = layers.Flatten()(x)"
    for units in spec.hidden:
        yield from _hidden(spec, f"layers.Dense({units}")


def _encode_rows(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    if len(info.shape) > 2:
        yield f"x = layers.Reshape(({info.shape[0]}, {math.prod(info.shape[1:])}))(x)"
    for number, units in enumerate(spec.hidden, 1):
        sequences = number < len(spec.hidden) or not spec.variational
        yield f"x = layers.LSTM({units}{', return_sequences=True' if sequences else ''})(x)"


def _encode_images(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    if len(info.shape) == 2:
        yield f"x = layers.Reshape(({info.shape[0]}, {info.shape[1]}, 1))(x)"
    padding = ', padding="same"' if spec.upsampling == "nearest" else ""
    strides = ", strides=2" if spec.downsampling == "stride" else ""
    for number, filters in enumerate(spec.hidden, 1):
        makes_codings = spec.spatial and number == len(spec.hidden)
        if makes_codings:
            yield from noise(spec, "coding")
        layer = f'layers.Conv2D({filters}, 3{strides}, padding="same"'
        if makes_codings:
            yield f'x = {layer}, activation="{spec.coding_activation}")(x)'
        else:
            yield from _hidden(spec, layer)
        if not strides:
            yield f"x = layers.MaxPooling2D(2{padding})(x)"
    if not spec.spatial:
        yield "x = layers.Flatten()(x)"
        for units in spec.dense_hidden:
            yield from _hidden(spec, f"layers.Dense({units}")


def decoder(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    """Lines that build the model `decoder`, from codings to samples."""
    width = "encoder.output_shape[-1]" if spec.spatial else str(spec.coding_size)
    yield f"coding_inputs = x = keras.Input(({width},))"
    yield from _DECODERS[spec.architecture](spec, info)
    yield f"decoder = keras.Model(coding_inputs, layers.Reshape({info.shape})(x))"


def _widths(spec: RunSpec) -> tuple[int, ...]:
    return spec.decoder_hidden or tuple(reversed(spec.hidden))


def _decode_dense(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    for units in _widths(spec):
        yield from _hidden(spec, f"layers.Dense({units}")
    yield f'x = layers.Dense({info.features}, activation="{spec.output_activation}", name="output")(x)'


def _decode_rows(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    yield f"x = layers.RepeatVector({info.shape[0]})(x)"
    for units in _widths(spec):
        yield f"x = layers.LSTM({units}, return_sequences=True)(x)"
    yield f'x = layers.Dense({math.prod(info.shape[1:])}, activation="{spec.output_activation}", name="output")(x)'


def _decode_images(spec: RunSpec, info: DatasetInfo) -> Iterator[str]:
    """Lines that undo each pooling: a transposed convolution of stride 2, or convolution and upsampling."""
    nearest, widths = spec.upsampling == "nearest", _widths(spec)
    ceiled = nearest or spec.downsampling == "stride"
    sizes = [info.shape[:2]]
    for _ in spec.hidden:
        sizes.append(tuple(-(-side // 2) if ceiled else side // 2 for side in sizes[-1]))
    maps = spec.hidden[-1] if spec.spatial else widths[0]
    if not spec.spatial:
        for units in (*reversed(spec.dense_hidden), math.prod(sizes[-1]) * maps):
            yield from _hidden(spec, f"layers.Dense({units}")
    yield f"x = layers.Reshape({(*sizes[-1], maps)})(x)"
    channels = math.prod(info.shape[2:])
    yield from (_upsampling if nearest else _transposed)(spec, info, sizes, widths, channels)


def _transposed(
    spec: RunSpec, info: DatasetInfo, sizes: list[tuple[int, ...]], widths: tuple[int, ...], channels: int
) -> Iterator[str]:
    for size, target, filters in zip(sizes[:0:-1], reversed(sizes[:-1]), (*widths[1:], channels), strict=True):
        odd = any(2 * side < wanted for side, wanted in zip(size, target, strict=True))
        layer = f'layers.Conv2DTranspose({filters}, 3, strides=2, padding="{"valid" if odd else "same"}"'
        if target == sizes[0]:
            yield f'x = {layer}, activation="{spec.output_activation}", name="output")(x)'
        else:
            yield from _hidden(spec, layer)
        yield from _cropped([2 * side + odd for side in size], target)


def _upsampling(
    spec: RunSpec, info: DatasetInfo, sizes: list[tuple[int, ...]], widths: tuple[int, ...], channels: int
) -> Iterator[str]:
    size = list(sizes[-1])
    for number, filters in enumerate(widths, 1):
        exact = number == len(widths) and [(side - 2) * 2 for side in size] == list(info.shape[:2])
        padding = "valid" if exact else "same"
        yield from _hidden(spec, f'layers.Conv2D({filters}, 3, padding="{padding}"')
        yield "x = layers.UpSampling2D(2)(x)"
        size = [(side - 2 * exact) * 2 for side in size]
    yield f'x = layers.Conv2D({channels}, 3, padding="same", activation="{spec.output_activation}", name="output")(x)'
    yield from _cropped(size, info.shape[:2])


def _cropped(size: list[int], target: tuple[int, ...]) -> Iterator[str]:
    spare = [side - wanted for side, wanted in zip(size, target, strict=True)]
    if any(spare):
        yield f"x = layers.Cropping2D({tuple((extra // 2, extra - extra // 2) for extra in spare)})(x)"


_ENCODERS = {"dense": _encode_dense, "recurrent": _encode_rows, "convolutional": _encode_images}
_DECODERS = {"dense": _decode_dense, "recurrent": _decode_rows, "convolutional": _decode_images}
