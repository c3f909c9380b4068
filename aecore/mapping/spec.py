"""`MapSpec`: the complete, hashable description of one map of a run's codings."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from aecore.errors import SpecError
from aecore.runs import FORMAT, write_json
from aecore.spec import digest

METHODS = ("none", "pca", "tsne", "umap")
MIN_POINTS = 10
MAX_POINTS = 10_000


@dataclass(frozen=True)
class MapSpec:
    """What to map, and how. Construction validates and raises `SpecError` with one line; defaults are frozen.

    Parameters
    ----------
    method : 'none' (the codings themselves, where there are at most `dimensions`), 'pca', 'tsne' or 'umap'.
    layer : 'codings', or the name of a layer in the run's metrics, whose activations are then mapped, flattened.
    n : at most so many validation samples, balanced over the classes.
    perplexity : t-SNE only: the effective number of neighbours; below a third of the points.
    n_neighbors, min_dist : UMAP only: neighbours of a point, and how closely points may be packed in the map.
    dimensions : of the map, 2 or 3.
    seed : of t-SNE's initial jitter and of UMAP; the same spec draws the same map.
    """

    method: str = "pca"
    layer: str = "codings"
    n: int = 2000
    perplexity: float = 30.0
    n_neighbors: int = 15
    min_dist: float = 0.1
    dimensions: int = 2
    seed: int = 42

    def __post_init__(self) -> None:
        for name, kind in _TYPES.items():
            object.__setattr__(self, name, _coerced(name, kind, getattr(self, name)))
        _require(self.method in METHODS, "method", self.method, ", ".join(METHODS))
        _require(0 < len(self.layer) <= 200, "layer", self.layer[:40], "codings, or the name of a layer of the run")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            _require(math.isfinite(value) and low <= value <= high, name, value, f"{low:,} to {high:,}")
        for name in ("perplexity", "n_neighbors", "min_dist", "seed"):
            if name not in _USED[self.method]:
                object.__setattr__(self, name, DEFAULTS[name])

    def check(self, n: int) -> None:
        """Raise `SpecError` where `n` points are too few for this map."""
        _require(n >= 3, "points", n, "at least 3")
        if self.method == "tsne":
            _require(n > 6, "points", n, "at least 7 for t-SNE (perplexity is at least 2 and below a third of them)")
            _require(self.perplexity < n / 3, "perplexity", self.perplexity, f"2 to below {n / 3:.1f} for {n:,} points")
        if self.method == "umap":
            _require(self.n_neighbors < n, "n_neighbors", self.n_neighbors, f"2 to {n - 1:,} for {n:,} points")

    def to_dict(self) -> dict[str, Any]:
        """Every field, as JSON types. `MapSpec.from_dict` is its inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> MapSpec:
        """Build a spec from JSON types or text; unknown names and bad values raise `SpecError`."""
        for name in values:
            if name not in DEFAULTS:
                raise SpecError(f"unknown map setting {name!r}; allowed: {', '.join(DEFAULTS)}")
        return cls(**values)

    def canonical_json(self) -> str:
        """JSON of the fields that differ from their frozen defaults: sorted, without spaces."""
        changed = {name: value for name, value in self.to_dict().items() if value != DEFAULTS[name]}
        return json.dumps(changed, sort_keys=True, separators=(",", ":"))

    def key(self, run_key: str) -> str:
        """The map's name: 16 hexadecimal digits of the spec and the run's key."""
        return digest("map", self.canonical_json(), run_key)

    def describe(self, folder: Path, run_key: str) -> None:
        """Write `spec.json`: what the folder holds or is going to hold."""
        write_json(
            folder / "spec.json", {"format": FORMAT, "key": self.key(run_key), "run": run_key, "map": self.to_dict()}
        )


def _coerced(name: str, kind: type, value: Any) -> Any:
    """`value` as the field's type; numbers may come as text, from a link or the command line."""
    try:
        if isinstance(value, bool) or (kind is str and not isinstance(value, str)):
            raise ValueError
        if kind is int and isinstance(value, float) and not value.is_integer():
            raise ValueError
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"{name}: got {value!r}, allowed: {_KIND_NAMES[kind]}") from None


def _require(ok: bool, name: str, value: Any, allowed: str) -> None:
    if not ok:
        raise SpecError(f"{name}: got {value!r}, allowed: {allowed}")


DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(MapSpec)}
_TYPES = get_type_hints(MapSpec)
_KIND_NAMES = {str: "text", int: "a whole number", float: "a number"}
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
