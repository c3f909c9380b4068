"""Standard output and error of the command line: text that any stream can take, cut to the width of a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any, TextIO

BROKEN_PIPE = 141  # what shells report for a program that wrote into a pipe without a reader
LOST = 1
DEFAULT_WIDTH = 80  # of a terminal that does not know it
NARROW = 20  # characters of a column whose cells are not wrapped

_answers: list[TextIO] = []  # stdout while `libraries_print_to_stderr`


class _Lossy(io.FileIO):
    """A file whose writes never fail: what cannot be written is dropped."""

    def write(self, data: Any) -> int:
        with contextlib.suppress(OSError):
            written = super().write(data)
            if written is not None:  # None: the reader of a non-blocking pipe is slow
                return written
        return len(data)


def open_standard_streams() -> None:
    """Open the file descriptors 0 to 2 where they are closed, and let writing to `sys.stderr` never fail.

    Without them the next file that is opened would get their number, and what libraries print would go into it. Writing
    to a stdout that was closed still fails, since nobody gets the answer.
    """
    for descriptor, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)  # gets the lowest free number
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8")
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    raw = io.BufferedWriter(_Lossy(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, encoding, errors="replace", line_buffering=True)


@contextlib.contextmanager
def libraries_print_to_stderr() -> Iterator[None]:
    """Inside the block `sys.stdout` is `sys.stderr`, so that stdout has nothing but the answer."""
    _answers.append(sys.stdout)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _answers.pop()


def print_answer(text: str, folder: object = None) -> int:
    """Print an answer to stdout; returns 0, or the exit code of a program whose answer could not be written.

    Characters that the stream's encoding lacks become question marks. A pipe that nobody reads any more ends the
    program quietly, any other error with one line on stderr; both name `folder`, where the result is stored.
    """
    stream = sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stored = f"; the result is in {folder}" if folder else ""
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
    except OSError as error:
        quiet = isinstance(error, BrokenPipeError)
        if stored or not quiet:
            say(f"aecore: stdout: cannot be written ({error.strerror}){stored}")
        with contextlib.suppress(OSError):  # else Python would fail once more when it flushes the stream at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return BROKEN_PIPE if quiet else LOST
    return 0


def as_json(value: Any) -> str:
    """One line of JSON; characters that stdout's encoding lacks are escaped."""
    line = json.dumps(value, allow_nan=False, ensure_ascii=False)
    try:
        line.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    return line


def say(line: str, stream: TextIO | None = None) -> None:
    """Print one line of progress, to stderr by default; on a terminal several, where it is too wide."""
    stream = stream or sys.stderr
    print(fitted(line, stream), file=stream, flush=True)


def width(stream: TextIO | None = None) -> int | None:
    """The number of columns of a stream's terminal; None for a file or a pipe. By default the stream of the answer."""
    stream = stream or (_answers[-1] if _answers else sys.stdout)
    if not stream.isatty():
        return None
    size = os.terminal_size((0, 0))
    with contextlib.suppress(OSError, ValueError):
        size = os.get_terminal_size(stream.fileno())
    return shutil.get_terminal_size(size).columns or DEFAULT_WIDTH


def fitted(text: str, stream: TextIO) -> str:
    """The text, its lines wrapped between words where they are wider than the terminal that the stream writes to.

    A word wider than the terminal, such as a path, stays whole, so that it can be copied.
    """
    columns = width(stream)
    if columns is None:
        return text
    style: dict[str, Any] = {"subsequent_indent": "  ", "break_long_words": False, "break_on_hyphens": False}
    parts = ([line] if len(line) <= columns else wrap(line, columns, **style) for line in text.split("\n"))
    return "\n".join(line for part in parts for line in part)


def wrapped_table(rows: Sequence[Sequence[str]], columns: int) -> str:
    """Rows, the first one a header, as text with at most `columns` characters a line.

    Wide cells are wrapped; where that would make most of them too narrow to read, each row becomes a list of its cells.
    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    if sum(widths) > 2 * columns:
        return "\n".join(line for row in rows[1:] for line in _listed(rows[0], row, columns))
    from rich.console import Console  # here, since only a terminal needs it
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False)
    for i, (title, width) in enumerate(zip(rows[0], widths, strict=True)):
        whole = i == 0 or width <= NARROW  # names can be copied
        grid.add_column(Text(title), overflow="fold", no_wrap=whole)
    for row in rows[1:]:
        grid.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=columns, height=len(rows), color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _listed(header: Sequence[str], row: Sequence[str], columns: int) -> list[str]:
    """A row as lines: its first cell, then each of the others behind its title."""
    lines = [row[0]]
    for title, cell in zip(header[1:], row[1:], strict=True):
        lines += wrap(f"{title}: {cell}", columns, initial_indent="  ", subsequent_indent="    ") if cell else []
    return lines
