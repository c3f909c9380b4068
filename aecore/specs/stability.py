"""`StabilitySpec`: does another seed draw the same map?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from aecore.errors import AecoreError, SpecError
from aecore.specs.base import Derived
from aecore.specs.fields import coerced, require
from aecore.specs.map import MapSpec
from aecore.specs.run import digest

RANDOM = ("tsne", "umap")
MAX_POINTS = 2000  # so that five maps take seconds
MAX_SEEDS = 10


@dataclass(frozen=True)
class StabilitySpec(Derived):
    """The same map drawn with several seeds: its own, and the numbers after it.

    Each is the map as it stands on the page: both engines start from PCA, which the seed jitters, and UMAP's seed also
    draws whom a point is pushed away from. So this tells how much of *that* picture is chance. It does not tell what a
    random start would do: that places whole groups anywhere (Kobak and Linderman 2021), and nobody here is shown one.

    Parameters
    ----------
    drawing : the map, as `MapSpec.canonical_json`; `of` writes it. At most 2,000 points are drawn.
    seeds : how many, 2 to 10.

    Raises `SpecError` with one line for a map that has no seed.
    """

    kind: ClassVar[str] = "stability"

    drawing: str = "{}"
    seeds: int = 5

    def __post_init__(self) -> None:
        object.__setattr__(self, "seeds", coerced("seeds", int, self.seeds))
        require(2 <= self.seeds <= MAX_SEEDS, "seeds", self.seeds, f"2 to {MAX_SEEDS}")
        try:
            values = json.loads(self.drawing)
        except (TypeError, ValueError):
            values = None
        require(isinstance(values, dict), "drawing", self.drawing, "the JSON of a map's settings")
        spec = MapSpec.from_dict(values)
        if spec.method not in RANDOM:
            raise SpecError(
                f"method: got {spec.method!r}, allowed: {', '.join(RANDOM)}; others are the same for every seed"
            )
        spec = _changed(spec, n=min(spec.n, MAX_POINTS))
        object.__setattr__(self, "drawing", spec.canonical_json())

    @classmethod
    def of(cls, spec: MapSpec, seeds: int = 5) -> Self:
        """The stability of this map."""
        return cls(spec.canonical_json(), seeds)

    def key(self, run_key: str) -> str:
        return digest(self.kind, f"edition {MapSpec.edition}", self.canonical_json(), run_key)

    @property
    def map(self) -> MapSpec:
        """The first of the maps."""
        return MapSpec.from_dict(json.loads(self.drawing))

    @property
    def maps(self) -> list[MapSpec]:
        """All of them, one a seed."""
        first = self.map
        return [_changed(first, seed=(first.seed + i) % 2**31) for i in range(self.seeds)]


def refusal(spec: MapSpec) -> str:
    """Why there is nothing to ask about this map; '' where there is."""
    try:
        StabilitySpec.of(spec)
    except AecoreError as error:
        return str(error)
    return ""


def _changed(spec: MapSpec, **values: Any) -> MapSpec:
    return MapSpec.from_dict({**spec.to_dict(), **values})
