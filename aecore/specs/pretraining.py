"""`PretrainSpec`: the settings of an unsupervised pretraining experiment.

An autoencoder is trained on every training image without labels. Its encoder then becomes the lower part of a
classifier that is trained on a few labelled images, and is compared with the same classifier from random weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from aecore.errors import SpecError
from aecore.specs.base import Derived, setting
from aecore.specs.fields import require
from aecore.specs.optimizers import MAX_LEARNING_RATE, OPTIMIZERS
from aecore.specs.run import MAX_BATCH_SIZE, MAX_EPOCHS, MAX_WIDTH, RunSpec

if TYPE_CHECKING:
    from aecore.datasets import DatasetInfo

ARMS = {"scratch": "from scratch", "pretrained": "pretrained", "frozen": "encoder frozen"}
MAX_SEEDS = 10
MAX_LABELS = 1_000_000


@dataclass(frozen=True)
class PretrainSpec(Derived):
    """Settings of an experiment. Construction validates and raises `SpecError` with one line; defaults are frozen.

    For every number of labels and every seed three classifiers of one architecture (the encoder, a hidden dense
    layer, softmax) get the same labelled images in the same batches for equally many epochs:

    - 'scratch' starts from random weights, and everything is trained;
    - 'pretrained' starts from the autoencoder's weights: first only the head is trained, then everything;
    - 'frozen' starts from the autoencoder's weights too, and only the head is ever trained.

    `autoencoder` is the spec of the run whose encoder is used; a missing run is trained first. It is not a setting, but
    its run's key is part of the experiment's key. Seeds count from 1, so a larger number of seeds includes the smaller
    one. The optimizer's state is reset when the encoder is unfrozen.
    """

    kind: ClassVar[str] = "pretraining"

    autoencoder: RunSpec
    labels: tuple[int, ...] = setting(
        (100, 500, 5000),
        "numbers of labelled training images, balanced over the classes",
        low=1,
        high=MAX_LABELS,
        min_items=1,
        max_items=8,
    )
    seeds: int = setting(5, "repetitions with other labelled images, random weights and order", low=2, high=MAX_SEEDS)
    epochs: int = setting(20, "epochs of each classifier, over its labelled images", low=1, high=MAX_EPOCHS)
    frozen_epochs: int = setting(
        10, "epochs of the pretrained arm that train the head only, fewer than epochs", low=0, high=MAX_EPOCHS
    )
    head: int = setting(20, "units of the classifier's hidden layer (selu)", low=1, high=MAX_WIDTH)
    batch_size: int = setting(32, "samples of a training step", low=1, high=MAX_BATCH_SIZE)
    optimizer: str = setting("sgd", "Keras optimizer of the classifiers", choices=OPTIMIZERS)
    learning_rate: float = setting(
        0.02, "learning rate of the classifiers", low=0, high=MAX_LEARNING_RATE, above_low=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("labels", tuple(sorted(set(self.labels))))
        below = self.frozen_epochs < self.epochs
        require(below, "frozen_epochs", self.frozen_epochs, f"0 to {self.epochs - 1}, fewer than epochs")

    def check(self, info: DatasetInfo) -> None:
        """Raise `SpecError` for a data set that does not fit this experiment."""
        require_labels(info)
        for n in self.labels:
            allowed = f"{len(info.classes)} (one of each class) to {info.n_train:,}, with commas between"
            require(len(info.classes) <= n <= info.n_train, "labels", n, allowed)

    @classmethod
    def from_settings(cls, autoencoder: RunSpec, values: dict[str, Any]) -> PretrainSpec:
        """A spec from JSON types or text; unknown names and invalid values raise `SpecError`."""
        cls.refuse_unknown(values)
        return cls(autoencoder, **values)

    def presented(self) -> int:
        """Samples that pass through the encoders of all classifiers in training, which determines the time."""
        return self.seeds * sum(self.labels) * (2 * self.epochs - self.frozen_epochs)


def require_labels(info: DatasetInfo) -> None:
    """Raise `SpecError` for a data set without labels."""
    if not info.classes:
        raise SpecError(f"dataset: got {info.name!r}, which has no labels; allowed: a data set with labels")
