"""The class board: one row for every finished run of a server.

A run's row is read once, and again when its `DONE` mark is newer, so drawing a board again opens no file of a known
run. The rows of all cache folders are cached together, the newest `MOST` of them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from aecore import presets
from aecore.errors import AecoreError
from aecore.specs.base import digest
from aecore.store import listing
from aecore.store.runs import Run
from aecore.variants import VARIANTS

COLUMNS = (
    "key",
    "name",
    "variant",
    "dataset",
    "codings",
    "epochs",
    "seed",
    "mse",
    "pca_mse",
    "seconds",
    "finished",
)
MOST = 5000
_ORDER = {variant.name: number for number, variant in enumerate(VARIANTS)}

_rows: dict[str, tuple[int, dict[str, Any] | None]] = {}  # {folder: (when DONE was written, row)}
_lock = threading.Lock()


@dataclass(frozen=True)
class Board:
    """The runs of one data set; its tables are shared between sessions, so they must not be changed.

    rows : one a finished run, the last finished first, with `COLUMNS`. `name` is the family in words, `variant` its
        index in the registry, which determines colours; `mse` is of validation data, `pca_mse` that of PCA with as
        many components (NaN where unknown), `finished` seconds since 1970. A damaged run, or one without an error, has
        no row.
    best, pca_mse : see the functions of these names.
    version : digest of the content.
    """

    rows: pd.DataFrame
    best: pd.DataFrame
    pca_mse: pd.DataFrame
    version: str


def boards(cache: Path) -> dict[str, Board]:
    """The board of every data set that has runs, the one with the most runs first."""
    return _boards(tuple(listing.finished(cache)))


@lru_cache(maxsize=8)
def _boards(finished: tuple[tuple[str, int], ...]) -> dict[str, Board]:
    """The boards of (folder, time its `DONE` was written), cached until another run is finished."""
    rows = []
    for path, written in finished:
        with _lock:
            entry = _rows.get(path)
        if entry is None or entry[0] != written:
            entry = (written, _row(Run(Path(path)), written))
            _keep(path, entry)
        if entry[1] is not None:
            rows.append({"key": Path(path).name, **entry[1]})
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("finished", ascending=False)
    return {name: _board(table[table["dataset"] == name]) for name in table["dataset"].value_counts().index}


def _board(table: pd.DataFrame) -> Board:
    shown = table.reset_index(drop=True)
    return Board(shown, best(shown), pca_mse(shown), digest(*shown["key"], *map(str, shown["finished"])))


def best(table: pd.DataFrame) -> pd.DataFrame:
    """The row with the smallest error of each coding size, ordered by coding size."""
    smallest = table.sort_values(["codings", "mse"]).drop_duplicates("codings")
    return smallest.reset_index(drop=True)


def pca_mse(table: pd.DataFrame) -> pd.DataFrame:
    """Columns `codings` and `pca_mse`: PCA's error at each coding size for which a run has it, by coding size."""
    measured = table.dropna(subset=["pca_mse"])
    return measured[["codings", "pca_mse"]].drop_duplicates("codings").sort_values("codings", ignore_index=True)


def _keep(path: str, entry: tuple[int, dict[str, Any] | None]) -> None:
    with _lock:
        _rows.pop(path, None)
        _rows[path] = entry
        while len(_rows) > MOST:
            del _rows[next(iter(_rows))]


def _row(run: Run, written: int) -> dict[str, Any] | None:
    try:
        spec, metrics = run.spec, run.metrics
        if run.state != "finished":
            return None
        return {
            "name": presets.title(spec),
            "variant": _ORDER[presets.variant_of(spec)],
            "dataset": spec.dataset,
            "codings": int(metrics["coding_size"]),
            "epochs": spec.epochs,
            "seed": spec.seed,
            "mse": float(metrics["val_mse"]),
            "pca_mse": float("nan") if metrics.get("pca_mse") is None else float(metrics["pca_mse"]),
            "seconds": float("nan") if metrics.get("seconds") is None else float(metrics["seconds"]),
            "finished": written / 1e9,
        }
    except (AecoreError, KeyError, TypeError, ValueError):
        return None
