"""`Samples`: what a file holds, before it is split and scaled; limits of its size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aecore.errors import UploadError
from aecore.text import counted

MAX_SAMPLES = 200_000
MAX_VALUES = 300_000_000
MAX_FEATURES = 64 * 64 * 3  # numbers of one sample, those of the largest image
MAX_STEPS = 512
MIN_SAMPLES = 10
LARGEST = 1e30  # values beyond are no measurements, and their squares do not fit into 32 bits

Progress = Callable[[str, float], None]  # (what is done, its share): called now and then; may raise to stop the reading


@dataclass(frozen=True)
class Samples:
    """Samples with their labels.

    Attributes
    ----------
    form : 'images', 'table' or 'sequences'.
    x : images (n, height, width[, 3]) uint8; a table (n, columns) or sequences (n, steps, features) of finite floats.
    labels, classes : (n,) indices into the names of the classes; None and () without labels.
    columns : the table's column names, () without names.
    n_test : the last samples that are a test set of the file's own; 0 without one.
    facts : sentences on what was changed or left out, with counts.
    """

    form: str
    x: np.ndarray
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    n_test: int = 0
    facts: tuple[str, ...] = ()


def check_size(n: int, shape: tuple[int, ...], name: str) -> None:
    """Raise `UploadError` for more samples, or more numbers in a sample or in all, than are allowed."""
    if n > MAX_SAMPLES:
        raise UploadError(f"{name}: got {counted(n, 'sample')}, allowed: at most {MAX_SAMPLES:,}")
    values = math.prod(shape)
    if n * values > MAX_VALUES:
        raise UploadError(f"{name}: got {n * values:,} numbers, allowed: at most {MAX_VALUES:,}")


def check_samples(samples: Samples, name: str) -> None:
    """Raise `UploadError` for too few samples, too wide ones, and samples that are all equal."""
    n, shape = len(samples.x), samples.x.shape[1:]
    if n < MIN_SAMPLES:
        raise UploadError(f"{name}: got {counted(n, 'sample')} that can be used, allowed: {MIN_SAMPLES} or more")
    check_size(n, shape, name)
    if not 2 <= math.prod(shape) <= MAX_FEATURES:
        numbers = counted(math.prod(shape), "number")
        raise UploadError(f"{name}: got samples of {numbers}, allowed: 2 to {MAX_FEATURES:,}")
    if (samples.x == samples.x[:1]).all():
        raise UploadError(f"{name}: got {n:,} samples that are all equal, allowed: samples that differ")
