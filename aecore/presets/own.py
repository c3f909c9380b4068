"""Presets of this project on the full Fashion-MNIST: the smallest error for a coding size, and fast trainings.

`best-…` is the best network with that number of codings, `best-…-fast` the same with fewer epochs, for a lecture.
`fast-…` is a published network, layer for layer, with settings that reach its published validation loss in less time
(`python -m tests.bench.time_to_loss`).
"""

from __future__ import annotations

from typing import Any

from aecore.presets.published import RECIPES
from aecore.specs.run import RunSpec
from aecore.variants import Preset

_PRINTED = {preset.name: preset for preset in RECIPES}

# Shared by all of them: batch normalization, a smooth activation, decoupled weight decay, warm-up and cosine decay.
_MODERN: dict[str, Any] = {
    "dataset": "fashion-mnist",
    "normalization": "batch",
    "activation": "gelu",
    "coding_activation": "linear",
    "optimizer": "adamw",
    "optimizer_arguments": "weight_decay=0.05",
    "learning_rate": 0.003,
    "decay": "cosine",
    "warmup": 0.05,
    "batch_size": 256,
    "loss": "mse",
}
_STRIDED: dict[str, Any] = {
    **_MODERN,
    "architecture": "convolutional",
    "downsampling": "stride",
    "hidden": (32, 64),
    "dense_hidden": (256,),
    "optimizer": "muon",
    "optimizer_arguments": "weight_decay=0.05 adam_weight_decay=0.05",
    "learning_rate": 0.01,
}
# With few codings, the decoder's map from them to images needs more layers.
_DEEPER: dict[str, Any] = {"dense_hidden": (256, 256, 128)}
_DEEP: dict[str, Any] = {**_MODERN, "hidden": (512, 256, 128)}

_WIDE_VARIATIONAL: dict[str, Any] = {
    **_MODERN,
    "hidden": (512, 256),
    "loss": "bce",
    "coding": "variational",
    "coding_size": 10,
}


def _best(name: str, title: str, description: str, **settings: Any) -> Preset:
    return Preset(f"best-{name}", title, RunSpec(**settings), description)


def _fast(printed: str, description: str, **settings: Any) -> Preset:
    """A preset with the layers and the loss of a published one and other training settings."""
    source = _PRINTED[f"geron-{printed}"]
    title = f"{source.title.removesuffix(' (Géron)')} (fast)"
    return Preset(f"fast-{printed}", title, source.spec.replace(**settings), description, parameters=source.parameters)


_CONVOLUTIONS = (
    "Strided convolutions, then dense layers, with batch normalisation, GELU, cosine decay of the learning rate, and "
    "Muon, which orthogonalises the momentum matrix of each kernel. Convolutions overfit less than dense layers of "
    "that size; the dense layers behind them combine the whole image into each coding"
)
_NORMALISED = (
    "Dense layers with batch normalisation, GELU, and cosine decay of the learning rate, which together train a deep "
    "network in a few epochs."
)

BEST: tuple[Preset, ...] = (
    _best(
        "2",
        "Best with 2 codings",
        f"{_CONVOLUTIONS}. Four convolutions leave few weights to the dense layers, and a little noise on the input "
        "regularizes further.",
        **_STRIDED | _DEEPER | {"hidden": (32, 64, 128, 128)},
        noise_rate=0.1,
        coding_size=2,
        epochs=18,
    ),
    _best("10", "Best with 10 codings", f"{_CONVOLUTIONS}.", **_STRIDED | _DEEPER, coding_size=10, epochs=20),
    _best(
        "30",
        "Best with 30 codings",
        f"{_CONVOLUTIONS}, with more units for more codings.",
        **_STRIDED | {"dense_hidden": (512,)},
        coding_size=30,
        epochs=18,
    ),
    _best(
        "vae-10",
        "Best variational with 10 codings",
        f"{_NORMALISED} All ten codings stay in use.",
        **_WIDE_VARIATIONAL,
        epochs=30,
    ),
    *(
        _best(
            f"{size}-fast",
            f"Best with {size} codings, fast",
            _NORMALISED,
            **_DEEP,
            coding_size=size,
            epochs=5,
        )
        for size in (2, 10, 30)
    ),
    _best(
        "vae-10-fast",
        "Best variational with 10 codings, fast",
        f"The network of best-vae-10 with fewer epochs. {_NORMALISED}",
        **_WIDE_VARIATIONAL,
        epochs=5,
    ),
)

_ONE_CYCLE: dict[str, Any] = {
    "optimizer": "muon",
    "optimizer_arguments": "weight_decay=0 adam_weight_decay=0",
    "learning_rate": 0.02,
    "decay": "cosine",
    "warmup": 0.2,
}
_CYCLE = (
    "with Muon, which orthogonalises the momentum matrix of each kernel, larger batches, and one cycle of the learning "
    "rate: up, then down to 0."
)

FAST: tuple[Preset, ...] = (
    _fast("stacked", f"The book's stacked network {_CYCLE}", **_ONE_CYCLE, batch_size=192, epochs=1),
    _fast("tied", f"The book's tied network {_CYCLE}", **_ONE_CYCLE, batch_size=192, epochs=1),
    _fast("convolutional", f"The book's convolutional network {_CYCLE}", **_ONE_CYCLE, batch_size=192, epochs=1),
    _fast(
        "recurrent",
        "The book's recurrent network with Nadam, larger batches, and one cycle of the learning rate.",
        **_ONE_CYCLE | {"optimizer": "nadam", "optimizer_arguments": "", "learning_rate": 0.008},
        batch_size=128,
        epochs=2,
    ),
    _fast("variational", f"The book's variational network {_CYCLE}", **_ONE_CYCLE, batch_size=160, epochs=2),
)
