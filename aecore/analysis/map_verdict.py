"""A map's quality metrics in words: which of its properties can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aecore.text import share_text

# Trustworthiness and continuity: 1 minus the value is the mean rank, over n, of a map's neighbour in the codings beyond
# its k nearest: at .97 neighbours are among the nearest 3 %, at .95 among 5 %, at .85 among 15 %.
GOOD, FAIR, POOR = 0.97, 0.95, 0.85
AS_GOOD = 0.98  # share of the codings' accuracy above chance from which the map counts as equally good
CHANCE = 1.1  # codings with a kNN accuracy of at most this times chance contain nothing of the classes
SAME, ALIKE = 0.02, 0.15  # standardised Procrustes distances between seeds


def map_verdict(
    metrics: Mapping[str, Any], method: str, *, classes: int = 0, stability: Mapping[str, Any] | None = None
) -> str:
    """The quality of a map in one line: 'Trust the neighbourhoods (trustworthiness .988), …'.

    Parameters
    ----------
    metrics : the map's `metrics.json`; numbers that are missing or null are left out.
    method : 'none', 'pca', 'tsne' or 'umap'.
    classes : number of classes of the data, 0 = unknown; kNN accuracies count above its chance level.
    stability : the `metrics.json` of the map's stability over seeds; None if it was not computed.
    """
    trust = _number(metrics, "trustworthiness")
    chance = 1 / classes if classes > 1 else 0.0
    accuracy = _number(metrics, "knn_codings")
    parts = [_projection(method, trust, metrics), *_torn(method, metrics)]
    if accuracy is not None and accuracy <= CHANCE * chance:
        parts.append(
            f"the codings contain nothing about the classes (kNN accuracy {share_text(accuracy)}), so no map can show "
            "groups"
        )
    elif method != "none":
        parts += _classes(metrics, chance)
    parts += _seeds(method, stability)
    return "; ".join(parts) + "."


def _projection(method: str, trust: float | None, metrics: Mapping[str, Any]) -> str:
    codings = int(metrics.get("codings") or 0)
    if method == "none":
        if codings == 1:
            return "Yes: this is the one coding itself along one axis; the other axis means nothing"
        return "Yes: nothing was projected, these are the codings themselves, and distances can be read"
    if trust is None:
        return "Not known: this map has not been judged"
    value = f"trustworthiness {share_text(trust)}"
    if method == "pca":
        of = f" of {codings}" if codings > 2 else ""
        if trust >= GOOD:
            return f"Yes: the largest directions{of} keep neighbours together ({value}), and far in the map is far"
        much = "mostly" if trust >= FAIR else "often no" if trust >= POOR else "hardly"
        projected = f": a map cannot show all {codings} dimensions" if codings > 3 else ""
        return (
            f"Use it for the overall layout only: far in the map is far in the codings, but points that lie close are "
            f"{much} neighbours ({value}){projected}"
        )
    if trust >= GOOD:
        return f"Trust the neighbourhoods ({value}), not the distances between groups"
    if trust >= FAIR:
        return f"Trust most neighbourhoods ({value}), not single points nor the distances between groups"
    if trust >= POOR:
        return f"In parts: points that lie close are often no neighbours in the codings ({value})"
    return f"Hardly: many points that lie close are no neighbours in the codings ({value})"


def _torn(method: str, metrics: Mapping[str, Any]) -> list[str]:
    continuity = _number(metrics, "continuity")
    if method == "none" or continuity is None or continuity >= GOOD:
        return []
    many = "some" if continuity >= POOR else "many"
    return [f"{many} neighbours are torn apart (continuity {share_text(continuity)})"]


def _classes(metrics: Mapping[str, Any], chance: float) -> list[str]:
    on_map, in_codings = _number(metrics, "knn_map"), _number(metrics, "knn_codings")
    if on_map is None or in_codings is None or in_codings <= chance:
        return []
    as_good = on_map - chance >= AS_GOOD * (in_codings - chance)
    well, than = ("as well", "as") if as_good else ("less well", "than")
    return [
        f"classes are separated {well} on the map (kNN accuracy among its points {share_text(on_map)}) {than} in the "
        f"codings ({share_text(in_codings)})"
    ]


def _seeds(method: str, stability: Mapping[str, Any] | None) -> list[str]:
    distance = _number(stability or {}, "mean_distance")
    if method in ("none", "pca") or distance is None:
        return []
    if distance <= SAME:
        return [f"another seed draws the same picture{', for it only jitters the start' if method == 'tsne' else ''}"]
    if distance <= ALIKE:
        return ["another seed draws a similar picture and places parts of it elsewhere"]
    return ["another seed draws another picture: where groups lie is chance"]


def _number(metrics: Mapping[str, Any], name: str) -> float | None:
    value = metrics.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
