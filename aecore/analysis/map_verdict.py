"""What a map's numbers say, in words: what may be read from it and what may not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aecore.text import share_text

# Trustworthiness, continuity: at .97 the average neighbour on the map is among the nearest 3 in a hundred in the
# codings, at .95 among 5, at .85 among 15 (its rank beyond k, over n, is on average 1 - trustworthiness). On codings of
# Fashion-MNIST t-SNE and UMAP reach .98 to .995, PCA in two dimensions .90 to .93; points thrown at random get .5.
GOOD, FAIR, POOR = 0.97, 0.95, 0.85
AS_GOOD = 0.98  # of what the codings know of the classes: less than one would notice
CHANCE = 1.1  # codings that guess a class no better than this times chance know nothing of it
# Standardised Procrustes distance between seeds: the share of the spread that another seed puts elsewhere.
SAME, ALIKE = 0.02, 0.15


def verdict(
    metrics: Mapping[str, Any], method: str, *, classes: int = 0, stability: Mapping[str, Any] | None = None
) -> str:
    """One line on a map: `The neighbourhoods can be trusted (trustworthiness .988), …`.

    Parameters
    ----------
    metrics : the map's `metrics.json`; a number that is missing or null is not spoken of.
    method : 'none', 'pca', 'tsne' or 'umap'.
    classes : how many classes the data has, 0 = unknown; what the codings know of them is counted above chance.
    stability : the `metrics.json` of the map's stability over seeds, where that was asked for.
    """
    trust = _number(metrics, "trustworthiness")
    chance = 1 / classes if classes > 1 else 0.0
    known = _number(metrics, "knn_codings")
    parts = [_projection(method, trust, metrics), *_torn(method, metrics)]
    if known is not None and known <= CHANCE * chance:
        parts.append(
            f"the codings themselves know nothing of the classes ({share_text(known)}): no map can show groups"
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
    told = f"trustworthiness {share_text(trust)}"
    if method == "pca":
        of = f" of {codings}" if codings > 2 else ""
        if trust >= GOOD:
            return f"Yes: the largest directions{of} keep neighbours together ({told}), and far in the map is far"
        much = "mostly" if trust >= FAIR else "often no" if trust >= POOR else "hardly"
        shadow = f": a map is a shadow of {codings} directions" if codings > 3 else ""
        return (
            f"Only for the big picture: far in the map is far in the codings, but points that lie close are {much} "
            f"neighbours ({told}){shadow}"
        )
    if trust >= GOOD:
        return f"Trust the neighbourhoods ({told}), not the distances between groups"
    if trust >= FAIR:
        return f"Trust most neighbourhoods ({told}), not single points nor the distances between groups"
    if trust >= POOR:
        return f"In parts: points that lie close are often no neighbours in the codings ({told})"
    return f"Hardly: many points that lie close are no neighbours in the codings ({told})"


def _torn(method: str, metrics: Mapping[str, Any]) -> list[str]:
    continuity = _number(metrics, "continuity")
    if method == "none" or continuity is None or continuity >= GOOD:
        return []
    many = "some" if continuity >= POOR else "many"
    return [f"{many} neighbours are torn apart (continuity {share_text(continuity)})"]


def _classes(metrics: Mapping[str, Any], chance: float) -> list[str]:
    here, there = _number(metrics, "knn_map"), _number(metrics, "knn_codings")
    if here is None or there is None or there <= chance:
        return []
    kept = max(0.0, (here - chance) / (there - chance))
    if kept >= AS_GOOD:
        return ["the map tells the classes as well as the codings do"]
    return [f"the map keeps {100 * kept:.0f} % of what the codings know of the classes"]


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
