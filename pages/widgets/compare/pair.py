"""`Pair`: two finished maps of the same samples, aligned, and their differences in numbers and sentences."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from aecore.analysis import map_comparison, probe_numbers
from aecore.analysis.procrustes import procrustes
from aecore.errors import AecoreError
from aecore.store.files import read_json
from aecore.store.runs import ResultFolder, Run
from aecore.text import error_text, share_text
from pages.widgets.basics.notice import plain
from pages.widgets.jobs.map_job import METHODS
from pages.widgets.server import shared as host

ALIKE, UNLIKE = 0.35, 0.8  # limits of the median move, as shares of the median move between unrelated maps

STYLE = """<style>
.ae-two{width:100%;border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
.ae-two th,.ae-two td{padding:.26rem .6rem .26rem 0;text-align:right;font-weight:400;border:0;vertical-align:top}
.ae-two th:first-child{text-align:left}
.ae-two thead th{font-size:.8rem;opacity:.72}
.ae-two b{font-weight:650}
</style>"""


@dataclass(frozen=True)
class Side:
    """One of the two maps: its run with its name, the projection method, and the map's folder once it is finished."""

    run: Run
    name: str
    method: str
    work: ResultFolder | None

    @property
    def finished(self) -> ResultFolder:
        """The folder of the map, which has to be finished."""
        assert self.work is not None
        return self.work

    @property
    def title(self) -> str:
        """'name of the run · projection'."""
        return f"{self.name} · {METHODS[self.method]}"

    def near(self, which: str) -> np.ndarray | None:
        """Nearest neighbours (n, k) in the 'codings' or on the 'map', as positions in the map; None for a map that was
        stored without them."""
        try:
            return host.arrays(self.work, "neighbours")[which] if self.work else None
        except AecoreError:
            return None

    def space(self, which: str, index: np.ndarray) -> np.ndarray | None:
        """The points (n, d) among which the neighbours were searched, of the samples `index`; None for codings that are
        not stored."""
        if which == "map":
            return np.asarray(host.array(self.finished, "points"))
        try:
            codings = np.asarray(self.run.array("codings"))
        except AecoreError:
            return None
        layer = read_json(self.finished.folder / "spec.json", {}).get("map", {}).get("layer", "codings")
        if layer != "codings" or not len(index) or index.max() >= len(codings):
            return None
        return codings[index].reshape(len(index), -1)


@dataclass(frozen=True)
class Pair:
    """Two finished maps of the same n samples, the right one aligned with the left one by Procrustes.

    `index` (n,) sample numbers; `points` (n, 2) of the left map; `aligned` (n, 2) of the right one; `moved` (n,)
    distances between them; `unrelated` the median distance expected of maps that have nothing in common.
    """

    left: Side
    right: Side
    index: np.ndarray
    points: np.ndarray
    aligned: np.ndarray
    moved: np.ndarray
    unrelated: float
    shared: np.ndarray | None
    """Share (n,) of each point's neighbours that both sides have: in the codings of two runs, or on two maps of one."""

    @property
    def one_run(self) -> bool:
        """True for two maps of one run."""
        return self.left.run.key == self.right.run.key


def pair_of(left: Side, right: Side) -> Pair:
    """The `Pair` of two finished maps. Raises `AecoreError` if they show different samples."""
    identities = host.file_identity(left.finished, "points.npy"), host.file_identity(right.finished, "points.npy")
    return Pair(left, right, *_compared(*identities, left, right))


@st.cache_resource(show_spinner=False, max_entries=32)
def _compared(
    left_identity: tuple[str, int], right_identity: tuple[str, int], _left: Side, _right: Side
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, np.ndarray | None]:
    """All fields of a `Pair` but its sides, cached by the identity of both folders."""
    left, right = _left, _right
    index = np.asarray(host.array(left.finished, "index"))
    if not np.array_equal(index, host.array(right.finished, "index")):
        raise AecoreError(f"maps: got other samples in {right.title}, allowed: the same in both; draw them anew")
    points = np.asarray(host.array(left.finished, "points"), np.float32)
    aligned, _ = procrustes(points, np.asarray(host.array(right.finished, "points")))
    which = "map" if left.run.key == right.run.key else "codings"
    near, others = left.near(which), right.near(which)
    shared = None
    if near is not None and others is not None:
        one, other = left.space(which, index), right.space(which, index)
        spaces = None if one is None or other is None else (one, other)
        shared = map_comparison.shared_neighbours(near, others, spaces)
    moved = map_comparison.displacement(points, aligned)
    return index, points, aligned, moved, map_comparison.chance_displacement(points, aligned), shared


def moved_sentence(pair: Pair, names: list[str]) -> str:
    """A sentence on the median move, relative to unrelated maps, and on the samples that moved most."""
    median = float(np.median(pair.moved))
    share = median / pair.unrelated if pair.unrelated else 0.0
    verdict = (
        "The two maps largely agree."
        if share < ALIKE
        else "The two maps agree in parts."
        if share < UNLIKE
        else "As far as places go, the two maps have little in common."
    )
    furthest = "; ".join(plain(name) for name in names)
    return (
        f"Half of the points moved less than {share_text(median)} of the map's width; on unrelated maps it would be "
        f"{share_text(pair.unrelated)}. {verdict} Furthest: {furthest}."
    )


def shared_sentence(pair: Pair) -> str:
    """A sentence on the mean share of neighbours that both sides have, relative to chance."""
    if pair.shared is None:
        return "These maps were drawn before neighbours were kept; another number of points draws them anew."
    near = pair.left.near("codings")
    k = near.shape[1] if near is not None else 10
    mean, chance = float(pair.shared.mean()), k / max(len(pair.index) - 1, 1)
    if pair.one_run:
        return (
            f"One run, one set of codings: all that differs is the projection. Of a sample's {k} nearest on the left "
            f"map, {k * mean:.1f} are among its nearest on the right one too (by chance {k * chance:.2g})."
        )
    return (
        f"Of a sample's {k} nearest codings in one run, {k * mean:.1f} are among its nearest in the other too (by "
        f"chance {k * chance:.2g}). No projection enters here: this is what the two codes have in common."
    )


def numbers_html(pair: Pair) -> str:
    """HTML table of the quality measures of both sides, the better value bold."""
    sides = (pair.left, pair.right)
    worth: list[dict[str, Any]] = [probe_numbers.result(side.run) or {} for side in sides]
    maps = [read_json(side.finished.folder / "metrics.json", {}) for side in sides]
    rows = (
        []
        if pair.one_run
        else [
            ("Error (MSE)", [side.run.metrics.get("val_mse") for side in sides], False, error_text),
            ("kNN accuracy of the codings", [numbers.get("knn_accuracy") for numbers in worth], True, share_text),
        ]
    )
    rows += [
        ("Map: trustworthiness", [numbers.get("trustworthiness") for numbers in maps], True, share_text),
        ("Map: continuity", [numbers.get("continuity") for numbers in maps], True, share_text),
        ("Map: kNN accuracy", [numbers.get("knn_map") for numbers in maps], True, share_text),
    ]
    body = ""
    for name, values, higher, text in rows:
        present = [value for value in values if value is not None]
        if not present:
            continue
        best = max(present) if higher else min(present)
        bold = len({text(value) for value in present}) == 2
        cells = (f"<td>{f'<b>{text(v)}</b>' if bold and v == best else text(v)}</td>" for v in values)
        body += f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>'
    heads = "".join(f"<th>{html.escape(side.title)}</th>" for side in sides)
    return f'<table class="ae-two"><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody></table>'
