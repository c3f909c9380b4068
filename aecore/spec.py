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
from typing import Any, get_args, get_origin, get_type_hints

from aecore.errors import SpecError

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
OPTIMIZERS = ("sgd", "adam", "adamw", "nadam", "rmsprop", "adadelta")
SCHEDULES = ("joint", "layerwise")

MAX_CODING_SIZE = 2048
MAX_WIDTH = 4096
MAX_LAYERS = 8
MAX_EPOCHS = 1000
MAX_BATCH_SIZE = 10_000
MAX_GAUSSIAN = 100.0
MAX_DROPOUT = 0.95
MAX_SPARSITY_WEIGHT = 100.0
MAX_LEARNING_RATE = 10.0
KEY_LENGTH = 16


@dataclass(frozen=True)
class Phase:
    """One layer's own training in a layer-by-layer schedule: epochs, optimizer, learning rate and loss."""

    epochs: int
    optimizer: str
    learning_rate: float
    loss: str


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

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _coerced(field.name, getattr(self, field.name)))
        _check_ranges(self)
        _check_composition(self)
        for name in _unused(self):
            object.__setattr__(self, name, DEFAULTS[name])

    @property
    def spatial(self) -> bool:
        """True when the codings are feature maps, so that `coding_size` follows from the data and the filters."""
        return self.architecture == "convolutional" and self.bottleneck == "spatial"

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
        return json.loads(json.dumps(dataclasses.asdict(self)))

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
        changed = {name: value for name, value in self.to_dict().items() if value != _JSON_DEFAULTS[name]}
        return json.dumps(changed, sort_keys=True, separators=(",", ":"))

    def key(self, fingerprint: str) -> str:
        """The run's name: 16 hexadecimal digits of the spec and the data set's fingerprint."""
        return digest(self.canonical_json(), fingerprint)


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
    kind = _TYPES[name]
    try:
        if get_origin(kind) is tuple:
            return tuple(_items(get_args(kind)[0], value))
        if kind is bool:
            return _bool(value)
        if kind is int:
            return _int(value)
        if kind is float:
            return _float(value)
        if not isinstance(value, str):
            raise ValueError
        return value.strip().lower()
    except (TypeError, ValueError, KeyError, OverflowError):
        raise SpecError(f"{name}: got {value!r:.80}, allowed: {_KIND_NAMES[kind]}") from None


def _items(kind: type, value: Any) -> list[Any]:
    if kind is Phase:
        phases = json.loads(value) if isinstance(value, str) else value
        return [_phase(dataclasses.asdict(phase) if isinstance(phase, Phase) else phase) for phase in phases]
    if isinstance(value, str):
        value = [part for part in value.replace("-", ",").replace(" ", ",").split(",") if part]
    return [_int(part) for part in ([value] if isinstance(value, int) else value)]


def _phase(values: dict[str, Any]) -> Phase:
    phase = Phase(**values)
    rate = _float(phase.learning_rate)
    return Phase(_int(phase.epochs), str(phase.optimizer).lower(), rate, str(phase.loss).lower())


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[str(value).lower()]


def _int(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    return float(value) + 0.0  # -0.0, which JSON would spell differently, becomes 0.0


def _require(ok: bool, name: str, value: Any, allowed: str) -> None:
    if not ok:
        raise SpecError(f"{name}: got {value!r:.80}, allowed: {allowed}")


def _check_field(name: str, value: Any) -> None:
    if name in _CHOICES:
        _require(value in _CHOICES[name], name, value, ", ".join(_CHOICES[name]))
    elif name in _RANGES:
        low, high = _RANGES[name]
        _require(low <= value <= high, name, value, f"{low:,} to {high:,}")
    elif name in ("hidden", "decoder_hidden"):
        fits = len(value) <= MAX_LAYERS and all(1 <= size <= MAX_WIDTH for size in value)
        _require(fits, name, value, f"up to {MAX_LAYERS} layers of 1 to {MAX_WIDTH:,} units, such as 300,100")


def _check_ranges(spec: RunSpec) -> None:
    for name in DEFAULTS:
        _check_field(name, getattr(spec, name))
    _require(spec.learning_rate > 0, "learning_rate", spec.learning_rate, f"above 0, up to {MAX_LEARNING_RATE:g}")
    if spec.noise == "dropout":
        _require(spec.noise_rate <= MAX_DROPOUT, "noise_rate", spec.noise_rate, f"0 to {MAX_DROPOUT} for dropout")
    for phase in spec.phases:
        good = phase.optimizer in OPTIMIZERS and phase.loss in LOSSES and 1 <= phase.epochs <= MAX_EPOCHS
        _require(
            good and 0 < phase.learning_rate <= MAX_LEARNING_RATE,
            "phases",
            phase,
            "epochs, optimizer, learning_rate and loss as for the whole",
        )


def _check_composition(spec: RunSpec) -> None:
    """What single fields cannot say: which choices exclude each other, and why."""
    if spec.loss == "bce":
        _require(
            spec.output_activation == "sigmoid",
            "output_activation",
            spec.output_activation,
            "sigmoid with loss bce (cross-entropy needs outputs between 0 and 1), or loss mse",
        )
    if spec.architecture != "dense":
        _require(bool(spec.hidden), "hidden", spec.hidden, f"at least one layer for a {spec.architecture} network")
        _require(not spec.tied, "tied", True, "dense networks only (a kernel is transposed)")
        _require(spec.schedule == "joint", "schedule", spec.schedule, "joint, or a dense network")
    if spec.tied:
        _require(spec.coding == "plain", "tied", True, "plain codings (a variational encoder has two output layers)")
        _require(not spec.decoder_hidden, "decoder_hidden", spec.decoder_hidden, "empty with tied weights")
        _require(spec.schedule == "joint", "schedule", spec.schedule, "joint with tied weights")
    if spec.architecture == "convolutional" and spec.decoder_hidden:
        same = len(spec.decoder_hidden) == len(spec.hidden)
        _require(same, "decoder_hidden", spec.decoder_hidden, f"{len(spec.hidden)} layers, one for each of the encoder")
    if spec.schedule == "layerwise":
        _require(spec.coding == "plain", "schedule", "layerwise", "plain codings")
        _require(not spec.decoder_hidden, "decoder_hidden", spec.decoder_hidden, "empty with schedule layerwise")
        _require(len(spec.phases) in (0, spec.layer_count), "phases", len(spec.phases), f"none or {spec.layer_count}")
        for depth, phase in enumerate(spec.phases, 1):
            output = spec.output_activation if depth == 1 else spec.activation
            fits = phase.loss == "mse" or output == "sigmoid"
            _require(fits, "phases", "bce", f"mse for layer {depth}, which {output} reconstructs")
    if spec.sparsity == "kl" and spec.sparsity_weight > 0:
        _require(
            spec.coding == "plain" and spec.coding_activation == "sigmoid",
            "sparsity",
            "kl",
            "sigmoid codings (KL compares probabilities), or sparsity l1, l2 or mse",
        )
    if spec.spatial:
        _require(spec.coding == "plain", "bottleneck", "spatial", "plain codings, or a dense bottleneck")


def _unused(spec: RunSpec) -> list[str]:
    """Fields that this composition never reads."""
    unused = []
    if spec.noise_rate == 0:
        unused += ["noise", "noise_on", "noise_clip", "noisy_validation"]
    elif spec.noise_on == "coding":
        unused += ["noise_clip", "noisy_validation"]
    if spec.sparsity_weight == 0:
        unused += ["sparsity", "sparsity_target"]
    elif spec.sparsity in ("l1", "l2"):
        unused += ["sparsity_target"]
    if spec.architecture != "convolutional":
        unused += ["bottleneck", "upsampling"]
    if spec.spatial:
        unused += ["coding_size"]
    if spec.coding == "plain":
        unused += ["kl_weight"]
    else:
        unused += ["coding_activation"]
    if spec.architecture == "recurrent" or (not spec.hidden and not spec.decoder_hidden):
        unused += ["activation"]
    if spec.decoder_hidden == tuple(reversed(spec.hidden)):
        unused += ["decoder_hidden"]
    if spec.schedule == "joint":
        unused += ["phases"]
    return unused


DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(RunSpec)}
_JSON_DEFAULTS = json.loads(json.dumps(DEFAULTS))
_TYPES = get_type_hints(RunSpec)
_KIND_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[int, ...]: "whole numbers with commas between, such as 300,100",
    tuple[Phase, ...]: "a list of phases with epochs, optimizer, learning_rate and loss",
}
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
}
_RANGES: dict[str, tuple[float, float]] = {
    "coding_size": (1, MAX_CODING_SIZE),
    "kl_weight": (0, 1000),
    "noise_rate": (0, MAX_GAUSSIAN),
    "sparsity_weight": (0, MAX_SPARSITY_WEIGHT),
    "sparsity_target": (0.001, 0.999),
    "learning_rate": (0, MAX_LEARNING_RATE),
    "batch_size": (1, MAX_BATCH_SIZE),
    "epochs": (1, MAX_EPOCHS),
    "seed": (0, 2**31 - 1),
}
