"""Standard output and error: every encoding, a reader that goes away, a full disk, closed streams, narrow terminals."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aecore import presets
from aecore.__main__ import COMMANDS, main
from aecore.commands import output
from aecore.store import runs
from tests.commands.conftest import ROOT, SETTINGS
from tests.commands.terminal import Terminal

FULL = Path("/dev/full")


class Broken(io.RawIOBase):
    """A file whose writes fail."""

    def __init__(self, number: int) -> None:
        self.number = number

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raise OSError(self.number, os.strerror(self.number))


def arguments(command: str, trained: runs.Run, folder: Path) -> list[str]:
    """Arguments with which a command answers at once: most of them with a result from the cache, else its help."""
    return {
        "presets": ["presets"],
        "train": ["train", "stacked", *SETTINGS, "--no-probe"],
        "export": ["export", trained.key, "--format", "keras", "-o", str(folder)],
    }.get(command, [command, "--help"])


def run(*argv: str) -> int:
    """The exit code of a command, also of one that ends after its help."""
    try:
        return main(argv)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8", "utf-16"])
def test_every_encoding(
    command: str, encoding: str, cache: Path, trained: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding, errors="strict"))
    assert run(*arguments(command, trained, tmp_path / "⌀ – ü")) == 0
    text = written.getvalue().decode(encoding)
    assert len(text) > 40 and "\\u" not in text
    if command == "presets":
        assert [line.split()[0] for line in text.splitlines()[1:]] == list(presets.PRESETS)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_in_every_encoding(
    encoding: str, cache: Path, trained: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding, errors="strict"))
    folder = tmp_path / "⌀ 😀 \udcff"  # the last one as Python decodes a byte that is no UTF-8
    assert main(["export", trained.key, "--format", "keras", "-o", str(folder), "--json"]) == 0
    assert json.loads(written.getvalue())["files"] == [str(folder / "model.keras")]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 1), (errno.EBADF, 1), (errno.EIO, 1), (errno.EPIPE, 141)])
def test_an_answer_that_cannot_be_written(
    command: str,
    number: int,
    code: int,
    cache: Path,
    trained: runs.Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(Broken(number)), "utf-8"))
    monkeypatch.setattr(sys, "stderr", errors)
    assert run(*arguments(command, trained, tmp_path)) == code
    folder = {"train": trained.key, "export": str(tmp_path)}.get(command, "")
    lines = errors.getvalue().splitlines()
    if code == 1 or folder:
        (line,) = lines
        assert line.startswith("aecore: stdout: cannot be written (") and line.endswith(
            folder + ("" if folder else ")")
        )
    else:
        assert lines == []
    with contextlib.suppress(OSError):
        sys.stdout.close()  # else it would fail at the end of the test run


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The output and exit code of a line of bash, in which $AECORE is the program."""
    program = f'"{sys.executable}" -m aecore'
    line = line.replace("$AECORE", program)
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        errors="replace",
    )


CODES = "set -o pipefail; "


@pytest.mark.skipif(not FULL.exists() or not shutil.which("bash"), reason="needs /dev/full and bash")
@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (CODES + "$AECORE presets --json | true", 141, ""),
        (CODES + "$AECORE train --help | true", 141, ""),
        ("$AECORE presets > /dev/full", 1, "stdout: cannot be written (No space left on device)"),
        ("$AECORE presets --help > /dev/full", 1, "stdout: cannot be written (No space left on device)"),
        ("$AECORE presets >&-", 1, "stdout: cannot be written (Bad file descriptor)"),
        ("$AECORE presets 2>&-", 0, ""),
        ("$AECORE presets <&- >/dev/null", 0, ""),
        ("$AECORE train nope 2>&-", 2, ""),
        ("$AECORE train nope 2>/dev/full", 2, ""),
        ("$AECORE train nope >&- 2>&-", 2, ""),
        ("$AECORE presets >&- 2>&-", 1, ""),
        (CODES + "$AECORE train nope 2>&1 | true", 2, ""),
        ("PYTHONIOENCODING=ascii LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $AECORE presets", 0, ""),
        ("PYTHONIOENCODING=cp1252 $AECORE train ⌀", 2, "preset: got"),
    ],
)
def test_streams_of_a_shell(line: str, code: int, told: str, cache: Path) -> None:
    process = shell(line)
    assert process.returncode == code, process.stderr
    assert told in process.stderr and process.stderr.count("\n") == bool(told), process.stderr


def test_stderr_that_cannot_be_written_does_not_stop_a_task(cache: Path, trained: runs.Run) -> None:
    code = (
        "import sys; from aecore.commands.output import open_standard_streams; open_standard_streams();"
        "[print('line', file=sys.stderr, flush=True) for _ in range(10_000)]; print('done')"
    )
    for error in ("2>/dev/full", "2>&-", "2> >(true)"):
        process = subprocess.run(
            ["bash", "-c", f'"{sys.executable}" -c "{code}" {error}'], cwd=ROOT, capture_output=True
        )
        assert process.stdout == b"done\n" and process.returncode == 0, error


@pytest.mark.parametrize(
    ("argv", "columns"),
    [(["presets"], 80), (["presets"], 60), (["presets"], 132), (["train", "--help"], 70), (["--help"], 50)],
)
def test_no_line_is_wider_than_the_terminal(argv: list[str], columns: int, cache: Path) -> None:
    terminal = Terminal(*argv, columns=columns)
    code, text = terminal.end(), terminal.text
    assert code == 0 and "\x1b" not in text
    assert max(map(len, text.splitlines())) <= columns
    if argv == ["presets"]:
        assert set(presets.PRESETS) <= set(text.split())  # neither cut nor folded


def test_what_is_wider_than_the_terminal_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "width", lambda stream=None: 20)
    path = "/a/path/of/more/than/twenty/characters"
    lines = output.fitted(f"short\na line of more than twenty characters\n{path}", sys.stdout).split("\n")
    assert lines == ["short", "a line of more than", "  twenty characters", path]
    lines = output.wrapped_table([["name", "words"], ["one", "of more than twenty characters [bold]"]], 24).split("\n")
    assert lines == ["name  words", "one   of more than", "      twenty characters", "      [bold]"]
    rows = [["name", "a", "b"], ["one", "more than 20 characters", ""], ["two", "", "more than 20 characters"]]
    assert output.wrapped_table(rows, 14).split("\n") == [
        *("one", "  a: more than", "    20", "    characters"),
        *("two", "  b: more than", "    20", "    characters"),
    ]
