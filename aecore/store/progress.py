"""Progress of a job: its `status.json`, rewritten at most once in `STATUS_SECONDS`, and the exception of a stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from aecore.store.runs import MARKS, ResultFolder

STATUS_SECONDS = 0.5
MIN_SHARE = 0.01  # share of the work from which the time left is estimated

Report = Callable[[float], None]  # called with the share of a stage that is done; may raise `Stopped`


class Stopped(Exception):
    """Raised inside a job when a stop was requested."""


class ProgressWriter:
    """Writer of a job's `status.json`: state, message, fraction, eta, started.

    Parameters
    ----------
    result : the folder that the job fills.
    should_stop : called at every update.
    """

    def __init__(self, result: ResultFolder, should_stop: Callable[[], bool] = lambda: False) -> None:
        self.result, self.should_stop = result, should_stop
        self.started = time.time()
        self._message, self._written = "", 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start, to the millisecond."""
        return round(time.time() - self.started, 3)

    def check(self) -> None:
        """Raise `Stopped` if a stop was requested."""
        if self.should_stop():
            raise Stopped

    def update(self, message: str, fraction: float, eta: float | None = None) -> None:
        """Report a stage and the fraction of the whole job that is done, 0 to 1; `eta` is the seconds left.

        Raises `Stopped` if a stop was requested.
        """
        self.check()
        self.write(message, fraction, eta)

    def write(self, message: str, fraction: float, eta: float | None = None) -> None:
        """`update` without the check: writes at once if the message is new, else if `STATUS_SECONDS` have passed."""
        now = time.monotonic()
        if message != self._message or now - self._written >= STATUS_SECONDS:
            self._message, self._written = message, now
            self._write("running", message, fraction, eta)

    def stage(self, message: str, begin: float = 0.0, end: float = 1.0) -> Report:
        """Begin a stage: its report maps the stage's share, 0 to 1, to the job's fraction, `begin` to `end`."""
        self.update(message, begin)
        return lambda share: self.update(message, begin + (end - begin) * share)

    def finish(self, mark: str = "DONE") -> None:
        """Write the final status, then the mark, `DONE` or `STOPPED`."""
        self._write(MARKS[mark], "", 1.0, None)
        self.result.mark(mark)

    def _write(self, state: str, message: str, fraction: float, eta: float | None) -> None:
        self.result.write_status(
            state=state, message=message, fraction=round(fraction, 3), eta=eta, started=self.started
        )


def seconds_left(elapsed: float, share: float) -> float | None:
    """Seconds until the whole is done, at the pace of the `share` done in `elapsed` seconds; None below `MIN_SHARE`."""
    return round(elapsed * (1 - share) / share, 1) if share > MIN_SHARE else None
