"""`split`: indices of training and validation samples, without a sample that stands on both sides."""

from __future__ import annotations

import hashlib

import numpy as np

from aecore.specs.upload import UploadSpec
from aecore.text import counted
from aecore.uploads.samples import Samples


def split(samples: Samples, spec: UploadSpec) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(training indices, validation indices, facts).

    Random with the spec's seed and balanced by class; a test set of the file's own is the validation set instead.
    Equal samples are on one side: in a random split all of them, with a given test set the training ones are left out.
    """
    n = len(samples.x)
    groups = _groups(samples.x)
    distinct = int(groups.max()) + 1 if n else 0
    facts = []
    if n > distinct:
        facts.append(f"{counted(n - distinct, 'sample')} equal to another one.")
    if samples.n_test:
        return _given(groups, n - samples.n_test, facts)
    random = np.random.default_rng(spec.seed)
    held_out = np.zeros(n, bool)
    labels = np.zeros(n, np.int64) if samples.labels is None else samples.labels
    first = np.unique(groups, return_index=True)[1]  # of each group; a group belongs to the class of its first sample
    sizes = np.bincount(groups, minlength=distinct)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        chosen = _filled(members, sizes[members], int(spec.validation * sizes[members].sum() + 0.5))
        held_out |= np.isin(groups, chosen)
    if distinct > 1 and not held_out.any():  # a few samples, or classes of one sample each
        held_out[groups == sizes.argmin()] = True
    if n > distinct:
        facts[-1] = f"{facts[-1][:-1]}: kept on the same side of the split."
    train, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    balanced = "" if samples.labels is None else ", balanced by class"
    facts.append(
        f"Split at random (seed {spec.seed}){balanced}: {len(train):,} to train, {len(validation):,} to validate."
    )
    return random.permutation(train), random.permutation(validation), facts


def _filled(groups: np.ndarray, sizes: np.ndarray, wanted: int) -> list[int]:
    """Groups, taken in their order while they fit into `wanted` samples."""
    chosen, room = [], wanted
    for group, size in zip(groups.tolist(), sizes.tolist(), strict=True):
        if size <= room:
            chosen.append(group)
            room -= size
        if not room:
            break
    return chosen


def _given(groups: np.ndarray, n_train: int, facts: list[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    train, validation = np.arange(n_train), np.arange(n_train, len(groups))
    leaked = np.isin(groups[:n_train], groups[n_train:])
    if leaked.any():
        facts.append(f"{counted(int(leaked.sum()), 'training sample')} equal to a test sample left out.")
    return train[~leaked], validation, facts


def _groups(x: np.ndarray) -> np.ndarray:
    """(n,) the number of each sample's group of equal samples, counted from 0 in their order."""
    numbers: dict[bytes, int] = {}
    groups = np.empty(len(x), np.int64)
    for i, sample in enumerate(x):
        content = np.ascontiguousarray(sample).tobytes()
        key = content if len(content) <= 16 else hashlib.blake2b(content, digest_size=16).digest()
        groups[i] = numbers.setdefault(key, len(numbers))
    return groups
