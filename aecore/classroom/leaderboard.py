"""The class board: one row for every finished run of a server.

A run's row is read once, and again when its `DONE` mark is a newer one; so a board of 500 runs that is drawn anew opens
no file of those it knows. The rows of all cache folders are kept together, the newest `MOST` of them.
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

COLUMNS = ("key", "name", "variant", "dataset", "codings", "epochs", "seed", "mse", "floor", "seconds", "finished")
MOST = 5000
_ORDER = {variant.name: number for number, variant in enumerate(VARIANTS)}

_rows: dict[str, tuple[int, dict[str, Any] | None]] = {}  # {folder: (when DONE was written, row)}
_lock = threading.Lock()


@dataclass(frozen=True)
class Board:
    """The runs of one data set, shared by all who look at them and never written to.

    rows : one a finished run, the last finished first, in `COLUMNS`. `name` is the family in words, `variant` its place
        in the registry (0 …), which colours go by; `mse` is of validation data, `floor` that of PCA with as many
        components (NaN where unknown), `finished` seconds since 1970. A run that cannot be read, or has no error, has
        no row.
    best, floor : of these rows, see there.
    version : a name of their content.
    """

    rows: pd.DataFrame
    best: pd.DataFrame
    floor: pd.DataFrame
    version: str


def boards(cache: Path) -> dict[str, Board]:
    """The board of every data set that has runs, the one with the most runs first."""
    return _boards(tuple(listing.finished(cache)))


@lru_cache(maxsize=8)
def _boards(finished: tuple[tuple[str, int], ...]) -> dict[str, Board]:
    """Of (folder, when its `DONE` was written): the same for every page until another run is finished."""
    found = []
    for path, written in finished:
        with _lock:
            known = _rows.get(path)
        if known is None or known[0] != written:
            known = (written, _row(Run(Path(path)), written))
            _keep(path, known)
        if known[1] is not None:
            found.append({"key": Path(path).name, **known[1]})
    table = pd.DataFrame(found, columns=list(COLUMNS)).sort_values("finished", ascending=False)
    return {name: _board(table[table["dataset"] == name]) for name in table["dataset"].value_counts().index}


def _board(table: pd.DataFrame) -> Board:
    shown = table.reset_index(drop=True)
    return Board(shown, best(shown), floor(shown), digest(*shown["key"], *map(str, shown["finished"])))


def best(table: pd.DataFrame) -> pd.DataFrame:
    """Of each coding size the row with the smallest error, by coding size."""
    smallest = table.sort_values(["codings", "mse"]).drop_duplicates("codings")
    return smallest.reset_index(drop=True)


def floor(table: pd.DataFrame) -> pd.DataFrame:
    """`codings` and `floor`: PCA's error at every coding size that a run knows it for, by coding size."""
    known = table.dropna(subset=["floor"])
    return known[["codings", "floor"]].drop_duplicates("codings").sort_values("codings", ignore_index=True)


def _keep(path: str, known: tuple[int, dict[str, Any] | None]) -> None:
    with _lock:
        _rows.pop(path, None)
        _rows[path] = known
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
            "floor": float("nan") if metrics.get("pca_mse") is None else float(metrics["pca_mse"]),
            "seconds": float("nan") if metrics.get("seconds") is None else float(metrics["seconds"]),
            "finished": written / 1e9,
        }
    except (AecoreError, KeyError, TypeError, ValueError):
        return None
