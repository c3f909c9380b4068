"""Table of a server's environment variables, which is also in DEPLOYMENT.md."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

from aecore.errors import SpecError
from aecore.specs import fields


@dataclass(frozen=True)
class Variable:
    """One environment variable. The type of `default` is that of its value; `low` is the smallest number allowed."""

    name: str
    default: Any
    meaning: str
    low: float = 0.0


TABLE = (
    Variable("AECORE_CACHE", "", "the folder of the runs; empty: `cache/` beside the package"),
    Variable("AECORE_DATA", "/usr/share/datasets", "where Debian's data sets lie"),
    Variable("AECORE_WARM", True, "start the workers behind the first page; 0: at the first training"),
    Variable("AECORE_SCHEDULER", "", "`tcp://host:8786`: a Dask cluster instead of workers on this machine"),
    Variable("AECORE_CACHE_GB", 5.0, "how large the runs may grow before old ones go; 0: no limit"),
    Variable("AECORE_WAITING", 200, "jobs that may wait in all", 1),
    Variable("AECORE_WAITING_EACH", 2, "jobs of one visitor that may wait, in each lane", 1),
    Variable("AECORE_BUDGET", 0.0, "seconds that one training may be expected to take; 0: no limit"),
    Variable("AECORE_WORKER_MB", 1300, "memory at which a worker is replaced by a fresh one", 1),
)
_BY_NAME = {variable.name: variable for variable in TABLE}


def get(name: str) -> Any:
    """The value of a variable of `TABLE`; its default if it is unset or empty.

    Raises
    ------
    SpecError : for a value of another type or below `low`, in one line.
    """
    variable = _BY_NAME[name]
    text = os.environ.get(name, "")
    if not text:
        return variable.default
    if isinstance(variable.default, str):
        return text  # a path or an address, unchanged
    value = fields.coerced(name, type(variable.default), text)
    fields.require(variable.low <= value < math.inf, name, text, f"{variable.low:g} or more")
    return value


def check() -> None:
    """Raise `SpecError` for the first variable that is invalid, or that begins with AECORE_ and is unknown."""
    for variable in TABLE:
        get(variable.name)
    for name in sorted(os.environ):
        if name.startswith("AECORE_") and name not in _BY_NAME:
            near = fields.did_you_mean(name, _BY_NAME)
            raise SpecError(f"{name}: got an unknown variable, allowed: {', '.join(_BY_NAME)}{near}")
