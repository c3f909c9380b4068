"""The layers of a spec as plain values are those of the Keras model."""

from __future__ import annotations

import pytest

from aecore import presets, variants
from aecore.analysis.network_layers import network_layers
from aecore.specs.run import RunSpec
from aecore.worker.training.architectures import Autoencoder, hidden_layers

CONV = {"architecture": "convolutional", "hidden": (8, 16)}
SPECS = {
    **{variant.name: presets.get(variant.name).spec for variant in variants.VARIANTS},
    **{f"preset {name}": presets.get(name).spec for name in ("best-10", "geron-convolutional", "geron-recurrent")},
    "batch": RunSpec(hidden=(20, 10), normalization="batch", coding_size=4),
    "wider decoder": RunSpec(hidden=(20,), decoder_hidden=(7, 9, 11), normalization="layer"),
    "linear": RunSpec(hidden=()),
    "strides": RunSpec(**CONV, downsampling="stride", dense_hidden=(12, 9), normalization="batch"),
    "nearest": RunSpec(**CONV, upsampling="nearest"),
    "spatial": RunSpec(**CONV, upsampling="nearest", bottleneck="spatial"),
    "three stages": RunSpec(architecture="convolutional", hidden=(4, 6, 8), upsampling="nearest"),
    "variational LSTM": RunSpec(architecture="recurrent", hidden=(9, 7), coding="variational", coding_size=3),
}


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (13, 11, 3)], ids=str)
@pytest.mark.parametrize("name", SPECS)
def test_names_shapes_and_parameters(name: str, shape: tuple[int, ...]) -> None:
    spec = SPECS[name]
    model = Autoencoder(spec, shape)
    layers = network_layers(spec, shape)
    named = {layer.name: layer for layer in layers}
    assert len(named) == len(layers) and [layers[0].part, layers[-1].part] == ["input", "output"]
    assert sum(layer.parameters for layer in layers) == model.count_params()
    hidden = [layer for half in (model.encoder, model.decoder) for layer in hidden_layers(half)]
    assert [layer.name for layer in layers if layer.name.startswith("hidden")] == [layer.name for layer in hidden]
    for layer in hidden:
        *sides, width = layer.output.shape[1:]
        *ours, ours_width = named[layer.name].shape
        assert ours_width == width
        # A transposed convolution may give a row and a column more, which are cropped.
        assert all(mine in (side, side - 1) for mine, side in zip(ours, sides, strict=True)), layer.name
    assert named["codings"].shape == model.coding_shape
    parts = [layer.part for layer in layers]
    assert parts == sorted(parts, key=["input", "encoder", "codings", "decoder", "output"].index)
