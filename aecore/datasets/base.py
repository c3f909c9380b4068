"""`DatasetInfo`, the facts of a data set; `Data`, its arrays; names of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aecore.errors import SpecError
from aecore.specs.run import RunSpec


@dataclass(frozen=True)
class DatasetInfo:
    """The facts of a data set that need no file to be read.

    `shape` of a sample: (height, width), (height, width, channels), (features,), or (steps, features) of `sequences`.
    `unit_range`: all values lie in [0, 1]. `classes`: their names, may be empty. `fingerprint`: a hash of the content,
    part of every run key. `columns`: the names of a table's features, may be empty.
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
    columns: tuple[str, ...] = ()
    sequences: bool = False

    @property
    def is_image(self) -> bool:
        """True for samples (height, width[, channels])."""
        return len(self.shape) >= 2 and not self.sequences

    @property
    def features(self) -> int:
        """Numbers in one sample."""
        return int(np.prod(self.shape))


def class_name(classes: Sequence[str], label: int) -> str:
    """The name of a class, 'class 12' for one without a name."""
    return str(classes[label]) if 0 <= label < len(classes) else f"class {label}"


def sample_name(classes: Sequence[str], label: int | None, number: int) -> str:
    """A sample by its class, 'Bag'; without a label by its number, 'no. 12'."""
    return f"no. {number}" if label is None else class_name(classes, label)


def sample_caption(classes: Sequence[str], label: int | None, number: int) -> str:
    """A sample by its class and number, 'Bag, no. 12'; without a label by its number, 'no. 12'."""
    return f"no. {number}" if label is None else f"{class_name(classes, label)}, no. {number}"


@dataclass(frozen=True)
class Data:
    """The arrays of a data set. Images are uint8 (0 to 255), vectors float32; labels are int or None.

    `train`, `validation` have shape (n, *info.shape); `as_float` converts them to a network's input. The *numbers* of
    samples count the validation samples first: i is validation sample i, n_validation + j is training sample j.
    """

    info: DatasetInfo
    train: np.ndarray
    validation: np.ndarray
    train_labels: np.ndarray | None = None
    validation_labels: np.ndarray | None = None

    def numbered(self, numbers: np.ndarray) -> np.ndarray:
        """The samples (k, *info.shape) with the numbers (k,)."""
        return _numbered(self.validation, self.train, numbers)

    def labels_of(self, numbers: np.ndarray) -> np.ndarray | None:
        """The labels (k,) of the samples with the numbers (k,); None for a data set without labels."""
        if self.validation_labels is None or self.train_labels is None:
            return None
        return _numbered(self.validation_labels, self.train_labels, numbers)

    def names_of(self, numbers: Sequence[int] | np.ndarray) -> list[str]:
        """`sample_name` of the samples with the numbers (k,): 'Bag', or 'no. 12'."""
        return [sample_name(self.info.classes, label, number) for label, number in self._labelled(numbers)]

    def captions_of(self, numbers: Sequence[int] | np.ndarray) -> list[str]:
        """`sample_caption` of the samples with the numbers (k,): 'Bag, no. 12', or 'no. 12'."""
        return [sample_caption(self.info.classes, label, number) for label, number in self._labelled(numbers)]

    def _labelled(self, numbers: Sequence[int] | np.ndarray) -> list[tuple[int | None, int]]:
        numbers = np.asarray(numbers, int)
        labels = self.labels_of(numbers)
        return list(zip([None] * len(numbers) if labels is None else labels.tolist(), numbers.tolist(), strict=True))


def _numbered(validation: np.ndarray, train: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    numbers = np.asarray(numbers, int)
    rows = np.empty((len(numbers), *validation.shape[1:]), validation.dtype)
    held_out = numbers < len(validation)
    rows[held_out] = validation[numbers[held_out]]
    rows[~held_out] = train[numbers[~held_out] - len(validation)]
    return rows


def as_float(samples: np.ndarray) -> np.ndarray:
    """Samples as float32: images scaled to [0, 1], vectors as they are."""
    return samples.astype(np.float32) / 255 if samples.dtype == np.uint8 else np.asarray(samples, np.float32)


def without_classes(data: Data, classes: Sequence[int]) -> Data:
    """The data set without the training samples of the classes with these numbers; validation samples stay."""
    if not classes:
        return data
    assert data.train_labels is not None  # `check` refuses classes that a data set does not have
    kept = ~np.isin(data.train_labels, classes)
    info = replace(data.info, n_train=int(kept.sum()))
    return replace(data, info=info, train=data.train[kept], train_labels=data.train_labels[kept])


def watched(n: int, labels: np.ndarray | None) -> np.ndarray:
    """All n validation indices in the order of the snapshots of every run: the first sample of each class, then the
    others in their order."""
    if labels is None:
        return np.arange(n)
    first = np.sort(np.unique(labels, return_index=True)[1])
    by_class = first[np.argsort(labels[first])]
    return np.concatenate([by_class, np.setdiff1d(np.arange(n), by_class)])


def balanced(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`order`, indices into `labels`, rearranged to alternate between the classes: the first of each class, then the
    second of each class, and so on. Every prefix is balanced as far as the classes allow."""
    ordered = labels[order]
    nth = np.empty(len(order), int)  # rank within its class
    for label in np.unique(ordered):
        members = ordered == label
        nth[members] = np.arange(members.sum())
    return order[np.argsort(nth, kind="stable")]


def fitting(spec: RunSpec, info: DatasetInfo) -> RunSpec:
    """The spec on this data set; where values lie outside [0, 1], with mean squared error and a linear output."""
    spec = spec.replace(dataset=info.name)
    if info.unit_range:
        return spec
    phases = tuple(replace(phase, loss="mse") for phase in spec.phases)
    return spec.replace(loss="mse", output_activation="linear", noise_clip=False, phases=phases)


def check(spec: RunSpec, info: DatasetInfo) -> None:
    """Raise `SpecError`, in one line, for a spec that cannot be trained on this data set."""
    if "bce" in (spec.loss, *(phase.loss for phase in spec.phases[:1])) and not info.unit_range:
        raise SpecError(f"loss: got 'bce', but {info.name} has values outside 0 to 1; allowed: mse")
    if unknown := [label for label in spec.leave_out if label >= len(info.classes)]:
        allowed = f"0 to {len(info.classes) - 1}" if info.classes else "none, since it has no classes"
        raise SpecError(f"leave_out: got class {unknown[0]} of {info.name}, allowed: {allowed}")
    if info.classes and len(spec.leave_out) == len(info.classes):
        raise SpecError(f"leave_out: got all {len(info.classes)} classes, allowed: fewer, to train on the others")
    if spec.noise_clip and not info.unit_range:
        raise SpecError(f"noise_clip: got True, but {info.name} has values outside 0 to 1; allowed: False")
    if spec.architecture == "recurrent" and not (info.is_image or info.sequences):
        raise SpecError(
            f"architecture: got 'recurrent', but {info.name} holds vectors; allowed: dense, or images or sequences"
        )
    if spec.architecture == "convolutional":
        if not info.is_image:
            what, others = ("sequences", "dense or recurrent") if info.sequences else ("vectors", "dense")
            raise SpecError(
                f"architecture: got 'convolutional', but {info.name} holds {what}; allowed: {others}, or image data"
            )
        side, most = min(info.shape[:2]), int(np.log2(min(info.shape[:2])))
        if len(spec.hidden) > most:
            raise SpecError(
                f"hidden: got {len(spec.hidden)} convolution and pooling stages, but images of {side} pixels "
                f"allow at most {most}"
            )
