"""`StabilitySpec`: the same map drawn with several seeds."""

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
MAX_POINTS = 2000  # so that five maps take seconds
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
    """One map drawn with several seeds: its own, and the numbers after it.

    Both engines start from PCA, which the seed jitters, and UMAP's seed also draws the points that repel each other.
    So the spec measures how much of the shown map is chance, not what a random start would do, which places whole
    groups anywhere (Kobak and Linderman 2021).

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
        """The maps, one a seed; the first is `drawing`."""
        first = self.drawing.seed
        return [self.drawing.replace(seed=(first + i) % (MAX_SEED + 1)) for i in range(self.seeds)]


def refusal(spec: MapSpec) -> str:
    """Why the stability of a map cannot be measured, in one line; "" where it can."""
    try:
        StabilitySpec(spec)
    except AecoreError as error:
        return str(error)
    return ""
