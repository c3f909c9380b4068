"""`UploadSpec`: how an uploaded file becomes a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from aecore.specs.base import MAX_SEED, Spec, setting
from aecore.specs.fields import require

MAX_SIDE = 64  # pixels
MAX_NAME = 200  # characters of a column's name
NO_LABEL = "-"


def _columns(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    fits = isinstance(value, list | tuple) and all(isinstance(name, str) and len(name) <= MAX_NAME for name in value)
    require(fits, "columns", value, "names of columns with commas between")
    return tuple(dict.fromkeys(value))


@dataclass(frozen=True)
class UploadSpec(Spec):
    """The choices with which files are read, split into training and validation samples, and scaled."""

    kind: ClassVar[str] = "data"

    name: str = setting("", "title of the data set; empty: the file's name", label="Name", max_length=60)
    read_as: str = setting(
        "auto",
        "what the samples are; auto: from the file's kind and shape",
        label="Read as",
        choices=("auto", "images", "table", "sequences"),
    )
    label: str = setting(
        "",
        f"the table's column with the classes; empty: guessed, {NO_LABEL}: none",
        label="Label column",
        max_length=MAX_NAME,
    )
    columns: tuple[str, ...] = setting((), "the table's columns to use; empty: all that fit", read=_columns)
    scale: str = setting(
        "auto",
        "of numbers, a column at a time: unit is from 0 to 1, standard has mean 0 and standard deviation 1; "
        "auto: unit, unless all values lie between 0 and 1",
        label="Scaling",
        choices=("auto", "unit", "standard", "none"),
    )
    missing: str = setting(
        "median",
        "missing values of a table: filled with the column's median, or their rows are left out",
        label="Missing values",
        choices=("median", "drop"),
    )
    side: int = setting(MAX_SIDE, "images: the longest side in pixels", label="Longest side", low=4, high=MAX_SIDE)
    fit: str = setting(
        "pad",
        "images of different sizes: padded to a square, cropped to one around the middle, or stretched",
        label="Different sizes",
        choices=("pad", "crop", "stretch"),
    )
    colour: str = setting(
        "auto", "of images; auto: grey if all of them are", label="Colours", choices=("auto", "grey", "colour")
    )
    lengths: str = setting(
        "pad",
        "sequences of different lengths: padded at the end with their last step, or resampled to the median length",
        label="Different lengths",
        choices=("pad", "resample"),
    )
    validation: float = setting(
        0.2, "share of the samples for validation, unless the file brings a test set", low=0.05, high=0.5, step=0.05
    )
    seed: int = setting(42, "seed of the split", low=0, high=MAX_SEED)
