"""What the host of a server may set, by environment variables: the one table of them, which the README repeats."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

from aecore.errors import SpecError
from aecore.specs import fields


@dataclass(frozen=True)
class Setting:
    """One variable. `default` also tells the kind of its value: text, a whole number, a number or a switch; `low` is
    the smallest number allowed."""

    name: str
    default: Any
    meaning: str
    low: float = 0.0


TABLE = (
    Setting("AECORE_CACHE", "", "the folder of the runs; empty: `cache/` beside the package"),
    Setting("AECORE_DATA", "/usr/share/datasets", "where Debian's data sets lie"),
    Setting("AECORE_WARM", True, "start the workers behind the first page; 0: when somebody first trains"),
    Setting("AECORE_SCHEDULER", "", "`tcp://host:8786`: a Dask cluster instead of workers on this machine"),
    Setting("AECORE_CACHE_GB", 5.0, "how large the runs may grow before old ones go; 0: no limit"),
    Setting("AECORE_WAITING", 200, "jobs that may wait in all", 1),
    Setting("AECORE_WAITING_EACH", 2, "jobs of one visitor that may wait, in each lane", 1),
    Setting("AECORE_BUDGET", 0.0, "seconds that one training may be expected to take; 0: no limit"),
    Setting("AECORE_WORKER_MB", 1300, "memory at which a worker is replaced by a fresh one", 1),
)
_BY_NAME = {setting.name: setting for setting in TABLE}


def get(name: str) -> Any:
    """The value of a variable of `TABLE`, its default where it is not set or empty.

    Raises
    ------
    SpecError : for what cannot be read, in one line.
    """
    setting = _BY_NAME[name]
    text = os.environ.get(name, "")
    if not text:
        return setting.default
    if isinstance(setting.default, str):
        return text  # a path or an address, as it is
    value = fields.coerced(name, type(setting.default), text)
    fields.require(setting.low <= value < math.inf, name, text, f"{setting.low:g} or more")
    return value


def check() -> None:
    """Raise `SpecError` for the first variable that cannot be read, or that looks like one of ours and is none."""
    for setting in TABLE:
        get(setting.name)
    for name in sorted(os.environ):
        if name.startswith("AECORE_") and name not in _BY_NAME:
            raise SpecError(f"{name}: got a variable that is none of ours, allowed: {', '.join(_BY_NAME)}")
