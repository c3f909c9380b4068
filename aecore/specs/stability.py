"""`StabilitySpec`: the settings of one map computed with several seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from typing import Any, ClassVar

from aecore.errors import AecoreError, SpecError
from aecore.specs.base import MAX_SEED, Derived, setting
from aecore.specs.fields import require
from aecore.specs.map import MapSpec

SEEDED_METHODS = ("tsne", "umap")
MAX_POINTS = 2000  # points up to which five maps take seconds
MAX_SEEDS = 10


def _drawing(value: Any) -> MapSpec:
    """A map with a seed and at most `MAX_POINTS` points, from a `MapSpec` or its canonical JSON."""
    spec = value if isinstance(value, MapSpec) else MapSpec.from_dict(_values(value))
    if spec.method not in SEEDED_METHODS:
        raise SpecError(
            f"method: got {spec.method!r}, allowed: {', '.join(SEEDED_METHODS)}; others are the same for every seed"
        )
    return spec.replace(n=min(spec.n, MAX_POINTS))


def _values(text: Any) -> Mapping[str, Any]:
    try:
        values = json.loads(text)
    except (TypeError, ValueError):
        values = None
    require(isinstance(values, dict), "drawing", text, "the JSON of a map's settings")
    return values


@dataclass(frozen=True)
class StabilitySpec(Derived):
    """One map computed with several seeds: that of the map, and the numbers after it.

    Both engines start from PCA with jitter by the seed; UMAP's seed also determines the random points that repel each
    other. So this measures the randomness of the shown map, not of random initial positions, which place whole groups
    anywhere (Kobak and Linderman 2021).

    Construction raises `SpecError` with one line for a map that has no seed.
    """

    kind: ClassVar[str] = "stability"
    edition: ClassVar[int | None] = MapSpec.edition

    drawing: MapSpec = setting(
        MISSING, f"the map, as canonical JSON; at most {MAX_POINTS:,} points are drawn", read=_drawing
    )
    seeds: int = setting(5, "number of seeds", low=2, high=MAX_SEEDS)

    @property
    def maps(self) -> list[MapSpec]:
        """The specs of the maps, one per seed; the first is `drawing`."""
        first = self.drawing.seed
        return [self.drawing.replace(seed=(first + i) % (MAX_SEED + 1)) for i in range(self.seeds)]


def refusal(spec: MapSpec) -> str:
    """One line on why the stability of a map cannot be measured; "" if it can."""
    try:
        StabilitySpec(spec)
    except AecoreError as error:
        return str(error)
    return ""
