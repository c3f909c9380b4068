"""Table of a run's codings, a row a sample, and its files. Pages and the command line export this one.

Columns: `id`, the sample's number (see `aecore.datasets.Data`); `label` and `class` of data with classes; `coding_1` …
`coding_d`, 32-bit floats; for a map `x`, `y` (and `z`), NaN for a sample that is not on it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aecore import datasets
from aecore.analysis import inference
from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.store.runs import ResultFolder, Run

if TYPE_CHECKING:
    import pandas as pd

LETTERS = "xyz"


def table(run: Run, data: Data, numbers: Sequence[int], work: ResultFolder | None = None) -> pd.DataFrame:
    """The samples with these numbers. `work`: a finished map of the run.

    Raises `RunError` for an encoder or a map that cannot be read.
    """
    import pandas as pd  # half a second that other commands need not wait

    index = np.asarray(numbers, np.int64)
    columns: dict[str, object] = {"id": index}
    labels = data.labels_of(index)
    if labels is not None:
        columns |= {"label": np.asarray(labels, np.int64), "class": [data.info.classes[label] for label in labels]}
    codings = inference.encode(run, as_float(data.numbered(index)))
    columns |= {coding_name(i): codings[:, i] for i in range(codings.shape[1])}
    if work is not None:
        points = np.asarray(work.array("points"), np.float32)
        places = {int(number): place for place, number in enumerate(work.array("index"))}
        rows = [points[places[n]] if n in places else np.full(points.shape[1], np.nan) for n in index.tolist()]
        columns |= dict(zip(LETTERS, np.array(rows, np.float32).reshape(-1, points.shape[1]).T, strict=False))
    return pd.DataFrame(columns)


def coding_name(i: int) -> str:
    """The column of the i-th coding, counted from 0."""
    return f"coding_{i + 1}"


def csv(frame: pd.DataFrame) -> bytes:
    """The table as CSV, whose digits give the same 32-bit numbers again, and in which no class name is a formula."""
    if "class" in frame:
        frame = frame.assign(**{"class": frame["class"].map(_no_formula)})
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _no_formula(text: str) -> str:
    """Text that no spreadsheet computes: one that begins like a formula, and is no number, gets an apostrophe."""
    if not text.startswith(("=", "+", "-", "@")):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def parquet(frame: pd.DataFrame) -> bytes:
    """The table as a Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def npz(frame: pd.DataFrame) -> bytes:
    """The table as an NPZ file: `id`, `label` and `class` (n,), `codings` (n, d), and `map` (n, 2 or 3) for a map."""
    arrays = {name: frame[name].to_numpy() for name in ("id", "label") if name in frame}
    if "class" in frame:
        arrays["class"] = frame["class"].to_numpy(str)
    arrays["codings"] = frame.filter(regex=r"^coding_\d+$").to_numpy(np.float32)
    places = [name for name in LETTERS if name in frame]
    if places:
        arrays["map"] = frame[places].to_numpy(np.float32)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {"csv": csv, "parquet": parquet, "npz": npz}


def kinds(text: str) -> tuple[str, ...]:
    """The file kinds of text such as 'csv,npz', each once. Raises `AecoreError` for another one."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if not set(names) <= set(WRITERS):
        raise AecoreError(f"--as: got {text!r:.80}, allowed: {', '.join(WRITERS)}, with commas between")
    return names


def files(run: Run, kinds: Sequence[str] = ("csv",), work: ResultFolder | None = None) -> dict[str, bytes]:
    """{file name: content} of the table of all validation samples."""
    data = datasets.load(run.spec.dataset)
    frame = table(run, data, range(len(data.validation)), work)
    return {f"codings.{kind}": WRITERS[kind](frame) for kind in kinds}
