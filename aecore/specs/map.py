"""`MapSpec`: the complete, hashable description of one map of a run's codings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, get_type_hints

from aecore.errors import SpecError
from aecore.specs.base import Derived
from aecore.specs.fields import coerced, require
from aecore.specs.run import digest

METHODS = ("none", "pca", "tsne", "umap")
MIN_POINTS = 10
MAX_POINTS = 60_000
SPLITS = ("validation", "all")


@dataclass(frozen=True)
class MapSpec(Derived):
    """What to map, and how. Construction validates and raises `SpecError` with one line; defaults are frozen.

    Parameters
    ----------
    method : 'none' (the codings themselves, where there are at most `dimensions`), 'pca', 'tsne' or 'umap'.
    layer : 'codings', or the name of a layer in the run's metrics, whose activations are then mapped, flattened.
    split : 'validation', or 'all': training samples too.
    n : at most so many samples of it, balanced over the classes.
    perplexity : t-SNE only: the effective number of neighbours; below a third of the points.
    n_neighbors, min_dist : UMAP only: neighbours of a point, and how closely points may be packed in the map.
    dimensions : of the map, 2 or 3.
    seed : of the initial jitter, and of UMAP; the same spec draws the same map.
    """

    kind: ClassVar[str] = "map"
    # Raised when the engines come to draw other pictures, or more is kept of a map: it is in every key, so that a map
    # of an earlier edition is drawn anew. 2: openTSNE, UMAP from a PCA start, neighbours kept.
    edition: ClassVar[int] = 2

    method: str = "pca"
    layer: str = "codings"
    n: int = 2000
    perplexity: float = 30.0
    n_neighbors: int = 15
    min_dist: float = 0.1
    dimensions: int = 2
    seed: int = 42
    split: str = "validation"

    def __post_init__(self) -> None:
        for name, type_ in _TYPES.items():
            if type_ is not str:  # a layer's name is taken as it is
                object.__setattr__(self, name, coerced(name, type_, getattr(self, name)))
        require(self.method in METHODS, "method", self.method, ", ".join(METHODS))
        require(self.split in SPLITS, "split", self.split, ", ".join(SPLITS))
        named = isinstance(self.layer, str) and 0 < len(self.layer) <= 200
        require(named, "layer", self.layer, "codings, or the name of a layer of the run")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            require(math.isfinite(value) and low <= value <= high, name, value, f"{low:,} to {high:,}")
        for name in {"perplexity", "n_neighbors", "min_dist", "seed"} - set(_USED[self.method]):
            object.__setattr__(self, name, self.defaults()[name])

    def key(self, run_key: str) -> str:
        return digest(self.kind, f"edition {self.edition}", self.canonical_json(), run_key)

    def points(self, n_validation: int, n_train: int) -> int:
        """How many points the map of a run on a data set with so many samples has."""
        return min(self.n, n_validation + (n_train if self.split == "all" else 0))

    def check(self, n: int, d: int | None = None) -> None:
        """Raise `SpecError` where `n` points are too few for this map, or their `d` codings (see `check_width`)."""
        require(n >= 3, "points", n, "at least 3")
        if self.method == "tsne":
            require(n > 6, "points", n, "at least 7 for t-SNE (perplexity is at least 2 and below a third of them)")
            require(self.perplexity < n / 3, "perplexity", self.perplexity, f"2 to below {n / 3:.1f} for {n:,} points")
        if self.method == "umap":
            require(self.n_neighbors < n, "n_neighbors", self.n_neighbors, f"2 to {n - 1:,} for {n:,} points")
        if d is not None:
            self.check_width(d)

    def check_width(self, d: int) -> None:
        """Raise `SpecError` where `d` codings of each point are too many for this map, or too few."""
        if self.method == "none" and d > self.dimensions:
            flat = "dimensions=3, " if d == 3 else ""
            drawn = " on 2 dimensions" if flat else ""
            raise SpecError(f"method: got 'none' for {d} codings{drawn}, allowed: {flat}pca, tsne, umap")
        if self.method == "pca" and d < self.dimensions:
            codings = "1 coding" if d == 1 else f"{d} codings"
            raise SpecError(f"method: got 'pca' for {codings}, allowed: none, tsne, umap")


_TYPES = {name: type_ for name, type_ in get_type_hints(MapSpec).items() if name in MapSpec.defaults()}
_USED: dict[str, tuple[str, ...]] = {
    "none": (),
    "pca": (),
    "tsne": ("perplexity", "seed"),
    "umap": ("n_neighbors", "min_dist", "seed"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "n": (MIN_POINTS, MAX_POINTS),
    "perplexity": (2, 100),
    "n_neighbors": (2, 200),
    "min_dist": (0, 0.99),
    "dimensions": (2, 3),
    "seed": (0, 2**31 - 1),
}
