"""The leaderboard of a class: tables with a row per finished run of a server.

A run's row is cached by the time of its `DONE` mark, so drawing a leaderboard again opens no file of a cached run. The
rows of all cache folders are cached together, the newest `MOST` of them.
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

_rows: dict[str, tuple[int, dict[str, Any] | None]] = {}  # {folder: (modification time of DONE, row)}
_lock = threading.Lock()


@dataclass(frozen=True)
class Board:
    """The runs of one data set; its tables are shared between sessions, so they must not be changed.

    rows : table with `COLUMNS` and a row per finished run, the last finished first. `name` is the variant's title,
        `variant` its index in the registry, which determines colours; `mse` is the validation error, `pca_mse` that of
        PCA with as many components (NaN if unknown), `finished` seconds since 1970. Damaged runs, runs
        without an error and those on uploaded data have no row.
    best, pca_mse : see the functions of these names.
    version : digest of the content.
    """

    rows: pd.DataFrame
    best: pd.DataFrame
    pca_mse: pd.DataFrame
    version: str


def boards(cache: Path) -> dict[str, Board]:
    """{data set: its leaderboard} for data sets with runs, the one with the most runs first."""
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
    """Table of PCA's error at each coding size, columns `codings` and `pca_mse`, ordered by coding size."""
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
        if run.state != "finished" or listing.is_private(run):
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
