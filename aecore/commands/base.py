"""What the subcommands share: their answer, and reading and writing on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from aecore.errors import AecoreError, RunError
from aecore.store import runs
from aecore.store.runs import Run

INTERRUPTED = 130  # what shells report for Ctrl-C


class WorkFailed(AecoreError):
    """Nothing was wrong with the request, and it could not be done all the same."""


@dataclass(frozen=True)
class Answer:
    """What a command found out: one JSON value, the same for people, and the exit code."""

    value: Any
    text: str
    code: int = 0


def say(line: str, stream: TextIO | None = None) -> None:
    """One line of progress, on stderr."""
    print(line, file=stream or sys.stderr, flush=True)


def settings(pairs: Iterable[str]) -> dict[str, str]:
    """`name=value` arguments as a dictionary."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise AecoreError(f"--set: got {pair!r}, allowed: name=value, such as coding_size=2")
        values[name.strip()] = value.strip()
    return values


def existing_run(key: str, cache: Path) -> Run:
    """A run one can look at. Raises `RunError` for a key that is none, and for one that nobody trained."""
    run = runs.open_run(key, cache)
    if not run.readable:
        allowed = "the key of a finished or stopped run, which train prints"
        raise RunError(f"run: got {key!r}, which is {run.state} in this cache; allowed: {allowed}")
    return run


def number(value: float | None, digits: int = 4) -> str:
    """A number for a table; an empty cell where there is none."""
    return "" if value is None else f"{value:.{digits}f}"


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as aligned text; what is missing or None stays empty."""
    lines = [list(columns)]
    lines += [["" if row.get(column) is None else str(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
