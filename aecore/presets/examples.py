"""Examples for a class: settings that work well or badly, with the reason.

Each trains in seconds on the embedded images, so a class can verify the result that `see` describes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aecore import presets
from aecore.specs.run import RunSpec
from aecore.store import runs


@dataclass(frozen=True)
class Example:
    """Settings, their visible result and its reason.

    Parameters
    ----------
    good : True if the settings work well.
    preset, settings : name of a preset, and the settings that differ from it.
    setup : the settings in words.
    see, why : the result, and its reason.
    page : URL path of the page that shows the result.
    """

    name: str
    title: str
    good: bool
    preset: str
    setup: str
    see: str
    why: str
    page: str = "reconstructions"
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> RunSpec:
        """The spec of its run."""
        return presets.get(self.preset).spec.replace(**self.settings)

    @property
    def key(self) -> str:
        """The key of its run."""
        return runs.run_key(self.spec)


EXAMPLES: tuple[Example, ...] = (
    Example(
        "linear",
        "A linear autoencoder is PCA",
        True,
        "linear",
        "Variant: Linear. Nothing else.",
        "The error comes down to the dotted line of PCA and stays there, however long it trains.",
        "Without activations encoder and decoder are two matrices, and no two matrices do better than the principal "
        "axes. Whatever beats PCA on the board does so by its bends.",
    ),
    Example(
        "convolutional",
        "Weights that know what an image is",
        True,
        "convolutional",
        "Variant: Convolutional, with the same 30 codings as Stacked.",
        "About the error of the dense network with half of its parameters, and soles and straps that stay.",
        "A filter is learned once and used everywhere in the image. A dense layer has to learn an edge anew for every "
        "place.",
    ),
    Example(
        "denoising",
        "Noise in, clean out",
        True,
        "denoising",
        "Variant: Denoising, noise rate 0.2.",
        "The middle row is full of noise, the last one is clean, and the error on clean images hardly rises.",
        "Copying no longer solves the task, so the network has to know what garments look like.",
    ),
    Example(
        "layerwise",
        "One layer at a time",
        True,
        "layerwise",
        "Variant: Layer by layer.",
        "The error falls in steps, jumps where the next phase begins, and ends about where training at once ends.",
        "It is how deep networks were first made to train. With today's activations and optimizers it is no longer "
        "needed, which is what the equal ends tell.",
    ),
    Example(
        "two-codings",
        "Two numbers, and one of them silent",
        False,
        "stacked",
        "Variant: Stacked, coding size 2, coding activation tanh (under Advanced).",
        "Blurred averages: worse than PCA with two numbers. On the map all points lie along one line.",
        "The first large steps drove one unit to -1 or 1 for every image, where tanh is flat and no gradient leads "
        "back: of two numbers one says nothing. Linear codings, the default, cannot saturate and both stay in use.",
        "latent_map",
        {"coding_size": 2, "coding_activation": "tanh"},
    ),
    Example(
        "collapsed",
        "A variational autoencoder that says nothing",
        False,
        "variational",
        "Variant: Variational, KL weight 100 (under Advanced), 6 epochs.",
        "Every image becomes the same grey average, and no coding is active.",
        "Being close to the normal distribution costs more than any image is worth, so every cloud becomes the same: "
        "posterior collapse. Take the weight back to 1.",
        settings={"kl_weight": 100.0, "epochs": 6},
    ),
    Example(
        "too-sparse",
        "A penalty that outweighs the error",
        False,
        "sparse-l1",
        "Variant: Sparse (L1), sparsity weight 1, 6 epochs.",
        "All units are silent, all activations lie in the bar at zero, and every image becomes the same.",
        "The penalty outweighs the reconstruction: switching everything off is the cheapest answer. A thousandth of "
        "that weight leaves a few units for each image.",
        "sparsity",
        {"sparsity_weight": 1.0, "epochs": 6},
    ),
    Example(
        "too-fast",
        "Steps too large to arrive",
        False,
        "stacked",
        "Variant: Stacked, learning rate 1 (under Advanced), 6 epochs.",
        "The loss leaps up at the first steps and stays high, or the training ends because it became infinite.",
        "Each step overshoots the valley, activations saturate, and no gradient leads back. Divide by ten until it "
        "falls smoothly.",
        settings={"learning_rate": 1.0, "epochs": 6},
    ),
    Example(
        "identity",
        "As many numbers as pixels",
        False,
        "vanilla",
        "Variant: Vanilla, coding size 784, 4 epochs.",
        "The reconstructions look fine, and still the error lies far above PCA's, which has none left.",
        "There is no bottleneck: copying would do, so nothing has to be understood, and a code as long as the image "
        "saves nothing. A small error is worth something only beside the size of the code.",
        settings={"coding_size": 784, "epochs": 4},
    ),
)
