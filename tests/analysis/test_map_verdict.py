"""What is said of a map, over a grid of its numbers."""

from __future__ import annotations

import itertools
import math

import pytest

from aecore.analysis.map_verdict import map_verdict

NUMBERS = {"trustworthiness": 0.988, "continuity": 0.98, "knn_map": 0.739, "knn_codings": 0.812, "codings": 30}
SEEDS = {"mean_distance": 0.004}


def test_examples() -> None:
    assert map_verdict(NUMBERS, "umap", classes=10, stability=SEEDS) == (
        "Trust the neighbourhoods (trustworthiness .988), not the distances between groups; "
        "classes are separated less well on the map (kNN accuracy among its points .739) than in the codings (.812); "
        "another seed draws the same picture."
    )
    folded = map_verdict({**NUMBERS, "trustworthiness": 0.926}, "pca")
    assert (
        "overall layout only" in folded
        and "often no neighbours" in folded
        and "cannot show all 30 dimensions" in folded
    )
    assert "mostly neighbours" in map_verdict({**NUMBERS, "trustworthiness": 0.96}, "pca")
    assert "keep neighbours together" in map_verdict(NUMBERS, "pca")
    assert map_verdict({**NUMBERS, "codings": 2}, "none").startswith("Yes: nothing was projected")
    assert "the other axis means nothing" in map_verdict({**NUMBERS, "codings": 1}, "none")
    assert "not been judged" in map_verdict({}, "tsne")


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_trust_is_not_claimed_where_there_is_none(method: str) -> None:
    said = [map_verdict({**NUMBERS, "trustworthiness": t}, method) for t in (0.99, 0.97, 0.96, 0.9, 0.7)]
    assert len({text.replace(".990", "").replace(".970", "") for text in said[:2]}) == 1
    assert len(set(said)) == 5 and len({text.split("(")[0] for text in said}) == 4
    assert "ardly" in said[4] and "ardly" not in said[3]
    torn = [map_verdict({**NUMBERS, "continuity": c}, method) for c in (0.98, 0.95, 0.5, None)]
    assert "torn" not in torn[0] and "some neighbours are torn" in torn[1] and "many neighbours are torn" in torn[2]
    assert torn[3] == torn[0]


def test_classes_are_counted_above_chance() -> None:
    nearly = {**NUMBERS, "knn_map": 0.98 * 0.812}
    assert "less well on the map" in map_verdict(nearly, "tsne", classes=10)
    assert "as well on the map (kNN accuracy among its points .796) as in the codings (.812)" in map_verdict(
        nearly, "tsne"
    )
    assert "as well on the map" in map_verdict({**NUMBERS, "knn_map": 0.83}, "tsne", classes=10)
    for name in ("knn_map", "knn_codings"):
        assert "classes" not in map_verdict({**NUMBERS, name: None}, "tsne", classes=10)
    collapsed = map_verdict({**NUMBERS, "knn_map": 0.1, "knn_codings": 0.104}, "umap", classes=10)
    assert "nothing about the classes (kNN accuracy .104)" in collapsed and "separated" not in collapsed


def test_seeds() -> None:
    said = [map_verdict(NUMBERS, "tsne", stability={"mean_distance": d}) for d in (0.0, 0.02, 0.1, 0.4)]
    assert said[0] == said[1] and "the same picture" in said[0]
    assert "a similar picture" in said[2] and "chance" in said[3]
    assert "seed" not in map_verdict(NUMBERS, "tsne") and "seed" not in map_verdict(NUMBERS, "pca", stability=SEEDS)
    assert "seed" not in map_verdict(NUMBERS, "none", stability=SEEDS)


def test_every_combination_is_one_clean_line() -> None:
    values = (None, math.nan, 0.0, 0.1, 0.5, 0.93, 0.98, 1.0)
    for method, trust, here, there in itertools.product(("none", "pca", "tsne", "umap"), values, values, values):
        for classes in (0, 1, 10):
            metrics = {"trustworthiness": trust, "continuity": trust, "knn_map": here, "knn_codings": there}
            said = map_verdict(metrics, method, classes=classes, stability={"mean_distance": here})
            assert said.endswith(".") and said[0].isupper() and "\n" not in said
            assert "nan" not in said and "None" not in said and "–" not in said
