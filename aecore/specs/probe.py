"""`ProbeSpec`: the complete, hashable description of the measurements of a run's codings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aecore.specs.base import MAX_SEED, Derived, setting


@dataclass(frozen=True)
class ProbeSpec(Derived):
    """Settings of a run's probe. Construction validates and raises `SpecError` with one line; defaults are frozen."""

    kind: ClassVar[str] = "probe"

    k: int = setting(5, "nearest neighbours that vote for a sample's class", low=1, high=100)
    n_train: int = setting(20_000, "training samples of the logistic probe, the first ones", low=10, high=1_000_000)
    n_stored: int = setting(
        60_000, "training samples that are searched for neighbours, the first ones", low=10, high=1_000_000
    )
    seed: int = setting(42, "seed of the draws from a variational run's codings", low=0, high=MAX_SEED)
