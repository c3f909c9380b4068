"""The controls of a map: a row for its appearance, and a form for the settings of its `MapSpec`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore import datasets
from aecore.datasets import Data
from aecore.specs.map import MAX_POINTS, MapSpec
from aecore.store.runs import Run
from pages.widgets.jobs.map_job import METHODS
from pages.widgets.run import activations
from pages.widgets.session import keys
from pages.widgets.session.controls import choice, number, segments

COLOURS = {"class": "Class", "error": "Error", "trust": "Trust"}
STYLES = {"dots": "Dots", "images": "Images", "plotly": "Plotly"}
TOOLS = {"click": "Click", "box": "Box", "lasso": "Lasso"}
POINTS = 2000
MOST_POINTS = 10_000  # largest stop of the slider; a switch selects all points
EFFECTS = {
    "none": "The codings themselves: nothing is projected, nothing can be torn.",
    "pca": "The two directions in which the codings vary most. Exact and always the same, but with 30 codings it folds "
    "what does not fit into a plane.",
    "tsne": "Keeps neighbours together and gives up distances: gaps and sizes of groups mean little.",
    "umap": "Keeps neighbours together and, loosely, which groups are close; packs them tighter than they are.",
}


@dataclass(frozen=True)
class MapControls:
    """The values of the row of controls above a map."""

    method: str
    colour: str
    style: Literal["dots", "images", "plotly"]
    tool: Literal["click", "box", "lasso"]


def controls(bar: DeltaGenerator, run: Run, data: Data) -> MapControls:
    """Draw the row of controls and return their values; options that the run or data set lacks are not offered."""
    raw = run.metrics.get("coding_size", 0) <= 3 and st.session_state.get(keys.MAP_LAYER, "codings") == "codings"
    methods = {name: text for name, text in METHODS.items() if raw or name != "none"}
    default = _default_method(data, raw)
    _follow(keys.METHOD, default, keys.METHOD_DEFAULT)
    method = segments(bar, "Method", methods, keys.METHOD, default=default)
    everything = st.session_state.get(keys.SPLIT) == "all"
    labelled = data.validation_labels is not None
    offered = {"class": labelled, "error": not everything, "trust": True}
    colour = segments(bar, "Colour", {name: text for name, text in COLOURS.items() if offered[name]}, keys.COLOUR)
    style_place, tool_place = bar.container(width="content"), bar.container(width="content")
    with bar.popover("Settings", icon=":material/tune:"):
        form(run, method)
    space = dimensions(run, method)  # known once the form is drawn
    style = _style(style_place, data, space)
    tool = segments(tool_place, "Select by", TOOLS, keys.SELECT, disabled=style == "plotly" and space == 3)
    return MapControls(method, colour, cast(Any, style), cast(Any, tool))


def _default_method(data: Data, raw: bool) -> str:
    """The method of a map unless another is chosen: the codings themselves where they can be drawn (`raw`), else UMAP,
    for which a map needs more points than neighbours."""
    if raw:
        return "none"
    return "umap" if len(data.validation) > MapSpec.settings()["n_neighbors"].default else "pca"


def _follow(key: str, default: str, remembered: str) -> None:
    """Let a control follow its `default`, kept under the key `remembered`, until the visitor has chosen another
    option."""
    last = st.session_state.get(remembered, default)
    st.session_state[remembered] = default
    if last != default and st.session_state.get(key) == last:
        del st.session_state[key]


def _style(place: DeltaGenerator, data: Data, dimensions: int) -> str:
    """The style of the map, which is Plotly by default in 3-D."""
    default = "plotly" if dimensions == 3 else "dots"
    _follow(keys.STYLE, default, keys.STYLE_DEFAULT)
    styles = {name: text for name, text in STYLES.items() if name != "images" or data.info.is_image}
    return segments(place, "Style", styles, keys.STYLE, default=default)


def spec_from(run: Run, method: str) -> MapSpec:
    """The form's settings as a `MapSpec`; raises an `AecoreError` if they contradict each other."""
    state, info = st.session_state, datasets.info(run.spec.dataset)
    wanted: dict[str, Any] = {
        "method": method,
        "layer": state.get(keys.MAP_LAYER, "codings"),
        "split": state.get(keys.SPLIT, "validation"),
        "n": MAX_POINTS if state.get(keys.SPLIT) == "all" else state.get(keys.POINTS, POINTS),
        "dimensions": dimensions(run, method),
    }
    for name, key in (("perplexity", keys.PERPLEXITY), ("n_neighbors", keys.N_NEIGHBORS), ("min_dist", keys.MIN_DIST)):
        if key in state:
            wanted[name] = state[key]
    if keys.MAP_SEED in state:
        wanted["seed"] = state[keys.MAP_SEED]
    spec = MapSpec(**wanted)
    spec.check(spec.points(info.n_validation, info.n_train))
    return spec


def dimensions(run: Run, method: str) -> int:
    """The map's number of dimensions: 3 for three codings without a projection, else the form's value."""
    if method == "none":
        return 3 if run.metrics.get("coding_size") == 3 else 2
    return int(st.session_state.get(keys.DIMS, 2))


def form(run: Run, method: str) -> None:
    """Draw the form of the settings of a map by this method."""
    info, layers = datasets.info(run.spec.dataset), activations.layer_names(run)
    if st.session_state.get(keys.MAP_LAYER) not in (None, *layers):
        del st.session_state[keys.MAP_LAYER]
    with st.form("map_settings", border=False):
        st.caption(f"**{METHODS[method]}.** {EFFECTS[method]}")
        st.selectbox(
            "Representation", layers, key=keys.MAP_LAYER, help="The codings, or any hidden layer's activations."
        )
        choice(
            st.segmented_control,
            "Samples",
            ["validation", "all"],
            key=keys.SPLIT,
            default="validation",
            required=True,
            format_func={"validation": "Validation", "all": f"All {info.n_validation + info.n_train:,}"}.__getitem__,
            help="All: the training samples too. 60,000 points take a minute or two.",
        )
        most = min(info.n_validation, MOST_POINTS)
        number(
            st.slider,
            "Points",
            min(10, most - 1),
            most,
            min(POINTS, most),
            key=keys.POINTS,
            help="Of the validation samples: a sample with as many of each class where there are more.",
        )
        if method == "tsne":
            number(
                st.slider,
                "Perplexity",
                2,
                100,
                30,
                key=keys.PERPLEXITY,
                help="About how many neighbours a point listens to: small shows fine grain, large the big picture. "
                "Below a third of the points.",
            )
        if method == "umap":
            number(
                st.slider,
                "Neighbours",
                2,
                200,
                15,
                key=keys.N_NEIGHBORS,
                help="Small keeps fine grain, large the big picture.",
            )
            number(
                st.slider,
                "Minimum distance",
                0.0,
                0.99,
                0.1,
                key=keys.MIN_DIST,
                help="How tightly points may be packed. It changes the look, not the neighbours.",
            )
        if method != "none":
            choice(
                st.segmented_control,
                "Dimensions",
                [2, 3],
                key=keys.DIMS,
                default=2,
                required=True,
                format_func="{}-D".format,
                help="Turn a 3-D map by dragging it.",
            )
        if method in ("tsne", "umap"):
            number(
                st.number_input,
                "Map seed",
                0,
                2**31 - 1,
                42,
                key=keys.MAP_SEED,
                help="The same settings draw the same map; another seed shows what is chance.",
            )
        st.form_submit_button("Draw this map", type="primary", width="stretch")
