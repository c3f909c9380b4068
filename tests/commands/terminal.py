"""The program in a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import threading

from tests.commands.conftest import ROOT
from tests.jobs.fakes import until


class Terminal:
    """`python -m aecore` with these arguments in a terminal of its own; `text` is what it has written so far."""

    def __init__(self, *argv: str, columns: int = 80, **variables: str) -> None:
        self.descriptor, theirs = pty.openpty()
        size = {"COLUMNS": str(columns), "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aecore", *argv],
            cwd=ROOT,
            env={**os.environ, **size, **variables},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_control,
        )
        os.close(theirs)
        self.text = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the terminal ends with the program
            while part := os.read(self.descriptor, 65536):
                self.text += part.decode(errors="replace").replace("\r\n", "\n")

    def wait_for(self, words: str) -> None:
        """Wait until these words are on the screen."""
        until(lambda: words in self.text or self.process.poll() is not None)
        assert words in self.text

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self.descriptor, b"\x03")

    def end(self) -> int:
        """Wait for the end of the program; returns its exit code."""
        code = self.process.wait()
        self.reader.join()
        os.close(self.descriptor)
        return code


def _control() -> None:
    """Make the terminal that is stdin the controlling one, which sends SIGINT for Ctrl-C."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
