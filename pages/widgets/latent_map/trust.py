"""Quality of a map: trustworthiness and continuity of the whole and of one point, and stability over seeds."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from aecore import figures, jobs
from aecore.analysis import inference, neighbours
from aecore.analysis.map_verdict import map_verdict
from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.specs.map import MapSpec
from aecore.specs.stability import MAX_POINTS, StabilitySpec, refusal
from aecore.store.files import read_json
from aecore.store.runs import ResultFolder, Run
from aecore.text import error_text, share_text
from pages.widgets.basics import charts, notice
from pages.widgets.basics.notice import plain
from pages.widgets.images import grid
from pages.widgets.images.sample_html import sample_html
from pages.widgets.jobs import panel
from pages.widgets.server import shared
from pages.widgets.session import active_run

ROW = 10
WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
FAR = 30  # rank beyond which a false neighbour gets a ring: three times the neighbours shown
# A ring differs by colour and by dash, and a number stands below the image, for readers who see no colours.
RING = "outline:2px dashed #e76300;outline-offset:1px;border-radius:3px"


def summary(run: Run, work: ResultFolder) -> None:
    """Draw the map's verdict in one line, and the measures behind it."""
    numbers = read_json(work.folder / "metrics.json", {})
    spec = _spec_of(work)
    classes = len(shared.data(run.spec.dataset).info.classes)
    sentence = map_verdict(numbers, spec.method, classes=classes, stability=_known_stability(run, spec))
    st.markdown(f"**Can this map be trusted?** {sentence}")
    if numbers.get("trustworthiness") is None or spec.method == "none":
        return
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Trustworthiness",
            share_text(numbers["trustworthiness"]),
            width="content",
            help="1 when all 15 nearest neighbours in the map are near in the codings too.",
        )
        st.metric(
            "Continuity",
            share_text(numbers.get("continuity")),
            width="content",
            help="1 when all 15 nearest neighbours in the codings are near in the map too.",
        )


def point(run: Run, data: Data, work: ResultFolder, position: int) -> None:
    """Draw one point: its sample, its trustworthiness and continuity, and its neighbours in codings, data and map.

    `position` is the point's index in the map.
    """
    index = np.asarray(work.array("index"))
    if not 0 <= position < len(index):
        return
    try:
        near = work.arrays("neighbours")
    except AecoreError:
        near = {}
    _sample(run, data, int(index[position]), _share(near, "trust", position), _share(near, "continuity", position))
    if not near:
        st.caption("This map was drawn before neighbours were kept: draw it with another seed to see them.")
        return
    codings, on_map = near["codings"][position], near["map"][position]
    raw = neighbours.nearest_samples(data, index, position, ROW)
    map_ranks = neighbours.ranks(np.asarray(work.array("points")), position)
    coding_ranks = _coding_ranks(run, work, index, position)
    _row(
        data,
        index,
        f"Nearest in the {_mapped(work)}: its true neighbours",
        codings,
        on_map,
        map_ranks,
        _torn_words(codings, on_map, map_ranks),
    )
    sentence = _false_words(on_map, codings, coding_ranks)
    _row(data, index, "Nearest on the map", on_map, codings, coding_ranks, sentence)
    space = "pixels" if data.info.is_image else "features"
    _row(
        data,
        index,
        f"Nearest in the {space}",
        raw,
        raw,
        None,
        f"{int(np.isin(raw, codings).sum())} of these {len(raw)} are its true neighbours too. Look for samples "
        f"that are similar in the codings but not in the {space}.",
    )


def stability(run: Run, data: Data, work: ResultFolder, spec: MapSpec) -> None:
    """Draw the same map with several seeds and a sentence on how they differ, or a button that submits that job."""
    st.markdown("**Stability over random seeds**")
    if refusal(spec):
        st.caption("This projection has no random part: every seed gives the same map.")
        return
    wanted = StabilitySpec(spec)
    several = WORDS.get(wanted.seeds, str(wanted.seeds))
    finished = _seed_maps(run, wanted, several)
    if finished is None:
        return
    index, numbers = np.asarray(finished.array("index")), read_json(finished.folder / "metrics.json", {})
    maps, spread = np.asarray(finished.array("points")), np.asarray(finished.array("spread"))
    seeds = numbers.get("seeds", [])
    names = [f"seed {seed}" for seed in seeds] if len(seeds) == len(maps) else [""] * len(maps)
    charts.draw(
        lambda colours: figures.small_multiples(maps, data.labels_of(index), names, colours),
        of=(finished.folder.as_posix(), maps.tobytes()),
        key=f"stability_maps_{finished.key}",
        alt=f"The map of {len(index):,} samples drawn with {several} seeds",
    )
    distance = numbers.get("mean_distance")
    less = f" ({len(index):,} of its points)" if len(index) < len(work.array("index")) else ""
    st.caption(
        f"The same settings{less}, {several} seeds, turned and scaled onto the first: mean Procrustes distance "
        f"{share_text(distance)} (0: the same shape, 1: nothing in common); half of the points stray "
        f"by more than {100 * float(np.median(spread)):.1f} % of the map's size. {_why(spec)}"
    )


def _why(spec: MapSpec) -> str:
    if spec.method == "tsne":
        return "A seed only jitters the PCA start of t-SNE here; from a random start, groups would lie anywhere."
    return "Trust what all of them have in common."


def _sample(run: Run, data: Data, number: int, trusted: float | None, continuity: float | None) -> None:
    x = as_float(data.numbered(np.array([number])))
    facts = [f"<b>{html.escape(data.captions_of([number])[0])}</b>"]
    images = [("original", x[0])]
    try:
        again = inference.reconstruct(run, x)
        images.append(("reconstruction", again[0]))
        facts.append(f"error {error_text(float(np.square(again - x).mean()))}")
    except AecoreError as error:
        facts.append(html.escape(f"no reconstruction: {error}"))
    if trusted is not None:
        facts.append(f"its trust {share_text(trusted)}")
    if continuity is not None:
        facts.append(f"its continuity {share_text(continuity)}")
    limit = max(float(np.abs(image).max(initial=0)) for _, image in images) or 1.0
    cells = "".join(
        f'<figure style="width:96px">{sample_html(image, f"{name} of no. {number}", limit)}'
        f"<figcaption>{name}</figcaption></figure>"
        for name, image in images
    )
    st.html(
        f'{grid.STYLE}<div class="ae-grid ae-large"><div style="font-size:1rem;margin-bottom:6px">'
        f'{" · ".join(facts)}</div><div style="display:flex;gap:8px">{cells}</div></div>'
    )


def _row(
    data: Data,
    index: np.ndarray,
    title: str,
    others: np.ndarray,
    expected: np.ndarray,
    rank: np.ndarray | None,
    words: str,
) -> None:
    """Draw neighbours side by side; those missing from `expected` with their rank, and a ring beyond rank `FAR`."""
    st.markdown(f"**{plain(title)}**")
    if len(others):
        samples = as_float(data.numbered(index[others]))
        names = data.captions_of(index[others])
        strange = ~np.isin(others, expected)
        notes = [f"{rank[i]:,}" if rank is not None and s else "" for i, s in zip(others, strange, strict=True)]
        ringed = strange if rank is None else strange & (rank[others] > FAR)
        st.html(row_html(samples, names, notes, ringed))
    st.caption(words)


def row_html(samples: np.ndarray, names: Sequence[str], notes: Sequence[str], ringed: np.ndarray) -> str:
    """HTML of samples side by side, each with a note below, and a ring where `ringed` (n,) is true. Text is escaped."""
    limit = float(np.abs(samples).max(initial=0)) or 1.0
    below = "<figcaption>{}</figcaption>" if any(notes) else ""
    cells = "".join(
        f'<figure title="{html.escape(_noted(name, note))}"><div style="{RING if ring else ""}">'
        f"{sample_html(sample, _noted(name, note), limit)}</div>"
        f"{below.format(html.escape(note) or '&nbsp;')}</figure>"
        for sample, name, note, ring in zip(samples, names, notes, ringed, strict=True)
    )
    return (
        f'{grid.STYLE}<div class="ae-grid"><div class="ae-thumbs" style="--n:{ROW};--m:{ROW // 2};gap:6px">'
        f"{cells}</div></div>"
    )


def _noted(name: str, note: str) -> str:
    return f"{name} (rank {note})" if note else name


def _torn_words(codings: np.ndarray, on_map: np.ndarray, rank: np.ndarray) -> str:
    strange, count = ~np.isin(codings, on_map), len(codings)
    if not strange.any():
        return f"All {count} are its {count} nearest on the map too: this place is true."
    torn = int((rank[codings[strange]] > FAR).sum())
    return (
        f"{int(strange.sum())} of {count} are not among its {count} nearest on the map; the number is its rank there. "
        f"{torn} {'was' if torn == 1 else 'were'} torn away (ringed: beyond rank {FAR}): the lines show where to."
    )


def _false_words(on_map: np.ndarray, codings: np.ndarray, rank: np.ndarray | None) -> str:
    strange, count = ~np.isin(on_map, codings), len(on_map)
    if not strange.any():
        return "None is a false neighbour."
    if rank is None:
        return (
            f"{int(strange.sum())} of {count}, ringed, are not among its {count} true neighbours: do they look alike?"
        )
    false = int((rank[on_map[strange]] > FAR).sum())
    return (
        f"{int(strange.sum())} of {count} are not among its true neighbours; the number is its true rank. {false} "
        f"{'is' if false == 1 else 'are'} false (ringed: beyond rank {FAR}): do they look as if they belonged here?"
    )


def _coding_ranks(run: Run, work: ResultFolder, index: np.ndarray, position: int) -> np.ndarray | None:
    """`neighbours.ranks` of the codings; None for a map of a layer or of training samples without stored codings."""
    if _mapped(work) != "codings":
        return None
    codings = np.asarray(run.array("codings"))
    if index.max() >= len(codings):
        codings = np.concatenate([codings, np.asarray(run.array("codings_train"), codings.dtype)])
    return neighbours.ranks(codings[index].reshape(len(index), -1), position) if index.max() < len(codings) else None


def _share(near: dict[str, np.ndarray], name: str, position: int) -> float | None:
    return float(near[name][position]) if name in near else None


def _mapped(work: ResultFolder) -> str:
    layer = _spec_of(work).layer
    return "codings" if layer == "codings" else f"layer {layer}"


def _spec_of(work: ResultFolder) -> MapSpec:
    return MapSpec.from_dict(read_json(work.folder / "spec.json", {}).get("map", {}))


def _stability_of(run: Run, spec: StabilitySpec) -> ResultFolder:
    return ResultFolder(run.folder / spec.kind / spec.key(run.key))


def _known_stability(run: Run, spec: MapSpec) -> dict | None:
    if refusal(spec):
        return None
    work = _stability_of(run, StabilitySpec(spec))
    return read_json(work.folder / "metrics.json", {}) if work.state == "finished" else None


def _seed_maps(run: Run, spec: StabilitySpec, several: str) -> ResultFolder | None:
    """The folder of the finished maps; None, after drawing a button, the progress or the error."""
    work = _stability_of(run, spec)
    state = active_run.state(work)
    if state == "finished":
        return work
    if state not in active_run.PENDING:
        st.caption(
            f"Projects up to {MAX_POINTS:,} points with {several} seeds and compares the maps; takes some seconds."
        )
        if state == "failed":
            notice.error(f"Not drawn: {work.status().get('message')}")
        if not st.button(f"Draw it with {several} seeds", key="stability_draw", icon=":material/casino:"):
            return None
    ticket = panel.submit(jobs.StabilityTask(run.key, spec))
    return panel.result(ticket, "Drawing", stop_key="stability_stop") if ticket else None
