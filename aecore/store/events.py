"""Log events: one line of JSON each, for the log collectors of a server."""

from __future__ import annotations

import json
import logging
import time
from typing import Any


def log_event(event: str, level: int = logging.INFO, **values: Any) -> None:
    """Log `event` with the time and the values, without the empty ones ("" and None), to the logger `aecore.jobs`."""
    facts = {"event": event, "time": round(time.time(), 3), **values}
    line = json.dumps({name: value for name, value in facts.items() if value not in ("", None)})
    logging.getLogger("aecore.jobs").log(level, line)
