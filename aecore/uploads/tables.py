"""Tables from CSV, TSV and Parquet files as numbers. pandas reads the files."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from aecore.errors import UploadError
from aecore.specs.fields import did_you_mean
from aecore.specs.upload import MAX_NAME, NO_LABEL, UploadSpec
from aecore.text import counted
from aecore.uploads import labels, sequences, text_files
from aecore.uploads.cleaning import without_missing
from aecore.uploads.files import UploadedFile, reason
from aecore.uploads.samples import MAX_FEATURES, MAX_SAMPLES, Samples, check_size

MAX_CATEGORIES = 20  # values of a text column that becomes 0 and 1
MOSTLY = 0.9  # share of a text column's values that have to be numbers
LABEL_NAMES = ("label", "labels", "class", "target", "species", "category", "y")
MAX_PARQUET = 4 * 2**30  # bytes of the columns as the file declares them
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")


def read_text(file: UploadedFile, spec: UploadSpec) -> Samples:
    """The samples of a CSV or TSV file: a row each, numbers by column. Raises `UploadError`."""
    table = text_files.read(file)
    if spec.read_as == "images":
        raise UploadError(f"{file.title}: got a text file, allowed for images: ZIP, PNG, JPEG, WebP, BMP, GIF or TIFF")
    if spec.read_as == "sequences" or (spec.read_as == "auto" and table.ragged):
        rows = sequences.read_rows(table.text, table.separator, table.decimal, file.title, spec)
        return Samples(rows.form, rows.x, rows.labels, rows.classes, facts=(*table.facts, *rows.facts))
    frame, facts = _frame(table, file.title)
    return from_frame(frame, file.title, spec, [*table.facts, *facts])


def read_parquet(file: UploadedFile, spec: UploadSpec) -> Samples:
    """The samples of a Parquet file. Raises `UploadError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file.path) as reader:
            check_size(reader.metadata.num_rows, (), file.title)
            groups = [reader.metadata.row_group(i) for i in range(reader.metadata.num_row_groups)]
            if sum(group.total_byte_size for group in groups) > MAX_PARQUET:
                raise UploadError(f"{file.title}: got more than {MAX_PARQUET // 2**30} GB unpacked, allowed: less")
            check_size(reader.metadata.num_rows, (reader.metadata.num_columns,), file.title)
            texts = [field.name for field in reader.schema_arrow if pa.types.is_string(field.type)]
        # Texts stay a dictionary: one long text that is repeated would fill the memory.
        with pq.ParquetFile(file.path, read_dictionary=texts) as reader:
            flat = [field.name for field in reader.schema_arrow if not pa.types.is_nested(field.type)]
            frame = reader.read(columns=flat).to_pandas()
            nested = len(reader.schema_arrow.names) - len(flat)
    except UploadError:
        raise
    except Exception as error:  # Arrow raises many types on damaged bytes
        raise UploadError(f"{file.title}: got a damaged Parquet file ({reason(error)}), allowed: a whole one") from None
    facts = [f"{counted(nested, 'column')} of lists or records left out."] if nested else []
    return from_frame(frame.reset_index(drop=True), file.title, spec, facts)


def from_frame(frame: pd.DataFrame, title: str, spec: UploadSpec, facts: Sequence[str] = ()) -> Samples:
    """The samples of a table. Raises `UploadError`."""
    said = list(facts)
    check_size(len(frame), frame.shape[1:], title)
    if frame.shape[1] > MAX_FEATURES:
        raise UploadError(f"{title}: got {frame.shape[1]:,} columns, allowed: at most {MAX_FEATURES:,}")
    frame = frame.set_axis(labels.unique_names(frame.columns, MAX_NAME), axis=1)
    frame = frame.loc[frame.notna().any(axis=1)]
    label = _label(frame, title, spec)
    for name in spec.columns:
        _require_column(frame, name, "columns", title)
    used = [name for name in (spec.columns or frame.columns) if name != label]
    parts, columns, left_out = _numeric(frame[used], said)
    if left_out:
        shown = ", ".join(f"{labels.plain_name(name)} ({why})" for name, why in left_out[:5])
        more = f" and {len(left_out) - 5:,} more" if len(left_out) > 5 else ""
        said.append(f"{counted(len(left_out), 'column')} left out: {shown}{more}.")
    if len(columns) < 2:
        raise UploadError(f"{title}: got {counted(len(columns), 'column')} of numbers that differ, allowed: 2 or more")
    check_size(len(frame), (len(columns),), title)
    x, kept, more_said = without_missing(np.column_stack(parts), spec, title)
    said += more_said
    coded, classes = None, tuple[str, ...]()
    if label is not None:
        coded, classes, more_said = labels.encoded(frame[label].iloc[kept].astype(object), f"Label column {label}")
        said += more_said
    return Samples("table", x, coded, classes, tuple(columns), facts=tuple(said))


def _frame(table: text_files.TextTable, title: str) -> tuple[pd.DataFrame, list[str]]:
    """A DataFrame of a text table, with the names of its header, or numbered ones without a header."""
    facts = []
    lines = [line for line in table.text.splitlines()[:20] if line.strip()]
    headed = not any(map(_is_number, _cells(lines[0], table))) if len(lines) > 1 else True
    try:
        frame = pd.read_csv(
            io.StringIO(table.text),
            sep=table.separator,
            decimal=table.decimal,
            header=0 if headed else None,
            skipinitialspace=True,
            index_col=False,
            nrows=MAX_SAMPLES + 2,
            low_memory=False,
        )
    except Exception as error:  # pandas raises many types on damaged tables
        raise UploadError(f"{title}: got a damaged table ({reason(error)}), allowed: rows of the same cells") from None
    if not headed:
        frame.columns = [f"column {i}" for i in range(1, frame.shape[1] + 1)]
        facts.append("No header: columns are numbered.")
    elif len(lines) > 1 and lines[1].strip() == lines[0].strip():
        frame = frame.iloc[1:].infer_objects()
        frame = frame.apply(lambda column: pd.to_numeric(column, errors="coerce") if _mostly(column) else column)
        facts.append("The header stands twice: the second one is left out.")
    repeated = len(frame.columns) - len(set(_cells(lines[0], table))) if headed else 0
    if repeated > 0:
        facts.append(f"{counted(repeated, 'column')} with the name of another one, numbered.")
    return frame.reset_index(drop=True), facts


def _label(frame: pd.DataFrame, title: str, spec: UploadSpec) -> str | None:
    """The label column: the spec's, or one with a usual name, or a last or first text column of few values."""
    if spec.label == NO_LABEL:
        return None
    if spec.label:
        return _require_column(frame, spec.label, "label", title)
    for name in frame.columns:
        if name.strip().lower() in LABEL_NAMES and 2 <= frame[name].nunique() <= labels.MAX_CLASSES:
            return str(name)
    for name in (frame.columns[-1], frame.columns[0]) if len(frame.columns) else ():
        few = 2 <= frame[name].nunique() <= min(MAX_CATEGORIES, len(frame) // 2)
        if few and not pd.api.types.is_numeric_dtype(frame[name]) and not _mostly(frame[name]):
            return str(name)
    return None


def _require_column(frame: pd.DataFrame, name: str, setting: str, title: str) -> str:
    if name not in frame.columns:
        names = [str(column) for column in frame.columns]
        shown = ", ".join(labels.plain_name(column, 20) for column in names[:8]) + (" …" if len(names) > 8 else "")
        near = did_you_mean(name, names)
        raise UploadError(f"{setting}: got {name[:40]!r}, allowed: columns of {title} ({shown}){near}")
    return name


def _numeric(frame: pd.DataFrame, facts: list[str]) -> tuple[list[np.ndarray], list[str], list[tuple[str, str]]]:
    """(columns of floats, their names, (name, reason) of the columns left out); categories become 0 and 1."""
    parts: list[np.ndarray] = []
    names: list[str] = []
    left_out: list[tuple[str, str]] = []
    expanded, parsed = [], 0
    for name in frame.columns:
        column = frame[name]
        if _mostly(column):
            text = column.astype(object)
            column = pd.to_numeric(column.astype(str).where(column.notna()), errors="coerce")
            parsed += int((column.isna() & text.notna()).sum())
        values = _floats(column)
        if values is not None:
            finite = values[np.isfinite(values)]
            if not len(finite):
                left_out.append((name, "no values"))
            elif finite.min() == finite.max():
                left_out.append((name, "a single value"))
            else:
                parts.append(values)
                names.append(name)
            continue
        if not pd.api.types.is_string_dtype(column) and column.dtype != object and column.dtype.name != "category":
            left_out.append((name, "dates" if "date" in str(column.dtype) else str(column.dtype)))
            continue
        texts = column.astype(object).where(column.notna(), None)
        kinds = sorted({str(value) for value in texts.dropna()})
        if not 2 <= len(kinds) <= MAX_CATEGORIES:
            left_out.append((name, _why(kinds)))
            continue
        as_text = texts.map(lambda value: None if value is None else str(value))
        parts += [np.where(as_text == kind, 1.0, 0.0) for kind in kinds]
        names += [f"{name}={labels.plain_name(kind)}" for kind in kinds]
        expanded.append(f"{labels.plain_name(name)} ({len(kinds)})")
    if expanded:
        facts.append(f"Categories as columns of 0 and 1: {', '.join(expanded[:5])}{' …' if len(expanded) > 5 else ''}.")
    if parsed:
        facts.append(f"{counted(parsed, 'text')} in columns of numbers counted as missing.")
    return parts, labels.unique_names(names, MAX_NAME), left_out


def _why(kinds: list[str]) -> str:
    if len(kinds) < 2:
        return "a single value" if kinds else "no values"
    if sum(bool(_DATE.fullmatch(kind)) for kind in kinds) > MOSTLY * len(kinds):
        return "dates"
    return f"text of {len(kinds):,} different values"


def _floats(column: pd.Series) -> np.ndarray | None:
    """A column of numbers or of true and false as float64; None for others."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        if pd.api.types.is_complex_dtype(column):
            return None
        return column.to_numpy(np.float64, na_value=np.nan)
    return None


def _mostly(column: pd.Series) -> bool:
    """True for a text column whose values are nearly all numbers."""
    if pd.api.types.is_numeric_dtype(column) or not (column.dtype == object or pd.api.types.is_string_dtype(column)):
        return False
    texts = column.dropna().astype(str)
    if not len(texts):
        return False
    return bool(pd.to_numeric(texts, errors="coerce").notna().mean() >= MOSTLY)


def _cells(line: str, table: text_files.TextTable) -> list[str]:
    return [cell.strip().strip('"').replace(table.decimal, ".") for cell in line.split(table.separator)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
