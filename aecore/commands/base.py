"""Shared parts of the subcommands: their answer, arguments, and text for a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from aecore import presets
from aecore.commands import output
from aecore.commands.parser import Parser
from aecore.errors import AecoreError, RunError
from aecore.specs.base import KEY_LENGTH, Setting, Spec
from aecore.specs.fields import did_you_mean, shown
from aecore.store import runs
from aecore.store.runs import Run

HELP_WIDTH = 110  # characters in a line of the list of settings
INTERRUPTED = 130  # what shells report for Ctrl-C


class TaskFailed(AecoreError):
    """A valid task failed while it ran; the message gives the reason."""


@dataclass(frozen=True)
class Answer:
    """The result of a command: a JSON value, the same as text, the exit code, and the folder where it is stored."""

    value: Any
    text: str
    code: int = 0
    folder: Path | None = None


def add_set_option(
    parser: Parser,
    spec: type[Spec],
    example: str,
    without: Sequence[str] = (),
    defaults: bool = True,
) -> None:
    """Add `--set NAME=VALUE` for the fields of `spec`, and list them at the end of `--help`.

    Fields in `without` are left out of the list; `defaults` says whether the list gives the spec's defaults.
    """
    text = f"one of the settings below, such as {example}; may be repeated"
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=text)
    declared = [one for name, one in spec.settings().items() if name not in without]
    parser.spec = spec
    width = max(len(one.name) for one in declared) + 4
    rows = [line for one in declared for line in _described(one, width, defaults)]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(("settings:", *rows))


def _described(declared: Setting, width: int, default: bool) -> list[str]:
    """Lines of `--help` for one setting: name, meaning, allowed values, and the default."""
    facts = [declared.allowed, f"default {_as_text(declared.default)}" if default else ""]
    note = "; ".join(filter(None, facts))
    text = f"{declared.help} [{note}]" if note else declared.help
    name = f"  {declared.name}".ljust(width)
    columns = min(HELP_WIDTH, output.width() or HELP_WIDTH)
    return wrap(text, columns, initial_indent=name, subsequent_indent=" " * width, break_on_hyphens=False)


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def settings(pairs: Iterable[str], options: Sequence[str] = ()) -> dict[str, str]:
    """`name=value` arguments as a dictionary; `options` are settings that have an option of their own instead."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise AecoreError(f"--set: got {pair!r}, allowed: name=value, such as coding_size=2")
        if name.strip() in options:
            raise AecoreError(f"--set: got {pair!r}, allowed: --{name.strip()} {value.strip()}")
        values[name.strip()] = value.strip()
    return values


def existing_run(key: str, cache: Path) -> Run:
    """The finished or stopped run of that key. Raises `RunError` for a preset's name, an invalid key, another state."""
    allowed = "the key of a finished or stopped run, which train prints"
    if key in presets.PRESETS:
        raise RunError(f"run: got {key!r}, which is a preset; allowed: {allowed} (python -m aecore train {key})")
    keys = [path.name for path in (cache / "runs").glob("*") if runs.KEY_PATTERN.fullmatch(path.name)]
    if not runs.KEY_PATTERN.fullmatch(key):
        form = f"{KEY_LENGTH} digits 0-9 a-f"
        raise RunError(f"run: got {shown(key)}, allowed: {form}, {allowed}{did_you_mean(key, keys)}")
    run = runs.open_run(key, cache)
    if not run.readable:
        near = did_you_mean(key, [other for other in keys if other != key])
        raise RunError(f"run: got {key!r}, which is {run.state} in this cache; allowed: {allowed}{near}")
    return run


def number(value: float | None, digits: int = 4) -> str:
    """A number as a table cell; None is an empty cell."""
    return "" if value is None else f"{value:.{digits}f}"


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as aligned text; missing values and None are empty cells. On a terminal that is too narrow, wide cells are
    wrapped."""
    lines = [list(columns)]
    lines += [["" if row.get(column) is None else str(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    limit = output.width()
    if limit is not None and sum(widths) + 2 * len(widths) - 2 > limit:
        return output.wrapped_table(lines, limit)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
