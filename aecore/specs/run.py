"""`RunSpec`: the complete, hashable description of one training.

A variant is a composition of independent choices, so the spec is flat, with a field per choice. Two rules keep keys
stable for years. Canonical JSON omits every field that equals its default, so the defaults below are *frozen*: a new
field's default must mean "as before", and no default may ever change (`tests/specs/test_run.py` holds golden keys).
Fields a composition does not use are reset to their default before hashing, so a setting without effect does not
change the key either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from aecore.specs import composition, optimizers
from aecore.specs.base import MAX_SEED, Spec, digest, setting
from aecore.specs.fields import require
from aecore.specs.optimizers import MAX_LEARNING_RATE, OPTIMIZERS
from aecore.specs.phases import LOSSES, MAX_EPOCHS, Phase, read_phases

__all__ = ["Phase", "RunSpec"]

ACTIVATIONS = ("linear", "relu", "selu", "elu", "gelu", "silu", "leaky_relu", "tanh", "sigmoid")
SPARSITY_BATCH = 32  # batch size to which published weights of penalties on batch means refer
MAX_WIDTH = 4096
MAX_BATCH_SIZE = 10_000
MAX_DROPOUT = 0.95
_LAYERS: dict[str, Any] = {"low": 1, "high": MAX_WIDTH, "max_items": 8}


@dataclass(frozen=True)
class RunSpec(Spec):
    """All settings of a training. Construction validates and raises `SpecError` with one line.

    The declaration of each field has its meaning and allowed values; `python -m aecore train --help` prints them. A new
    axis of the composition is one more field, whose default means "as before".
    """

    kind: ClassVar[str] = "run"

    dataset: str = setting("fashion-mnist-12k", "name of a data set in aecore.datasets", label="Data set")
    architecture: str = setting(
        "dense",
        "layers of the network: convolutional for images, recurrent reads image rows as time steps",
        choices=("dense", "convolutional", "recurrent"),
    )
    hidden: tuple[int, ...] = setting(
        (100,),
        "units of the encoder's hidden layers: dense units, convolution filters or LSTM units",
        label="Hidden layers",
        tooltip="Units, filters or LSTM cells of the encoder, such as 300, 100. The decoder mirrors them.",
        **_LAYERS,
    )
    decoder_hidden: tuple[int, ...] = setting(
        (), "units of the decoder's hidden layers; empty: the encoder's in reverse", **_LAYERS
    )
    tied: bool = setting(
        False, "dense only: the decoder's kernels are the encoder's, transposed; biases are not shared"
    )
    bottleneck: str = setting(
        "dense",
        "convolutional only: codings of a dense layer, or spatial feature maps (without coding_size)",
        choices=("dense", "spatial"),
    )
    upsampling: str = setting(
        "transposed",
        "convolutional only: transposed convolutions, or nearest-neighbour upsampling and convolution",
        choices=("transposed", "nearest"),
    )
    activation: str = setting(
        "selu",
        "activation of the hidden layers",
        label="Hidden activation",
        disabled_tooltip="Not here: no hidden layer, or LSTM cells, which bring their own.",
        choices=ACTIVATIONS,
    )
    coding_activation: str = setting(
        "selu",
        "activation of the coding layer",
        disabled_tooltip="Not here: the codings of a variational autoencoder have none.",
        choices=ACTIVATIONS,
    )
    output_activation: str = setting(
        "sigmoid", "activation of the last layer", choices=("sigmoid", "linear", "tanh", "relu")
    )
    coding: str = setting(
        "plain",
        "variational codings have a mean and a log-variance and are sampled while training",
        choices=("plain", "variational"),
    )
    coding_size: int = setting(
        30,
        "number of codings of one sample",
        tooltip="How many numbers stand for one image.",
        disabled_tooltip="Here the codings are feature maps: their number follows from the filters.",
        low=1,
        high=2048,
        stops=(*range(1, 33), 36, 40, 48, 50, 56, 64, 80, 100, 128, 150, 200, 256, 300, 400, 512),
    )
    kl_weight: float = setting(
        1.0,
        "variational only: weight of the KL divergence from the prior; 1 is the evidence lower bound",
        label="KL weight (β)",
        tooltip="How much it costs that codings stray from the normal distribution: 1 is the evidence lower bound; "
        "with more, fewer codings tell something.",
        low=0,
        high=1000,
        stops=(0.0, 0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 50.0, 100.0),
        off_at_0=(),
    )
    noise: str = setting(
        "gaussian",
        "kind of the corruption while training",
        label="Noise kind",
        disabled_tooltip="Not here: the noise rate is off.",
        choices=("gaussian", "dropout"),
    )
    noise_rate: float = setting(
        0.0,
        "standard deviation of Gaussian noise, or dropout rate; 0 is off",
        tooltip="Corruption while training: standard deviation of the noise, or share of inputs dropped.",
        low=0,
        high=100.0,
        stops=tuple(round(0.05 * step, 2) for step in range(19)),
        off_at_0=("noise", "noise_on", "noise_clip", "noisy_validation"),
    )
    noise_on: str = setting(
        "input", "what is corrupted: the input, or the input of the coding layer", choices=("input", "coding")
    )
    noise_clip: bool = setting(False, "clip the corrupted input to [0, 1]")
    noisy_validation: bool = setting(
        False, "validate from noisy to clean (Hubens) rather than from clean to clean (Géron)"
    )
    sparsity: str = setting(
        "l1",
        "regularization of the codings: l1, l2 are batch means of sums; kl, mse compare unit means with the target",
        label="Sparsity penalty",
        tooltip="KL compares probabilities: it needs sigmoid codings.",
        disabled_tooltip="Not here: the sparsity weight is off.",
        choices=("l1", "l2", "kl", "mse"),
    )
    # kl and mse are divided by 32, the batch size for which the literature prints its weights.
    sparsity_weight: float = setting(
        0.0,
        "weight of the sparsity regularization; 0 is off",
        tooltip="How much an active coding costs. The kind of penalty stands under Advanced.",
        low=0,
        high=100.0,
        stops=(0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
        off_at_0=("sparsity", "sparsity_target"),
    )
    sparsity_target: float = setting(
        0.1,
        "mean activation of each coding that sparsity kl and mse aim at",
        tooltip="KL and MSE only.",
        disabled_tooltip="Not here: the penalty has no target, or its weight is off.",
        low=0.001,
        high=0.999,
        step=0.05,
    )
    loss: str = setting(
        "bce",
        "binary cross-entropy or mean squared error, both means over the features",
        tooltip="Binary cross-entropy wants data in 0 to 1 and a sigmoid output.",
        choices=LOSSES,
    )
    optimizer: str = setting(
        "adam",
        "Keras optimizer",
        tooltip="Muon orthogonalizes the momentum matrix of each kernel: often as far in one epoch as others in five. "
        "It wants a learning rate near .02.",
        choices=OPTIMIZERS,
    )
    learning_rate: float = setting(
        0.002, "learning rate, the highest where it changes", low=0, high=MAX_LEARNING_RATE, above_low=True, step=0.001
    )
    batch_size: int = setting(64, "samples of a training step", low=1, high=MAX_BATCH_SIZE)
    epochs: int = setting(5, "passes over the training data", low=1, high=MAX_EPOCHS)
    seed: int = setting(42, "seed of weights, order and noise", low=0, high=MAX_SEED)
    schedule: str = setting(
        "joint",
        "layerwise: each layer is trained first as an autoencoder of its own, then the whole is fine-tuned",
        choices=("joint", "layerwise"),
    )
    phases: tuple[Phase, ...] = setting(
        (), "layerwise only: JSON list of one Phase a layer; empty: each is trained like the whole", read=read_phases
    )
    optimizer_arguments: str = setting(
        "",
        "arguments of the Keras optimizer, such as momentum=0.9 nesterov=1",
        tooltip="As Keras calls them, such as momentum=0.9 nesterov=1. Empty: Keras's own.",
        read=optimizers.canonical,
    )
    decay: str = setting(
        "constant",
        "learning rate over the steps of a fit: constant, or down to 0 along half a cosine",
        label="Learning rate over time",
        tooltip="Cosine: down to 0 at the end of the training.",
        choices=("constant", "cosine"),
    )
    warmup: float = setting(
        0.0,
        "share of the steps during which the learning rate rises from 0",
        label="Warm-up",
        tooltip="The share of the training during which the learning rate rises from 0.",
        low=0,
        high=0.9,
        step=0.05,
    )
    normalization: str = setting(
        "none",
        "of the hidden layers of dense and convolutional networks, before their activation",
        label="Normalisation",
        tooltip="Of each hidden layer's sums, before the activation: deeper networks train faster. Not layer by layer.",
        disabled_tooltip="Not here: no hidden layer, or LSTM cells.",
        choices=("none", "batch", "layer"),
    )
    penalty: str = setting(
        "none",
        "further regularization term on the encoder (aecore.worker.training.regularizers)",
        choices=("none", "contractive"),
    )
    penalty_weight: float = setting(
        0.0,
        "weight of that term; 0 is off",
        tooltip="Weight of this variant's own regularization term on the encoder; off for a plain one.",
        low=0,
        high=1000.0,
        stops=(0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0),
        off_at_0=("penalty",),
    )
    downsampling: str = setting(
        "pool",
        "convolutional only: convolution and max-pooling, or convolutions of stride 2 (a quarter of the work)",
        choices=("pool", "stride"),
    )
    dense_hidden: tuple[int, ...] = setting(
        (),
        "convolutional with dense codings only: dense layers before the codings; the decoder has them in reverse",
        **_LAYERS,
    )
    leave_out: tuple[int, ...] = setting(
        (),
        "numbers of the classes that are left out of the training samples; the validation samples keep them",
        label="Classes left out",
        tooltip="Numbers of classes, such as 8: the network is trained without them, and the page Anomalies tests "
        "whether their reconstruction error gives them away.",
        low=0,
        high=9999,
        max_items=50,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("leave_out", tuple(sorted(set(self.leave_out))))
        optimizers.check(self.optimizer, self.optimizer_arguments)
        if self.noise == "dropout":
            require(self.noise_rate <= MAX_DROPOUT, "noise_rate", self.noise_rate, f"0 to {MAX_DROPOUT} for dropout")
        composition.check(self)
        for name in composition.unused(self):
            self._set(name, self.settings()[name].default)

    @property
    def spatial(self) -> bool:
        """True when the codings are feature maps, so that `coding_size` follows from the data and the filters."""
        return self.architecture == "convolutional" and self.bottleneck == "spatial"

    @property
    def variational(self) -> bool:
        """True for codings that are sampled from a mean and a log-variance during training."""
        return self.coding == "variational"

    @property
    def corrupts_input(self) -> bool:
        """True when the network is trained from corrupted inputs."""
        return self.noise_rate > 0 and self.noise_on == "input"

    @property
    def hashes(self) -> bool:
        """True when noise on the coding layer's input makes the codings bits (semantic hashing)."""
        return self.noise_rate > 0 and self.noise_on == "coding"

    @property
    def linear(self) -> bool:
        """True for a linear autoencoder: no hidden layer and no activation anywhere."""
        flat = self.architecture == "dense" and not self.hidden and not self.decoder_hidden
        return flat and self.coding_activation == self.output_activation == "linear"

    @property
    def layer_count(self) -> int:
        """Layers that a layer-by-layer schedule trains one at a time: the hidden ones and the codings."""
        return len(self.hidden) + 1

    def to_dict(self) -> dict[str, Any]:
        """Every field, as JSON types. `from_dict` is its inverse."""
        return {**super().to_dict(), "phases": [phase.to_dict() for phase in self.phases]}

    def key(self, fingerprint: str) -> str:
        """The run's name: 16 hexadecimal digits of the spec and the data set's fingerprint."""
        return digest(self.canonical_json(), fingerprint)
