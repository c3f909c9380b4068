"""Shared parts of the subcommands: their answer, arguments, and text for a terminal."""

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


class TaskFailed(AecoreError):
    """A valid task failed while it ran; the message gives the reason."""


@dataclass(frozen=True)
class Answer:
    """The result of a command: a JSON value, the same as text, and the exit code."""

    value: Any
    text: str
    code: int = 0


def say(line: str, stream: TextIO | None = None) -> None:
    """Print one line of progress, to stderr by default."""
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
    """The finished or stopped run of that key. Raises `RunError` for an invalid key and for any other state."""
    run = runs.open_run(key, cache)
    if not run.readable:
        allowed = "the key of a finished or stopped run, which train prints"
        raise RunError(f"run: got {key!r}, which is {run.state} in this cache; allowed: {allowed}")
    return run


def number(value: float | None, digits: int = 4) -> str:
    """A number as a table cell; None is an empty cell."""
    return "" if value is None else f"{value:.{digits}f}"


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as aligned text; missing values and None are empty cells."""
    lines = [list(columns)]
    lines += [["" if row.get(column) is None else str(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
