"""`ProbeSpec`: the complete, hashable description of how a run's codings are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, get_type_hints

from aecore.specs.base import Derived
from aecore.specs.fields import coerced, require


@dataclass(frozen=True)
class ProbeSpec(Derived):
    """How to judge. Construction validates and raises `SpecError` with one line; defaults are frozen.

    Parameters
    ----------
    k : how many neighbours vote for a sample's class.
    n_train : training samples that the logistic probe is fitted on, the first ones.
    n_stored : training samples among which neighbours are looked for, the first ones.
    seed : of the draws from a variational run's codings.
    """

    kind: ClassVar[str] = "probe"

    k: int = 5
    n_train: int = 20_000
    n_stored: int = 60_000
    seed: int = 42

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = coerced(name, _TYPES[name], getattr(self, name))
            require(low <= value <= high, name, value, f"{low:,} to {high:,}")
            object.__setattr__(self, name, value)


_TYPES = get_type_hints(ProbeSpec)
_RANGES: dict[str, tuple[int, int]] = {
    "k": (1, 100),
    "n_train": (10, 1_000_000),
    "n_stored": (10, 1_000_000),
    "seed": (0, 2**31 - 1),
}
