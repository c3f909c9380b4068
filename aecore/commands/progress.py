"""Progress of a task on stderr: a bar on a terminal, else one line an epoch and one for every other stage."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aecore.commands import output
from aecore.store.runs import Run
from aecore.text import duration_text

WITHOUT_CURSOR = ("dumb", "unknown")  # values of TERM for terminals that cannot draw over a line


class Lines:
    """Prints each epoch of a training once, and each new message of the status."""

    def __init__(self, folder: Path) -> None:
        self.run, self.message, self.epochs = Run(folder), "", 0

    def report(self) -> None:
        """Print what is new since the last call."""
        status = self.run.status()
        for row in self.run.history["epochs"][self.epochs :]:
            self.epochs += 1
            phase = f"{row['phase']}, " if row.get("phase") else ""
            losses = f"loss {row['loss']:.4f}, validation {row['val_loss']:.4f}"
            self.say(f"{phase}epoch {row['epoch']} of {status.get('epochs', '?')}: {losses}")
        message = str(status.get("message") or "")
        if message and message != self.message and status.get("state") == "running":
            self.say(message)
        self.message = message

    def say(self, line: str) -> None:
        """Print one line."""
        output.say(line)


class Bar:
    """Draws a bar over one line of the terminal, with the stage or epoch, the losses and the time left."""

    def __init__(self, folder: Path, progress: Any) -> None:
        self.run, self.progress = Run(folder), progress
        self.task = progress.add_task("", total=1.0, losses="", left="")

    def report(self) -> None:
        """Draw the current status."""
        status = self.run.status()
        left = status.get("eta")
        self.progress.update(
            self.task,
            completed=float(status.get("fraction") or 0.0),
            description=stage(status),
            losses=losses(status),
            left="" if left is None else f"{duration_text(left)} left",
        )
        self.progress.refresh()

    def say(self, line: str) -> None:
        """Print one line above the bar."""
        self.progress.console.print(line, markup=False, highlight=False)


@contextmanager
def shown(folder: Path) -> Iterator[Lines | Bar]:
    """The progress of the task that fills `folder`, to be reported a few times a second inside the block."""
    if not sys.stderr.isatty() or os.environ.get("TERM") in WITHOUT_CURSOR:
        yield Lines(folder)
        return
    from rich.console import Console  # here, since only a terminal needs it
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    names = ("{task.description}", "{task.fields[losses]}", "{task.fields[left]}")
    stage_column, losses_column, left_column = (TextColumn(name, markup=False) for name in names)
    columns = (stage_column, BarColumn(bar_width=None), TaskProgressColumn(), losses_column, left_column)
    with Progress(
        *columns,
        console=Console(file=sys.stderr),
        auto_refresh=False,
        expand=True,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        yield Bar(folder, progress)


def stage(status: dict[str, Any]) -> str:
    """The epoch of a training, such as `layer 1 of 2, epoch 3 of 10`; the message of any other stage."""
    message = str(status.get("message") or "starting")
    if message != "training" or "epoch" not in status:
        return message
    phase = f"{status['phase']}, " if status.get("phase") else ""
    return f"{phase}epoch {status['epoch']} of {status['epochs']}"


def losses(status: dict[str, Any]) -> str:
    """The last batch's loss and the last epoch's validation loss, as far as there are any."""
    values = {"loss": status.get("loss"), "validation": status.get("val_loss")}
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items() if value is not None)
