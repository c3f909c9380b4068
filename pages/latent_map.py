"""Latent map: the codings in two dimensions, how far the picture can be trusted, and the images behind the points."""

from collections import Counter
from pathlib import Path

import numpy as np
import streamlit as st

from aecore import figures, jobs
from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.figures import MAP_CONFIG, share_text
from aecore.mapping.spec import MapSpec
from aecore.runs import Run, Work, read_json
from pages.widgets import active, controls, header, host, image_grid, inside, picked, shell, theme

shell.enter()

METHODS = {"none": "As it is", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
COLOURS = {"class": "Class", "error": "Error"}
# Streamlit lets a click select only where dragging does not.
SELECT = {"click": "Click", "box": "Box", "lasso": "Lasso"}
DRAG = {"click": "pan", "box": "select", "lasso": "lasso"}
SHOWN = 40


def main() -> None:
    run = active.shown()
    header.draw(run, "Each point is one validation sample; samples with similar codings lie close together. Distances "
                "between far groups mean little.", [])  # fmt: skip
    if run is None:
        return
    data = host.data(run.spec.dataset)
    bar = st.container(horizontal=True, vertical_alignment="center")
    flat = run.metrics.get("coding_size", 0) <= 2
    spec, colour = _controls(bar, run, data, flat)
    if spec is None:
        return
    work = _map_of(run, spec)
    if work:
        _show(run, data, work, colour)


def _controls(bar: st.delta_generator.DeltaGenerator, run: Run, data: Data, flat: bool) -> tuple[MapSpec | None, str]:
    """The map asked for, chosen before anything is computed, and the colour; None with one line for bad settings."""
    layer = st.session_state.get("map_layer", "codings")
    raw = flat and layer == "codings"
    method = controls.segments(bar, "Method", {k: v for k, v in METHODS.items() if raw or k != "none"}, "method")
    labelled = data.validation_labels is not None
    colour = controls.segments(bar, "Colour", {k: v for k, v in COLOURS.items() if labelled or k != "class"}, "colour")
    controls.segments(bar, "Select by", SELECT, "select")
    with bar.popover("Settings", icon=":material/tune:"):
        settings = _settings(run, method, len(data.validation))
    try:
        spec = MapSpec(method=method, **settings)
        spec.check(min(spec.n, len(data.validation)))
        return spec, colour
    except AecoreError as error:
        st.warning(str(error), icon=":material/info:")
        return None, colour


def _settings(run: Run, method: str, available: int) -> dict:
    """Parameters of the method, with what they do."""
    settings: dict = {}
    layers = inside.layer_names(run)
    if st.session_state.get("map_layer") not in (None, *layers):
        del st.session_state["map_layer"]
    settings["layer"] = st.selectbox(
        "Representation", layers, key="map_layer", help="The codings, or any hidden layer's activations."
    )
    most = min(available, 5000)
    start = min(2000, most)
    settings["n"] = st.slider(
        "Points", min(10, most - 1), most, start, key="points", bind="query-params",
        help="A class-balanced sample where there are more. More points take longer.",
    )  # fmt: skip
    if method == "tsne":
        most_perplexity = max(3, min(100, (settings["n"] - 1) // 3))
        if st.session_state.get("perplexity", 0) > most_perplexity:
            st.session_state["perplexity"] = most_perplexity
        settings["perplexity"] = st.slider(
            "Perplexity", 2, most_perplexity, min(30, most_perplexity), key="perplexity", bind="query-params",
            help="About how many neighbours a point listens to: small shows fine grain, large the big picture.",
        )  # fmt: skip
    if method == "umap":
        most_neighbors = max(3, min(200, settings["n"] - 1))
        if st.session_state.get("n_neighbors", 0) > most_neighbors:
            st.session_state["n_neighbors"] = most_neighbors
        settings["n_neighbors"] = st.slider(
            "Neighbours", 2, most_neighbors, min(15, most_neighbors), key="n_neighbors", bind="query-params",
            help="Small keeps fine grain, large the big picture.",
        )  # fmt: skip
        settings["min_dist"] = st.slider(
            "Minimum distance", 0.0, 0.99, 0.1, key="min_dist", bind="query-params",
            help="How tightly points may be packed. It changes the look, not the neighbours.",
        )  # fmt: skip
    if method in ("tsne", "umap"):
        settings["seed"] = st.number_input(
            "Map seed", 0, 2**31 - 1, 42, key="map_seed", bind="query-params",
            help="The same settings draw the same map; another seed shows what is chance.",
        )  # fmt: skip
    return settings


def _map_of(run: Run, spec: MapSpec) -> Work | None:
    """The finished map, asking the queue for it where it does not exist; None while it is being computed."""
    task = jobs.MapTask(run.key, spec)
    work = Work(task.folder(host.cache()))
    state = active.state(work)
    if state == "finished":
        return work
    if state == "failed" and st.session_state.get("failed_map") == work.key:
        st.error(f"No map: {work.status().get('message')}", icon=":material/error:")
        if not st.button("Try again", key="map_again", icon=":material/replay:"):
            return None
    try:
        ticket = host.queue().submit(task, host.session())
    except AecoreError as error:
        st.warning(str(error), icon=":material/info:")
        return None
    st.session_state["failed_map"] = work.key
    st.fragment(_await_map, run_every=header.TICK)(str(ticket.folder), METHODS[spec.method])
    return None


def _await_map(folder: str, name: str) -> None:
    work = Work(Path(folder))
    if active.state(work) not in active.PENDING:
        st.rerun(scope="app")
    status = work.status()
    st.progress(float(status.get("fraction") or 0.0), text=f"{name}: {status.get('message') or 'waiting for its turn'}")


@st.fragment
def _show(run: Run, data: Data, work: Work, colour: str) -> None:
    index = np.asarray(work.array("index"))
    labels = data.validation_labels[index] if data.validation_labels is not None else None
    chart = figures.latent_map(
        np.asarray(work.array("points")), labels, data.info.classes, theme.current(), colour,
        picked.errors_of(run)[index], index=index,
    )  # fmt: skip
    select = st.session_state["select"]
    chart.update_layout(dragmode=DRAG[select])
    left, right = st.columns([3, 2], gap="medium")
    with left:
        event = st.plotly_chart(
            chart, theme=None, config=MAP_CONFIG, on_select="rerun", selection_mode=("points", "box", "lasso"),
            key=f"map_{work.key}_{colour}_{select}_{st.session_state.get('cleared', 0)}",
            alt=f"Map of {len(index)} codings",
        )  # fmt: skip
    with right:
        _trust(work)
        _selection(data, selected(event))


def selected(event: dict) -> list[int]:
    """Validation indices of a Plotly selection event, each once, in the order of selection."""
    points = event["selection"]["points"] if event else []
    found = (np.ravel(point["customdata"])[0] for point in points if point.get("customdata") is not None)
    return list(dict.fromkeys(int(index) for index in found))


def _trust(work: Work) -> None:
    found = read_json(work.folder / "metrics.json", {})
    trust = found.get("trustworthiness")
    if trust is None:
        return
    if read_json(work.folder / "spec.json", {}).get("map", {}).get("method") == "none":
        st.markdown("**Can this map be trusted?** Nothing was projected: these are the codings themselves.")
        return
    words = "Mostly" if trust >= 0.97 else "In parts" if trust >= 0.9 else "Little"
    st.markdown(
        f"**Can this map be trusted?** {words}: trustworthiness {share_text(trust)} of 1. "
        "Neighbours in the map that are no neighbours in the codings lower it; groups far apart are not to be compared."
    )
    with st.container(horizontal=True, gap="medium"):
        st.metric("Trustworthiness", share_text(trust), width="content",
                  help="1 when all 15 nearest neighbours in the map are near in the codings too.")  # fmt: skip
        st.metric("Continuity", share_text(found.get("continuity")), width="content",
                  help="1 when all 15 nearest neighbours in the codings are near in the map too.")  # fmt: skip
        if found.get("knn_map") is not None:
            st.metric(
                "Class from 2-D / from the codings",
                f"{share_text(found['knn_map'])} / {share_text(found.get('knn_codings'))}",
                width="content",
                help="Share of samples whose 5 nearest neighbours vote for their class: in the map, in the codings.",
            )


def _selection(data: Data, index: list[int]) -> None:
    if not index:
        st.caption(
            "Click a point (with Shift: several), or choose Box or Lasso and drag, to see the images behind them."
        )
        return
    labels = data.validation_labels
    counts = Counter(data.info.classes[labels[i]] for i in index) if labels is not None else Counter()
    told = "".join(f" · {count} {name}" for name, count in counts.most_common(5))
    st.markdown(f"**Selected: {len(index):,} sample{'s' if len(index) != 1 else ''}**{told}")
    names = [f"{data.info.classes[labels[i]]}, no. {i}" if labels is not None else f"no. {i}" for i in index]
    image_grid.thumbnails(as_float(data.validation[index[:SHOWN]]), names[:SHOWN])
    if len(index) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(index):,}.")
    if st.button("Clear", key="clear"):
        st.session_state["cleared"] = st.session_state.get("cleared", 0) + 1
        st.rerun(scope="fragment")


main()
