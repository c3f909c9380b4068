"""One sample in several runs: reconstruction, codings and place on the map, a row per run."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import datasets, jobs
from aecore.analysis import inference, map_comparison, metrics, neighbours
from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.specs.map import MapSpec
from aecore.store.files import read_json
from aecore.store.runs import ResultFolder, Run
from aecore.text import counted, error_text
from pages.widgets.basics import notice, theme
from pages.widgets.basics.notice import plain
from pages.widgets.compare import cards as compare_cards
from pages.widgets.compare import run_picker
from pages.widgets.compare.cards import Card, Place
from pages.widgets.images import grid, run_images
from pages.widgets.jobs import panel
from pages.widgets.latent_map import own_image
from pages.widgets.server import presence, shared
from pages.widgets.session import active_run, controls, keys

FROM = {"validation": "Validation image", "own": "Draw or upload"}
ANY = "Any class"
NEAREST = 3
PREFERRED = ("pca", "none", "umap", "tsne")  # PCA first, which projects a new sample exactly
MAP_TITLES = {"pca": "by PCA", "none": "codings as they are", "umap": "by UMAP", "tsne": "by t-SNE"}


def draw(bar: DeltaGenerator, run: Run, data: Data) -> None:
    """Draw the view: controls in `bar`, then the sample and a row per run."""
    source = "validation"
    if data.info.is_image:
        source = controls.segments(bar, "Which sample", FROM, keys.SAMPLE_FROM)
    number = _number(bar, data) if source == "validation" else None
    chosen = run_picker.pick_several(bar, st.container(), run, run_picker.others(run))
    if number is not None:
        sample = as_float(data.validation[number])
    else:
        image = own_image.choose(data, ("draw", "upload"))
        if image is None:
            st.caption("Draw something, or upload a picture: every run above reconstructs it.")
            return
        sample = as_float(image)
    _show(chosen, data, sample, number)


def _number(bar: DeltaGenerator, data: Data) -> int:
    """The validation sample's number, from a number input and a button for a random one of all or of one class."""
    last = len(data.validation) - 1
    if not 0 <= st.session_state.get(keys.SAMPLE, 0) <= last:
        st.session_state[keys.SAMPLE] = 0
    labels, classes = data.validation_labels, data.info.classes
    group: int | None = None
    number = int(
        controls.number(
            bar.number_input, "Sample", 0, last, 0, key=keys.SAMPLE, width=130, label_visibility="collapsed"
        )
    )
    if labels is not None and classes:
        name = bar.selectbox("Class", [ANY, *classes], key="sample_class", label_visibility="collapsed", width=160)
        group = classes.index(name) if name in classes else None
    bar.button("Another", key="another", icon=":material/casino:", on_click=_another, args=(data.info.name, group))
    return number


def _another(dataset: str, group: int | None) -> None:
    """Callback: select another random validation sample, of class `group` unless that is None."""
    data = shared.data(dataset)
    labels = data.validation_labels
    draw = st.session_state[keys.SAMPLE_DRAW] = st.session_state.get(keys.SAMPLE_DRAW, 0) + 1
    among = np.arange(len(data.validation)) if labels is None or group is None else np.flatnonzero(labels == group)
    among = among[among != st.session_state.get(keys.SAMPLE, 0)]
    if len(among):
        st.session_state[keys.SAMPLE] = int(np.random.default_rng(draw).choice(among))


def _show(chosen: list[Run], data: Data, sample: np.ndarray, number: int | None) -> None:
    name = data.captions_of([number])[0] if number is not None else "Your own"
    picture, words = st.columns([1, 7], vertical_alignment="center", gap="medium")
    if not chosen:
        with picture:
            grid.large_image(sample, alt=name, width=110)
        words.caption("Choose at least one run: the button above lists them.")
        return
    names = run_picker.names(chosen)
    maps = {run.key: _map_of(run) for run in chosen}
    cards, refused = [], []
    for run in chosen:
        try:
            cards.append(_card(run, names[run.key], data, sample, number, maps[run.key]))
        except AecoreError as error:
            refused.append(str(error))
    cards.sort(key=lambda card: card.error if np.isfinite(card.error) else np.inf)
    with picture:
        grid.large_image(sample, alt=name, width=110)
    with words:
        st.markdown(f"**{plain(name)}**: {_sentence(cards)}")
        st.caption(
            "Good: the shape survives, the difference stays grey, the sample lies among its class on the map, and its "
            "nearest neighbours are of the same class."
        )
    for line in refused:
        notice.warning(line)
    compare_cards.draw(sample, cards)
    st.caption(
        "Difference: orange too bright, blue too dark. Code: a bar a coding, upwards positive, scaled to the "
        "longest; a hashing run's are bits. The star is the sample on the run's map, where each dot is a "
        "validation sample in its class's colour; the neighbours are the validation samples whose codings are closest."
        if data.info.is_image
        else "Bars: a feature each. The star is the sample on the run's map; the neighbours are the validation samples "
        "whose codings are closest."
    )
    pending = [work for work in maps.values() if work and panel.is_pending(work)]
    if pending:
        panel.poll(pending, partial(_progress, len(pending)))


def _card(run: Run, name: str, data: Data, sample: np.ndarray, number: int | None, work: ResultFolder | None) -> Card:
    """One run's `Card` of the sample. Raises an `AecoreError` if its files cannot be used."""
    run.touch()
    z = inference.encode(run, sample[None])
    output = inference.decode(run, z)
    error = float(metrics.per_sample_mse(sample[None], output)[0])
    codings = _flat(run.array("codings"))
    near, _ = neighbours.nearest(z, codings, min(NEAREST + 1, len(codings)))
    numbers = [int(n) for n in near[0] if n != number][:NEAREST]
    share = map_comparison.share_larger(run_images.errors_of(run), error)
    noun = "image" if data.info.is_image else "sample"
    return Card(
        name=name,
        note=f"draws {100 * share:.0f} % of the validation {noun}s worse"
        if share
        else f"draws every validation {noun} better",
        error=error,
        reconstruction=output[0],
        coding=z[0],
        bits=map_comparison.code_bits(run.spec, z[0]),
        place=_place(work, data, z, number, codings),
        near=(as_float(data.validation[numbers]), data.captions_of(numbers)),
    )


def _map_of(run: Run) -> ResultFolder | None:
    """A finished map of the run's codings by the first method of `PREFERRED`; else the one that was submitted to the
    queue."""
    n = min(MapSpec().n, datasets.info(run.spec.dataset).n_validation)  # the same map as on the other pages
    tasks = [jobs.MapTask(run.key, MapSpec(method=method, n=n)) for method in PREFERRED]
    for task in tasks:
        work = ResultFolder(task.folder(shared.cache()))
        if work.state == "finished":
            return work
    flat = run.metrics.get("coding_size", run.spec.coding_size) <= 2
    task = tasks[PREFERRED.index("none" if flat else "pca")]
    work = ResultFolder(task.folder(shared.cache()))
    if active_run.state(work) not in ("failed", *active_run.PENDING):
        try:
            shared.queue().submit(task, presence.session())
        except AecoreError:
            return None
    return work


def _place(
    work: ResultFolder | None, data: Data, z: np.ndarray, number: int | None, codings: np.ndarray
) -> Place | str:
    """The sample's place on its run's map, or one line on why there is none."""
    state = active_run.state(work) if work else "missing"
    if work is None or state != "finished":
        failed = work.status().get("message") if work and state == "failed" else None
        return (
            f"No map: {failed}" if failed else "Its map is being drawn" if state in active_run.PENDING else "No map yet"
        )
    index, points = np.asarray(work.array("index")), np.asarray(work.array("points"))
    positions = np.flatnonzero(index == number) if number is not None else np.zeros(0, int)
    try:
        at = points[positions[0]] if len(positions) else neighbours.place_on_map(z, work, codings[index])[0]
    except AecoreError as error:
        return f"Not on its map: {error}"
    method = read_json(work.folder / "spec.json", {}).get("map", {}).get("method", "pca")
    return compare_cards.place_on(points, data.labels_of(index), at, theme.current(), MAP_TITLES[method])


def _progress(count: int) -> None:
    """Draw one line with the number of maps that are being computed."""
    st.caption(f":material/hourglass_top: {counted(count, 'map')} {'are' if count > 1 else 'is'} being drawn.")


def _sentence(cards: list[Card]) -> str:
    """A sentence on which run reconstructs the sample best; the cards are sorted by their errors."""
    if not cards:
        return "none of these runs can draw it."
    best, worst = cards[0], cards[-1]
    if len(cards) == 1:
        return f"{plain(best.name)} draws it with an error of {error_text(best.error)}."
    times = f", {worst.error / best.error:.1f} times as much" if best.error > 0 and np.isfinite(worst.error) else ""
    return (
        f"{plain(best.name)} draws it best, with an error of {error_text(best.error)}; "
        f"{plain(worst.name)} has {error_text(worst.error)}{times}."
    )


def _flat(codings: np.ndarray) -> np.ndarray:
    return np.asarray(codings, np.float32).reshape(len(codings), -1)
