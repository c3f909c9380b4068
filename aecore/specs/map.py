"""`MapSpec`: the complete, hashable description of one map of a run's codings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from aecore.errors import SpecError
from aecore.specs.base import MAX_SEED, Derived, setting
from aecore.specs.fields import require

METHODS = ("none", "pca", "tsne", "umap")
MAX_POINTS = 60_000
# {setting: the methods that use it}, for settings that not all methods use.
_METHODS_OF = {"perplexity": ("tsne",), "n_neighbors": ("umap",), "min_dist": ("umap",), "seed": ("tsne", "umap")}


def _layer(name: Any) -> str:
    fits = isinstance(name, str) and 0 < len(name) <= 200
    require(fits, "layer", name, "codings, or the name of a layer of the run")
    return name


@dataclass(frozen=True)
class MapSpec(Derived):
    """Settings of a map. Construction validates and raises `SpecError` with one line; defaults are frozen.

    Equal specs give equal maps. Settings that the method does not use are reset to their defaults.
    """

    kind: ClassVar[str] = "map"
    # 2: openTSNE, UMAP from a PCA start, neighbours stored.
    edition: ClassVar[int | None] = 2

    method: str = setting("pca", "projection; none: the codings themselves, up to dimensions of them", choices=METHODS)
    layer: str = setting("codings", "codings, or a layer of the run, whose activations are mapped", read=_layer)
    n: int = setting(2000, "at most so many samples, balanced over the classes", low=10, high=MAX_POINTS)
    perplexity: float = setting(
        30.0, "t-SNE only: effective number of neighbours, below a third of the points", low=2, high=100
    )
    n_neighbors: int = setting(15, "UMAP only: neighbours of a point", low=2, high=200)
    min_dist: float = setting(0.1, "UMAP only: smallest distance of points in the map", low=0, high=0.99)
    dimensions: int = setting(2, "dimensions of the map", low=2, high=3)
    seed: int = setting(42, "t-SNE and UMAP only: seed of the initial jitter, and of UMAP", low=0, high=MAX_SEED)
    split: str = setting(
        "validation", "samples of the map: validation, or training samples too", choices=("validation", "all")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, methods in _METHODS_OF.items():
            if self.method not in methods:
                self._set(name, self.settings()[name].default)

    def points(self, n_validation: int, n_train: int) -> int:
        """Number of points of the map for a data set with these numbers of samples."""
        return min(self.n, n_validation + (n_train if self.split == "all" else 0))

    def check(self, n: int, d: int | None = None) -> None:
        """Raise `SpecError` for too few points `n`, and for `d` codings as in `check_width`."""
        require(n >= 3, "points", n, "at least 3")
        if self.method == "tsne":
            require(n > 6, "points", n, "at least 7 for t-SNE (perplexity is at least 2 and below a third of them)")
            require(self.perplexity < n / 3, "perplexity", self.perplexity, f"2 to below {n / 3:.1f} for {n:,} points")
        if self.method == "umap":
            require(self.n_neighbors < n, "n_neighbors", self.n_neighbors, f"2 to {n - 1:,} for {n:,} points")
        if d is not None:
            self.check_width(d)

    def check_width(self, d: int) -> None:
        """Raise `SpecError` for too many or too few codings `d` of each point."""
        if self.method == "none" and d > self.dimensions:
            flat = "dimensions=3, " if d == 3 else ""
            where = " on 2 dimensions" if flat else ""
            raise SpecError(f"method: got 'none' for {d} codings{where}, allowed: {flat}pca, tsne, umap")
        if self.method == "pca" and d < self.dimensions:
            codings = "1 coding" if d == 1 else f"{d} codings"
            raise SpecError(f"method: got 'pca' for {codings}, allowed: none, tsne, umap")
