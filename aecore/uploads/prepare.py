"""`prepare`: samples split into training and validation, and scaled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from aecore.errors import UploadError
from aecore.specs.upload import UploadSpec
from aecore.text import counted
from aecore.uploads.samples import MIN_SAMPLES, Samples
from aecore.uploads.split import split

MAX_COLUMNS = 200  # names that are stored


@dataclass(frozen=True)
class Scaling:
    """scaled = (value − offset) · factor, a column or feature at a time."""

    offset: np.ndarray
    factor: np.ndarray


@dataclass(frozen=True)
class PreparedData:
    """The arrays of a data set: images are uint8, tables and sequences float32; `scaling` of the latter, or None.

    `facts` : sentences on what was changed, left out and split. `fingerprint` : 16 hexadecimal digits of the content.
    """

    form: str
    train: np.ndarray
    validation: np.ndarray
    train_labels: np.ndarray | None
    validation_labels: np.ndarray | None
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    unit_range: bool
    scaling: Scaling | None
    facts: tuple[str, ...]
    fingerprint: str


def prepare(samples: Samples, spec: UploadSpec) -> PreparedData:
    """The samples split by `split`, and scaled as `spec.scale` says. Raises `UploadError` if too few are left."""
    train, validation, said = split(samples, spec)
    if len(train) < MIN_SAMPLES // 2 or not len(validation):
        raise UploadError(
            f"split: got {counted(len(train), 'different training sample')} and {len(validation):,} to validate, "
            f"allowed: {MIN_SAMPLES // 2} or more and 1 or more"
        )
    scaling, unit_range, more = (None, True, []) if samples.form == "images" else _scaling(samples.x, train, spec)
    parts = [_scaled(samples.x[rows], scaling, unit_range) for rows in (train, validation)]
    labels = [None if samples.labels is None else samples.labels[rows] for rows in (train, validation)]
    columns = samples.columns if len(samples.columns) <= MAX_COLUMNS else ()
    return PreparedData(
        samples.form,
        parts[0],
        parts[1],
        labels[0],
        labels[1],
        samples.classes,
        columns,
        unit_range,
        scaling,
        (*samples.facts, *more, *said),
        _fingerprint([*parts, *labels], samples),
    )


def _scaling(x: np.ndarray, train: np.ndarray, spec: UploadSpec) -> tuple[Scaling | None, bool, list[str]]:
    """(scaling, whether all scaled values lie in [0, 1], facts). Sequences are scaled a feature at a time.

    The range of `unit` is that of all samples, so that the validation samples lie in [0, 1], too; mean and standard
    deviation of `standard` are those of the training samples.
    """
    axes = tuple(range(x.ndim - 1))
    if x.dtype == np.uint8:
        # One factor for all columns: the relations between pixels stay.
        if spec.scale in ("auto", "unit"):
            factor = 1.0 if x.max() <= 1 else 1 / 255
            scaling = Scaling(np.zeros(x.shape[-1]), np.full(x.shape[-1], factor))
            return scaling, True, [] if factor == 1 else ["Bytes divided by 255."]
        x = x.astype(np.float32)
    low, high = x.min(axis=axes).astype(np.float64), x.max(axis=axes).astype(np.float64)
    inside = bool(low.min() >= 0 and high.max() <= 1)
    if spec.scale == "none" or (spec.scale == "auto" and inside):
        return None, inside, ["All values lie between 0 and 1." if inside else "Not scaled."]
    if spec.scale in ("auto", "unit"):
        spread = high - low
        said = "Each column scaled to the range 0 to 1." if x.ndim == 2 else "Each feature scaled to the range 0 to 1."
        constant = int((spread == 0).sum())
        more = [f"{counted(constant, 'column')} with a single value: 0 everywhere."] if constant else []
        return Scaling(low, 1 / np.where(spread == 0, 1.0, spread)), True, [said, *more]
    mean = x[train].mean(axis=axes, dtype=np.float64)
    deviation = x[train].std(axis=axes, dtype=np.float64)
    scaling = Scaling(mean, 1 / np.where(deviation == 0, 1.0, deviation))
    return scaling, False, ["Each column standardised by the mean and the standard deviation of the training samples."]


def _scaled(x: np.ndarray, scaling: Scaling | None, unit_range: bool) -> np.ndarray:
    if scaling is None:
        return np.ascontiguousarray(x, x.dtype if x.dtype == np.uint8 else np.float32)
    result = np.empty(x.shape, np.float32)
    for start in range(0, len(x), 4096):
        part = (x[start : start + 4096].astype(np.float64) - scaling.offset) * scaling.factor
        result[start : start + 4096] = part.clip(0, 1) if unit_range else part
    return result


def _fingerprint(arrays: list[np.ndarray | None], samples: Samples) -> str:
    digest = hashlib.sha256(repr((samples.form, samples.classes, samples.columns)).encode())
    for array in arrays:
        if array is not None:
            digest.update(repr((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
