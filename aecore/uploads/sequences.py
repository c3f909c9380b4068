"""Sequences (n, steps, features), from an array or from a CSV file with a row a sequence."""

from __future__ import annotations

import csv
import io

import numpy as np

from aecore.errors import UploadError
from aecore.specs.upload import NO_LABEL, UploadSpec
from aecore.text import counted
from aecore.uploads import labels
from aecore.uploads.samples import LARGEST, MAX_SAMPLES, MAX_STEPS, MAX_VALUES, Samples

csv.field_size_limit(10_000)


def as_sequences(x: np.ndarray, title: str) -> tuple[np.ndarray, list[str]]:
    """Sequences (n, steps, features) of floats; more than `MAX_STEPS` steps are resampled. Raises `UploadError`."""
    if x.shape[1] < 2 or not x.shape[2]:
        raise UploadError(f"{title}: got sequences of shape {x.shape[1:]}, allowed: 2 steps or more")
    if x.dtype == np.uint8:
        x = x.astype(np.float32)
    if x.shape[1] <= MAX_STEPS:
        return x, []
    places = np.linspace(0, x.shape[1] - 1, MAX_STEPS)
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, x.shape[1] - 1)
    share = (places - before)[:, None].astype(x.dtype)
    resampled = np.stack([one[before] * (1 - share) + one[after] * share for one in x])
    return resampled, [f"Sequences of {x.shape[1]:,} steps, resampled to {MAX_STEPS}."]


def read_rows(text: str, separator: str, decimal: str, title: str, spec: UploadSpec) -> Samples:
    """The sequences of a CSV file, a row each, of different lengths. Raises `UploadError`.

    The label is the column that the spec names, or the first or last cell of each row if it is no number.
    """
    rows = _cells(text, separator, title)
    if len(rows) > MAX_SAMPLES + 1:
        raise UploadError(f"{title}: got more than {MAX_SAMPLES:,} rows, allowed: at most {MAX_SAMPLES:,}")
    header = rows[0] if rows and not any(_is_number(cell, decimal) for cell in rows[0]) else None
    rows = rows[1:] if header is not None else rows
    if not rows:
        raise UploadError(f"{title}: got no row of numbers, allowed: a row a sequence")
    at, facts = _label_column(header, rows, decimal, title, spec), []
    names = [row[at] if -len(row) <= at < len(row) else "" for row in rows] if at is not None else None
    steps = [row if at is None else row[:at] + (row[at + 1 :] if at >= 0 else []) for row in rows]
    values, kept, left_out = [], [], 0
    for i, row in enumerate(steps):
        numbers = _numbers(row, decimal)
        if numbers is None or len(numbers) < 2:
            left_out += 1
        else:
            values.append(numbers)
            kept.append(i)
    if left_out:
        facts.append(f"{counted(left_out, 'row')} with gaps, texts or fewer than two numbers left out.")
    if not values:
        raise UploadError(f"{title}: got no row of numbers, allowed: a row a sequence")
    x, said = _one_length(values, spec, title)
    facts += said
    coded, classes = None, tuple[str, ...]()
    if names is not None:
        coded, classes, said = labels.encoded([names[i] for i in kept], "Labels")
        facts += said
    return Samples("sequences", x, coded, classes, facts=tuple(facts))


def _cells(text: str, separator: str, title: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UploadError(f"{title}: got a damaged table ({error}), allowed: CSV or TSV") from None


def _label_column(
    header: list[str] | None, rows: list[list[str]], decimal: str, title: str, spec: UploadSpec
) -> int | None:
    """The label's place in each row: 0 for the first, -1 for the last; None without labels."""
    if spec.label == NO_LABEL:
        return None
    if spec.label:
        names = [cell.strip() for cell in header or []]
        if spec.label not in names:
            shown = ", ".join(labels.plain_name(name, 20) for name in names[:8]) or "no header"
            raise UploadError(f"label: got {spec.label[:40]!r}, allowed: a column of {title} ({shown})")
        return names.index(spec.label)
    for place in (0, -1):
        if sum(not _is_number(row[place], decimal) and bool(row[place].strip()) for row in rows) > len(rows) / 2:
            return place
    return None


def _one_length(values: list[np.ndarray], spec: UploadSpec, title: str) -> tuple[np.ndarray, list[str]]:
    """(x (n, steps, 1), facts) of sequences that may differ in length."""
    lengths = np.array([len(one) for one in values])
    longest = int(lengths.max())
    if lengths.min() == longest:
        return as_sequences(np.stack(values)[:, :, None], title)
    span = f"Sequences of {lengths.min():,} to {longest:,} steps"
    if spec.lengths == "resample" or longest > MAX_STEPS:
        steps = min(MAX_STEPS, max(2, int(np.median(lengths))))
        x = np.stack([np.interp(np.linspace(0, len(one) - 1, steps), np.arange(len(one)), one) for one in values])
        return x.astype(np.float32)[:, :, None], [f"{span}, resampled to {steps:,}."]
    if len(values) * longest > MAX_VALUES:
        raise UploadError(f"{title}: got {len(values) * longest:,} numbers, allowed: at most {MAX_VALUES:,}")
    x = np.stack([np.pad(one, (0, longest - len(one)), mode="edge") for one in values])
    shorter = int((lengths < longest).sum())
    return x[:, :, None], [f"{span}: {shorter:,} padded to {longest:,} with the last step."]


def _numbers(row: list[str], decimal: str) -> np.ndarray | None:
    """The row's numbers without the empty cells at its end; None for a gap, a text or a number that is not finite."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    try:
        numbers = np.array([float(cell.replace(decimal, ".")) for cell in cells], np.float64)
    except ValueError:
        return None
    return numbers.astype(np.float32) if (np.abs(numbers) <= LARGEST).all() else None


def _is_number(cell: str, decimal: str) -> bool:
    try:
        float(cell.strip().replace(decimal, "."))
    except ValueError:
        return False
    return True
