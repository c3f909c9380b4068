"""`RunSpec`: the complete, hashable description of one training.

A variant is a composition of independent choices, so the spec is flat: one field a choice. Two rules keep keys
stable for years. Canonical JSON omits every field that equals its default, so the defaults below are *frozen*: a new
field's default must mean "as before", and no default may ever change (`tests/test_spec.py` holds golden keys).
Fields a composition does not use are reset to their default before hashing, so a knob that changes nothing does not
change the key either.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_type_hints

from aecore.errors import SpecError
from aecore.specs import composition, fields, optimizers
from aecore.specs.fields import require
from aecore.specs.optimizers import MAX_LEARNING_RATE, OPTIMIZERS

ARCHITECTURES = ("dense", "convolutional", "recurrent")
BOTTLENECKS = ("dense", "spatial")
UPSAMPLINGS = ("transposed", "nearest")
ACTIVATIONS = ("linear", "relu", "selu", "elu", "gelu", "silu", "leaky_relu", "tanh", "sigmoid")
OUTPUT_ACTIVATIONS = ("sigmoid", "linear", "tanh", "relu")
CODINGS = ("plain", "variational")
NOISES = ("gaussian", "dropout")
NOISE_PLACES = ("input", "coding")
SPARSITIES = ("l1", "l2", "kl", "mse")
LOSSES = ("bce", "mse")
SCHEDULES = ("joint", "layerwise")
NORMALIZATIONS = ("none", "batch", "layer")
DOWNSAMPLINGS = ("pool", "stride")
DECAYS = ("constant", "cosine")
PENALTIES = ("none", "contractive")

MAX_CODING_SIZE = 2048
MAX_WIDTH = 4096
MAX_LAYERS = 8
MAX_EPOCHS = 1000
MAX_BATCH_SIZE = 10_000
MAX_GAUSSIAN = 100.0
MAX_DROPOUT = 0.95
MAX_SPARSITY_WEIGHT = 100.0
MAX_PENALTY_WEIGHT = 1000.0
MAX_WARMUP = 0.9
KEY_LENGTH = 16


@dataclass(frozen=True)
class Phase:
    """One layer's own training in a layer-by-layer schedule: epochs, optimizer, learning rate and loss."""

    epochs: int
    optimizer: str
    learning_rate: float
    loss: str
    optimizer_arguments: str = ""


@dataclass(frozen=True)
class RunSpec:
    """What to train, completely. Construction validates and raises `SpecError` with one line.

    Parameters
    ----------
    dataset : name in `aecore.datasets`.
    architecture : 'dense', 'convolutional' (image data) or 'recurrent' (image rows are the time steps).
    hidden : units of the encoder's hidden layers: dense units, convolution filters, LSTM units.
    decoder_hidden : the decoder's; empty means the encoder's in reverse.
    tied : dense only: decoder kernels are the encoder's, transposed; biases are its own.
    bottleneck : convolutional only: 'dense' codings, or 'spatial' feature maps (`coding_size` is then not used).
    upsampling : convolutional only: 'transposed' convolutions, or convolution and 'nearest' upsampling.
    activation, coding_activation, output_activation : of the hidden, the coding and the last layer.
    coding : 'plain' or 'variational' (mean and log-variance, sampled while training).
    coding_size : how many numbers stand for one sample.
    kl_weight : weight of the variational KL divergence; 1 is the evidence lower bound.
    noise, noise_rate, noise_on : the corruption while training: Gaussian standard deviation or dropout rate, of the
        input or of what enters the coding layer; 0 is off.
    noise_clip : clip the corrupted input to [0, 1].
    noisy_validation : validate from noisy to clean (Hubens) rather than from clean to clean (Géron).
    sparsity, sparsity_weight, sparsity_target : the penalty on the codings; weight 0 is off. 'l1' and 'l2' are means
        over the batch of sums over the codings; 'kl' and 'mse' compare each coding's mean over the batch with the
        target, summed and divided by 32, which is what the printed weights of the literature mean (batches of 32).
    loss : 'bce' (binary cross-entropy) or 'mse', both means over the features.
    optimizer, learning_rate, batch_size, epochs, seed : of the fit.
    schedule : 'joint', or 'layerwise': each layer first as an autoencoder of its own, then the whole, fine-tuned.
    phases : layerwise only: one `Phase` a layer; empty means each layer is trained like the whole.
    optimizer_arguments : of the Keras optimizer, such as 'momentum=0.9 nesterov=1'; see `aecore.specs.optimizers`.
    decay, warmup : the learning rate over the steps of a fit: 'constant', or down to 0 along half a 'cosine'; before
        that it rises from 0 during this share of the steps.
    normalization : of the hidden layers of dense and convolutional networks, before their activation.
    penalty, penalty_weight : a further regularization term on the encoder
        (`aecore.worker.training.regularizers`); weight 0 is off.
    downsampling : convolutional only: convolution and max-'pool', or convolutions of 'stride' 2, a quarter of the work.
    dense_hidden : convolutional with a dense bottleneck only: dense layers between convolutions and codings; the
        decoder has them in reverse.
    """

    dataset: str = "fashion-mnist-12k"
    architecture: str = "dense"
    hidden: tuple[int, ...] = (100,)
    decoder_hidden: tuple[int, ...] = ()
    tied: bool = False
    bottleneck: str = "dense"
    upsampling: str = "transposed"
    activation: str = "selu"
    coding_activation: str = "selu"
    output_activation: str = "sigmoid"
    coding: str = "plain"
    coding_size: int = 30
    kl_weight: float = 1.0
    noise: str = "gaussian"
    noise_rate: float = 0.0
    noise_on: str = "input"
    noise_clip: bool = False
    noisy_validation: bool = False
    sparsity: str = "l1"
    sparsity_weight: float = 0.0
    sparsity_target: float = 0.1
    loss: str = "bce"
    optimizer: str = "adam"
    learning_rate: float = 0.002
    batch_size: int = 64
    epochs: int = 5
    seed: int = 42
    schedule: str = "joint"
    phases: tuple[Phase, ...] = ()
    optimizer_arguments: str = ""
    decay: str = "constant"
    warmup: float = 0.0
    normalization: str = "none"
    penalty: str = "none"
    penalty_weight: float = 0.0
    downsampling: str = "pool"
    dense_hidden: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _coerced(field.name, getattr(self, field.name)))
        _check_ranges(self)
        composition.check(self)
        for name in composition.unused(self):
            object.__setattr__(self, name, DEFAULTS[name])

    @property
    def spatial(self) -> bool:
        """True when the codings are feature maps, so that `coding_size` follows from the data and the filters."""
        return self.architecture == "convolutional" and self.bottleneck == "spatial"

    @property
    def variational(self) -> bool:
        """True for codings drawn from a mean and a log-variance while training."""
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
        """Every field, as JSON types. `RunSpec.from_dict` is its inverse."""
        values = json.loads(json.dumps(dataclasses.asdict(self)))
        for phase in values["phases"]:
            if not phase["optimizer_arguments"]:  # as `Phase` was written before it had them: keys must not change
                del phase["optimizer_arguments"]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunSpec:
        """Build a spec from JSON types; unknown names and bad values raise `SpecError`."""
        _refuse_unknown(values)
        return cls(**values)

    def replace(self, **changes: Any) -> RunSpec:
        """A copy with some fields changed. Text is accepted for any field (`coding_size="2"`, `hidden="300,100"`)."""
        _refuse_unknown(changes)
        return dataclasses.replace(self, **changes)

    def canonical_json(self) -> str:
        """JSON of the fields that differ from their frozen defaults: sorted, without spaces."""
        return _canonical_json(self)

    def key(self, fingerprint: str) -> str:
        """The run's name: 16 hexadecimal digits of the spec and the data set's fingerprint."""
        return digest(self.canonical_json(), fingerprint)


@lru_cache(maxsize=1000)
def _canonical_json(spec: RunSpec) -> str:
    changed = {name: value for name, value in spec.to_dict().items() if value != _JSON_DEFAULTS[name]}
    return json.dumps(changed, sort_keys=True, separators=(",", ":"))


def setting(name: str, value: Any) -> Any:
    """`value` as field `name` holds it, checked for itself alone; raises `SpecError` with one line."""
    _refuse_unknown({name: value})
    value = _coerced(name, value)
    _check_field(name, value)
    return value


def digest(*parts: str) -> str:
    """16 hexadecimal digits of SHA-256 over the parts; every key in the project is made here."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:KEY_LENGTH]


def _refuse_unknown(values: dict[str, Any]) -> None:
    for name in values:
        if name not in DEFAULTS:
            raise SpecError(f"unknown setting {name!r}; allowed: {', '.join(DEFAULTS)}")


def _coerced(name: str, value: Any) -> Any:
    """`value` as the field's type; text is read as a person would write it in a link or on the command line."""
    if name == "optimizer_arguments":
        return optimizers.canonical(value)
    return _phases(value) if name == "phases" else fields.coerced(name, _TYPES[name], value)


def _phases(value: Any) -> tuple[Phase, ...]:
    try:
        phases = json.loads(value) if isinstance(value, str) else value
        return tuple(_phase(dataclasses.asdict(phase) if isinstance(phase, Phase) else phase) for phase in phases)
    except (TypeError, ValueError, OverflowError):
        allowed = "a list of phases with epochs, optimizer, learning_rate and loss"
        raise SpecError(f"phases: got {value!r:.80}, allowed: {allowed}") from None


def _phase(values: dict[str, Any]) -> Phase:
    phase = Phase(**values)
    return Phase(
        fields.whole_number(phase.epochs),
        str(phase.optimizer).lower(),
        fields.number(phase.learning_rate),
        str(phase.loss).lower(),
        optimizers.canonical(phase.optimizer_arguments),
    )


def _check_field(name: str, value: Any) -> None:
    if name in _CHOICES:
        require(value in _CHOICES[name], name, value, ", ".join(_CHOICES[name]))
    elif name in _RANGES:
        low, high = _RANGES[name]
        require(low <= value <= high, name, value, f"{low:,} to {high:,}")
    elif name in ("hidden", "decoder_hidden", "dense_hidden"):
        fits = len(value) <= MAX_LAYERS and all(1 <= size <= MAX_WIDTH for size in value)
        require(fits, name, value, f"up to {MAX_LAYERS} layers of 1 to {MAX_WIDTH:,} units, such as 300,100")


def _check_ranges(spec: RunSpec) -> None:
    for name in DEFAULTS:
        _check_field(name, getattr(spec, name))
    require(spec.learning_rate > 0, "learning_rate", spec.learning_rate, f"above 0, up to {MAX_LEARNING_RATE:g}")
    optimizers.check(spec.optimizer, spec.optimizer_arguments)
    if spec.noise == "dropout":
        require(spec.noise_rate <= MAX_DROPOUT, "noise_rate", spec.noise_rate, f"0 to {MAX_DROPOUT} for dropout")
    for phase in spec.phases:
        good = phase.optimizer in OPTIMIZERS and phase.loss in LOSSES and 1 <= phase.epochs <= MAX_EPOCHS
        require(
            good and 0 < phase.learning_rate <= MAX_LEARNING_RATE,
            "phases",
            phase,
            "epochs, optimizer, learning_rate and loss as for the whole",
        )
        optimizers.check(phase.optimizer, phase.optimizer_arguments, "phases")


DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(RunSpec)}
_JSON_DEFAULTS = json.loads(json.dumps(DEFAULTS))
_TYPES = get_type_hints(RunSpec)
_CHOICES = {
    "architecture": ARCHITECTURES,
    "bottleneck": BOTTLENECKS,
    "upsampling": UPSAMPLINGS,
    "activation": ACTIVATIONS,
    "coding_activation": ACTIVATIONS,
    "output_activation": OUTPUT_ACTIVATIONS,
    "coding": CODINGS,
    "noise": NOISES,
    "noise_on": NOISE_PLACES,
    "sparsity": SPARSITIES,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "decay": DECAYS,
    "penalty": PENALTIES,
    "normalization": NORMALIZATIONS,
    "downsampling": DOWNSAMPLINGS,
}
_RANGES: dict[str, tuple[float, float]] = {
    "coding_size": (1, MAX_CODING_SIZE),
    "kl_weight": (0, 1000),
    "noise_rate": (0, MAX_GAUSSIAN),
    "sparsity_weight": (0, MAX_SPARSITY_WEIGHT),
    "sparsity_target": (0.001, 0.999),
    "learning_rate": (0, MAX_LEARNING_RATE),
    "warmup": (0, MAX_WARMUP),
    "penalty_weight": (0, MAX_PENALTY_WEIGHT),
    "batch_size": (1, MAX_BATCH_SIZE),
    "epochs": (1, MAX_EPOCHS),
    "seed": (0, 2**31 - 1),
}
