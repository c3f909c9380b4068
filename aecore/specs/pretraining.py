"""`PretrainSpec`: the settings of an unsupervised pretraining experiment.

An autoencoder is trained on every training image without labels. Its encoder then becomes the lower part of a
classifier that is trained on a few labelled images, and is compared with the same classifier from random weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from aecore.errors import SpecError
from aecore.specs import fields
from aecore.specs.fields import require
from aecore.specs.optimizers import MAX_LEARNING_RATE, OPTIMIZERS
from aecore.specs.run import MAX_BATCH_SIZE, MAX_EPOCHS, MAX_WIDTH, RunSpec, digest

if TYPE_CHECKING:
    from aecore.datasets import DatasetInfo

ARMS = {"scratch": "from scratch", "pretrained": "pretrained", "frozen": "encoder frozen"}
LABELS = (100, 500, 5000)
MAX_COUNTS = 8
MAX_SEEDS = 10


@dataclass(frozen=True)
class PretrainSpec:
    """What to compare. Construction validates and raises `SpecError` with one line; defaults are frozen.

    For every number of labels and every seed three classifiers of one architecture (the encoder, a hidden dense
    layer, softmax) get the same labelled images in the same batches for equally many epochs:

    - 'scratch' starts from random weights, and everything is trained;
    - 'pretrained' starts from the autoencoder's weights: first only the head is trained, then everything;
    - 'frozen' starts from the autoencoder's weights too, and only the head is ever trained.

    Parameters
    ----------
    autoencoder : the run whose encoder is used; trained first where it is not there yet.
    labels : how many labelled training images the classifiers get, as equally many of each class as there are.
    seeds : how often each is repeated: another draw of labelled images, other random weights, another order. Seeds
        count from 1, so more of them keep the first ones.
    epochs : of each arm, over its labelled images.
    frozen_epochs : so many of the pretrained arm's epochs train the head only.
    head : units of the classifier's hidden layer (selu).
    batch_size, optimizer, learning_rate : of the classifiers; the optimizer starts afresh when the encoder thaws.
    """

    autoencoder: RunSpec
    labels: tuple[int, ...] = LABELS
    seeds: int = 5
    epochs: int = 20
    frozen_epochs: int = 10
    head: int = 20
    batch_size: int = 32
    optimizer: str = "sgd"
    learning_rate: float = 0.02

    def __post_init__(self) -> None:
        for name, kind in _TYPES.items():
            object.__setattr__(self, name, fields.coerced(name, kind, getattr(self, name)))
        object.__setattr__(self, "labels", tuple(sorted(set(self.labels))))
        counts = len(self.labels)
        require(
            1 <= counts <= MAX_COUNTS, "labels", f"{counts} numbers", f"1 to {MAX_COUNTS} numbers with commas between"
        )
        require(self.optimizer in OPTIMIZERS, "optimizer", self.optimizer, ", ".join(OPTIMIZERS))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            require(low <= value <= high, name, value, f"{low:,} to {high:,}")
        fits = 0 < self.learning_rate <= MAX_LEARNING_RATE
        require(fits, "learning_rate", self.learning_rate, f"above 0, up to {MAX_LEARNING_RATE:g}")
        below = self.frozen_epochs < self.epochs
        require(below, "frozen_epochs", self.frozen_epochs, f"0 to {self.epochs - 1}, fewer than epochs")

    def check(self, info: DatasetInfo) -> None:
        """Raise `SpecError` where the data set cannot serve this experiment."""
        require_labels(info)
        for n in self.labels:
            allowed = f"{len(info.classes)} (one of each class) to {info.n_train:,}, with commas between"
            require(len(info.classes) <= n <= info.n_train, "labels", n, allowed)

    @property
    def settings(self) -> dict[str, Any]:
        """Every field but the autoencoder, as JSON types."""
        return {
            name: list(value) if name == "labels" else value
            for name, value in vars(self).items()
            if name != "autoencoder"
        }

    @classmethod
    def from_settings(cls, autoencoder: RunSpec, values: dict[str, Any]) -> PretrainSpec:
        """Build a spec from JSON types or text; unknown names and bad values raise `SpecError`."""
        for name in values:
            if name not in DEFAULTS:
                raise SpecError(f"unknown pretraining setting {name!r}; allowed: {', '.join(DEFAULTS)}")
        return cls(autoencoder, **values)

    def canonical_json(self) -> str:
        """JSON of the settings that differ from their frozen defaults: sorted, without spaces."""
        changed = {name: value for name, value in self.settings.items() if value != DEFAULTS[name]}
        return json.dumps(changed, sort_keys=True, separators=(",", ":"))

    def key(self, run_key: str) -> str:
        """The experiment's name: 16 hexadecimal digits of its settings and the autoencoder's run key."""
        return digest("pretraining", self.canonical_json(), run_key)

    def presented(self) -> int:
        """How many samples all classifiers together are trained on with the encoder at work: what takes the time."""
        return self.seeds * sum(self.labels) * (2 * self.epochs - self.frozen_epochs)


def require_labels(info: DatasetInfo) -> None:
    """Raise `SpecError` for a data set without labels."""
    if not info.classes:
        raise SpecError(f"dataset: got {info.name!r}, which has no labels; allowed: a data set with labels")


_TYPES = {name: kind for name, kind in get_type_hints(PretrainSpec).items() if name != "autoencoder"}
_RANGES: dict[str, tuple[float, float]] = {
    "seeds": (2, MAX_SEEDS),
    "epochs": (1, MAX_EPOCHS),
    "frozen_epochs": (0, MAX_EPOCHS),
    "head": (1, MAX_WIDTH),
    "batch_size": (1, MAX_BATCH_SIZE),
}

DEFAULTS: dict[str, Any] = PretrainSpec(RunSpec()).settings
