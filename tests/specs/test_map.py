"""MapSpec: what it accepts, what it forgets, and that its keys never change."""

from __future__ import annotations

import math
from typing import Any

import pytest

from aecore.errors import SpecError
from aecore.specs.map import MapSpec

RUN = "0123456789abcdef"


def test_golden_keys() -> None:
    """Keys name folders and stand in links: these must never change."""
    assert MapSpec().canonical_json() == "{}"
    assert MapSpec().key(RUN) == "a5959943315a7c41"
    assert MapSpec("tsne", perplexity=12).key(RUN) == "1c55827ea25ece52"
    assert MapSpec("umap", layer="hidden 1 · dense 100", n=500, min_dist=0.3, seed=1).key(RUN) == "70fc7edf2b7cfa74"
    assert MapSpec("tsne", n=60_000, split="all").key(RUN) == "e0cfe97ba9614f46"
    assert MapSpec().key("f" * 16) != MapSpec().key(RUN)


def test_another_edition_is_another_map(monkeypatch: pytest.MonkeyPatch) -> None:
    before = MapSpec().key(RUN)
    monkeypatch.setattr(MapSpec, "edition", MapSpec.edition + 1)
    assert MapSpec().key(RUN) != before


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("method", "isomap"),
        ("layer", ""),
        ("n", 9),
        ("n", 60_001),
        ("perplexity", 1.9),
        ("perplexity", 101),
        ("perplexity", math.nan),
        ("perplexity", "many"),
        ("n_neighbors", 1),
        ("n_neighbors", 201),
        ("n_neighbors", 2.5),
        ("min_dist", -0.1),
        ("min_dist", 1),
        ("dimensions", 1),
        ("dimensions", 4),
        ("seed", -1),
        ("seed", True),
        ("split", "training"),
        ("split", 1),
        ("method", 3),
    ],
)
def test_bad_values_are_named_in_one_line(name: str, bad: Any) -> None:
    with pytest.raises(SpecError, match=rf"^{name}: got .*, allowed: [^\n]+$"):
        MapSpec(**{"method": "umap", name: bad})


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(SpecError, match="^unknown map setting 'sead'; allowed: method, layer"):
        MapSpec.from_dict({"sead": 1})


def test_text_from_a_link_is_read() -> None:
    spec = MapSpec.from_dict({"method": "umap", "n": "500", "n_neighbors": "5", "min_dist": "0.5", "seed": "3"})
    assert spec == MapSpec("umap", n=500, n_neighbors=5, min_dist=0.5, seed=3)
    assert MapSpec.from_dict(spec.to_dict()) == spec


@pytest.mark.parametrize(
    ("method", "used"),
    [("none", set()), ("pca", set()), ("tsne", {"perplexity", "seed"}), ("umap", {"n_neighbors", "min_dist", "seed"})],
)
def test_what_a_method_does_not_use_does_not_count(method: str, used: set[str]) -> None:
    plain = MapSpec(method)
    changes: dict[str, Any] = {"layer": "hidden 1", "n": 100, "dimensions": 3, "split": "all"}
    for name, value in {"perplexity": 5.0, "n_neighbors": 5, "min_dist": 0.5, "seed": 1}.items():
        changed = MapSpec(**{**plain.to_dict(), name: value})
        assert (changed.key(RUN) != plain.key(RUN)) == (name in used), name
    for name, value in changes.items():
        assert MapSpec(**{**plain.to_dict(), name: value}).key(RUN) != plain.key(RUN)


def test_too_few_points() -> None:
    MapSpec("tsne", perplexity=30).check(91)
    MapSpec("umap", n_neighbors=15).check(16)
    MapSpec("pca").check(3)
    for spec, n, message in (
        (MapSpec("tsne", perplexity=30), 90, "^perplexity: got 30.0, allowed: 2 to below 30.0 for 90 points$"),
        (MapSpec("tsne", perplexity=2), 3, "^points: got 3, allowed: at least 7"),
        (MapSpec("umap", n_neighbors=15), 15, "^n_neighbors: got 15, allowed: 2 to 14"),
        (MapSpec("pca"), 2, "^points: got 2, allowed: at least 3$"),
    ):
        with pytest.raises(SpecError, match=message):
            spec.check(n)


def test_as_many_codings_as_the_map_needs() -> None:
    for spec, d in (
        (MapSpec("none"), 1),
        (MapSpec("none", dimensions=3), 3),
        (MapSpec("pca"), 2),
        (MapSpec("umap"), 1),
    ):
        spec.check_width(d)
    for spec, d, message in (
        (
            MapSpec("none"),
            3,
            "^method: got 'none' for 3 codings on 2 dimensions, allowed: dimensions=3, pca, tsne, umap$",
        ),
        (MapSpec("none", dimensions=3), 4, "^method: got 'none' for 4 codings, allowed: pca, tsne, umap$"),
        (MapSpec("pca", dimensions=3), 2, "^method: got 'pca' for 2 codings, allowed: none, tsne, umap$"),
    ):
        with pytest.raises(SpecError, match=message):
            spec.check_width(d)
