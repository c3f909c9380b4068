"""Our own recipes on the full Fashion-MNIST: the best codes we can learn, and quick ones for the printed models.

`best-…` may be any network with so many codings; `best-…-fast` is its form for a lecture, half a minute on two cores.
`fast-…` is a printed network, layer for layer, trained to its printed validation loss in a fraction of the time
(`python -m tests.bench.time_to_loss`).
"""

from __future__ import annotations

from typing import Any

from aecore.presets.published import RECIPES
from aecore.specs.run import RunSpec
from aecore.variants import Preset

_PRINTED = {preset.name: preset for preset in RECIPES}

# What made the difference for every one of them: normalised sums, a smooth activation, decoupled weight decay, and a
# learning rate that rises, then falls to nothing.
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
# The fewer codings, the more the way between them and an image has to fold.
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
    """A printed network, which keeps its layers and its loss, with another fit."""
    source = _PRINTED[f"geron-{printed}"]
    title = f"{source.title.removesuffix(' (Géron)')} (fast)"
    return Preset(f"fast-{printed}", title, source.spec.replace(**settings), description, parameters=source.parameters)


_CONVOLUTIONS = (
    "Strided convolutions, then dense layers, normalised, GELU, a learning rate that falls to nothing. What made the "
    "difference: convolutions do not learn the training images by heart as dense layers of that size do, the dense "
    "layers behind them mix the whole image into each coding, and Muon, which moves every direction of a matrix of "
    "weights alike, goes further than AdamW did in thirty-six epochs"
)
_NORMALISED = (
    "Dense layers with normalised sums, GELU, and a learning rate that falls to nothing: with these three a deep "
    "network is past the book's in a few epochs."
)

BEST: tuple[Preset, ...] = (
    _best(
        "2",
        "Best with 2 codings",
        f"{_CONVOLUTIONS}. With two codings four convolutions leave few weights to the dense layers, and a little "
        "noise on the input does the rest against learning by heart.",
        **_STRIDED | _DEEPER | {"hidden": (32, 64, 128, 128)},
        noise_rate=0.1,
        coding_size=2,
        epochs=18,
    ),
    _best("10", "Best with 10 codings", f"{_CONVOLUTIONS}.", **_STRIDED | _DEEPER, coding_size=10, epochs=20),
    _best(
        "30",
        "Best with 30 codings",
        f"{_CONVOLUTIONS}. More codings want more units there.",
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
        f"The best one's network with fewer epochs. {_NORMALISED}",
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
    "with Muon, which moves every direction of a matrix of weights alike, larger batches, and one cycle of the "
    "learning rate: up, then down to nothing."
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
