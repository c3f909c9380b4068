"""What a data set is to the rest of the package: a description that costs nothing, and arrays read on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aecore.errors import SpecError
from aecore.specs.run import RunSpec


@dataclass(frozen=True)
class DatasetInfo:
    """Facts known without reading a file.

    `shape` is one sample's: (height, width), (height, width, channels) or (features,). `unit_range` says that all
    values lie in [0, 1]. `classes` may be empty. `fingerprint` identifies the content and enters every run key.
    """

    name: str
    title: str
    description: str
    shape: tuple[int, ...]
    n_train: int
    n_validation: int
    classes: tuple[str, ...]
    unit_range: bool
    fingerprint: str

    @property
    def is_image(self) -> bool:
        return len(self.shape) >= 2

    @property
    def features(self) -> int:
        """Numbers in one sample."""
        return int(np.prod(self.shape))


def class_name(classes: Sequence[str], label: int) -> str:
    """A class in words; one without a name is called by its number."""
    return str(classes[label]) if 0 <= label < len(classes) else f"class {label}"


@dataclass(frozen=True)
class Data:
    """The arrays of a data set. Images are uint8 (0 to 255), vectors float32; labels are int or None.

    `train`, `validation` have shape (n, *info.shape). `as_float` gives what a network is fed. A sample's *number*
    counts the validation samples first: i is validation sample i, n_validation + j is training sample j.
    """

    info: DatasetInfo
    train: np.ndarray
    validation: np.ndarray
    train_labels: np.ndarray | None = None
    validation_labels: np.ndarray | None = None

    def numbered(self, numbers: np.ndarray) -> np.ndarray:
        """The samples (k, *info.shape) of these numbers (k,)."""
        return _numbered(self.validation, self.train, numbers)

    def labels_of(self, numbers: np.ndarray) -> np.ndarray | None:
        """The labels (k,) of the samples of these numbers; None where the data set has none."""
        if self.validation_labels is None or self.train_labels is None:
            return None
        return _numbered(self.validation_labels, self.train_labels, numbers)


def _numbered(validation: np.ndarray, train: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    numbers = np.asarray(numbers, int)
    found = np.empty((len(numbers), *validation.shape[1:]), validation.dtype)
    held_out = numbers < len(validation)
    found[held_out] = validation[numbers[held_out]]
    found[~held_out] = train[numbers[~held_out] - len(validation)]
    return found


def as_float(samples: np.ndarray) -> np.ndarray:
    """Samples as float32: images scaled to [0, 1], vectors as they are."""
    return samples.astype(np.float32) / 255 if samples.dtype == np.uint8 else np.asarray(samples, np.float32)


def watched(n: int, labels: np.ndarray | None) -> np.ndarray:
    """All n validation indices in the order in which every run's snapshots watch them: the first sample of each
    class, so that a few of them show every class, then the others as they come."""
    if labels is None:
        return np.arange(n)
    first = np.sort(np.unique(labels, return_index=True)[1])
    by_class = first[np.argsort(labels[first])]
    return np.concatenate([by_class, np.setdiff1d(np.arange(n), by_class)])


def balanced(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`order`, indices into `labels`, rearranged so that the classes take turns: every class's first, then every
    class's second, and so on; any beginning of it has as many of each class as there are."""
    found = labels[order]
    nth = np.empty(len(order), int)  # the how-manieth of its class
    for label in np.unique(found):
        members = found == label
        nth[members] = np.arange(members.sum())
    return order[np.argsort(nth, kind="stable")]


def check(spec: RunSpec, info: DatasetInfo) -> None:
    """Refuse, with one line, a spec that cannot be trained on this data set."""
    if "bce" in (spec.loss, *(phase.loss for phase in spec.phases[:1])) and not info.unit_range:
        raise SpecError(f"loss: got 'bce', but {info.name} has values outside 0 to 1; allowed: mse")
    if spec.noise_clip and not info.unit_range:
        raise SpecError(f"noise_clip: got True, but {info.name} has values outside 0 to 1; allowed: False")
    if spec.architecture == "recurrent" and not info.is_image:
        raise SpecError(f"architecture: got 'recurrent', but {info.name} holds vectors; allowed: dense, or image data")
    if spec.architecture == "convolutional":
        if not info.is_image:
            raise SpecError(
                f"architecture: got 'convolutional', but {info.name} holds vectors; allowed: dense, or image data"
            )
        side, most = min(info.shape[:2]), int(np.log2(min(info.shape[:2])))
        if len(spec.hidden) > most:
            raise SpecError(
                f"hidden: got {len(spec.hidden)} convolution and pooling stages, but images of {side} pixels "
                f"allow at most {most}"
            )
