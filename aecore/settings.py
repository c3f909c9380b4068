"""Table of a server's environment variables, which is also in DEPLOYMENT.md, and the paths that users write."""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aecore.errors import SpecError
from aecore.specs import fields


@dataclass(frozen=True)
class Variable:
    """One environment variable. The type of `default` is that of its value; `low` is the smallest number allowed.

    `is_folder` : its value is the path of a folder, see `folder`.
    """

    name: str
    default: Any
    meaning: str
    low: float = 0.0
    is_folder: bool = False


TABLE = (
    Variable("AECORE_CACHE", "", "the folder of the runs; empty: `cache/` beside the package", is_folder=True),
    Variable("AECORE_DATA", "/usr/share/datasets", "where Debian's data sets lie", is_folder=True),
    Variable("AECORE_WARM", True, "start the workers behind the first page; 0: at the first training"),
    Variable("AECORE_SCHEDULER", "", "`tcp://host:8786`: a Dask cluster instead of workers on this machine"),
    Variable("AECORE_CACHE_GB", 5.0, "how large the runs may grow before old ones go; 0: no limit"),
    Variable("AECORE_WAITING", 200, "jobs that may wait in all", 1),
    Variable("AECORE_WAITING_EACH", 2, "jobs of one visitor that may wait, in each lane", 1),
    Variable("AECORE_BUDGET", 0.0, "seconds that one training may be expected to take; 0: no limit"),
    Variable("AECORE_UPLOAD_MB", 200, "how large the files of one upload may be in all", 1),
    Variable("AECORE_DATA_DAYS", 7.0, "days without use after which uploaded data and their runs go; 0: never"),
    Variable("AECORE_WORKER_MB", 1300, "memory at which a worker is replaced by a fresh one", 1),
)
_BY_NAME = {variable.name: variable for variable in TABLE}


def get(name: str) -> Any:
    """The value of a variable of `TABLE`; its default if it is unset or blank.

    Raises
    ------
    SpecError : for a value of another type or below `low` and for a path that cannot be a folder's, in one line.
    """
    variable = _BY_NAME[name]
    text = os.environ.get(name, "").strip()
    if variable.is_folder:
        path = folder(name, text)
        return str(path) if path else variable.default
    if not text:
        return variable.default
    if isinstance(variable.default, str):
        return text  # an address
    value = fields.coerced(name, type(variable.default), text)
    fields.require(variable.low <= value < math.inf, name, text, f"{variable.low:g} or more")
    return value


def cache_folder() -> Path:
    """`$AECORE_CACHE`, else `cache/` beside the package."""
    return Path(get("AECORE_CACHE") or Path(__file__).resolve().parents[1] / "cache")


@contextlib.contextmanager
def using_cache(folder: Path) -> Iterator[None]:
    """Inside the block `cache_folder` is this folder, in this process and in those that it starts."""
    before = os.environ.get("AECORE_CACHE")
    os.environ["AECORE_CACHE"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["AECORE_CACHE"]
        else:
            os.environ["AECORE_CACHE"] = before


def check() -> None:
    """Raise `SpecError` for the first variable that is invalid, or that begins with AECORE_ and is unknown."""
    for variable in TABLE:
        get(variable.name)
    for name in sorted(os.environ):
        if name.startswith("AECORE_") and name not in _BY_NAME:
            near = fields.did_you_mean(name, _BY_NAME)
            raise SpecError(f"{name}: got an unknown variable, allowed: {', '.join(_BY_NAME)}{near}")


def folder(name: str, text: str, allowed: str = "a folder") -> Path | None:
    """The path that the variable or option `name` gives for a folder, which need not exist; None if it is blank.

    A leading `~` or `~user` and variables such as `$HOME` are replaced, since a shell leaves them in quotes, in
    `--cache=~/runs` and in files of variables, whose quotes around a value are removed, too.

    Raises
    ------
    SpecError : for an unknown user, a variable that is not set, and a path through something else than folders.
    """
    written = text.strip()
    if written[:1] in ("'", '"') and written[:1] == written[-1:]:
        written = written[1:-1].strip()
    for variable in re.findall(r"\$\{?(\w+)", written):
        fields.require(variable in os.environ, name, text, f"{allowed} (${variable} is not set)")
    written = os.path.expandvars(written).strip()
    if not written:
        return None
    path = os.path.expanduser(written)
    unknown = written.startswith("~") and path == written  # no such user, or one without a home
    fields.require(not unknown, name, text, f"{allowed} ({written.split('/')[0]} is unknown)")
    whole = Path(path).absolute()
    nearest = next(place for place in (whole, *whole.parents) if os.path.lexists(place))
    fields.require(os.path.isdir(nearest), name, text, f"{allowed} ({nearest} is not one)")
    return Path(path)
