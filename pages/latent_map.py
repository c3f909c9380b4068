"""Latent map: the codings in two dimensions, how far the picture can be trusted, and the images behind the points."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import streamlit as st

from aecore.datasets import Data
from aecore.errors import AecoreError
from aecore.store.runs import ResultFolder, Run
from pages.widgets.basics import controls, notice
from pages.widgets.components import latent_map
from pages.widgets.frame import header, shell
from pages.widgets.images import run_images
from pages.widgets.jobs import map_job
from pages.widgets.latent_map import own_image, settings, training_film, trust
from pages.widgets.server import render_lock, shared
from pages.widgets.session import active_run, keys, selection

shell.enter()

VIEWS = {"map": "Explore", "own": "Your own picture", "training": "While it learned"}
COLOURS = {"class": "Class", "error": "Error", "trust": "Trust"}
STYLES = {"dots": "Dots", "images": "Images"}
TOOLS = {"click": "Click", "box": "Box", "lasso": "Lasso"}
MOST_PICTURED = 10_000  # reconstructions of more samples would take the browser too long to load


def main() -> None:
    run, busy = active_run.shown(), active_run.pending()
    if busy and busy.latest_snapshot():
        header.draw(busy, "The codings while they are learned: the map and the images move as the network does.", [])
        training_film.section(busy, shared.data(busy.spec.dataset))
        return
    header.draw(
        run,
        "Each point is one sample; samples with similar codings lie close together. Distances between far "
        "groups mean little.",
        [],
    )
    if run is None:
        return
    data = shared.data(run.spec.dataset)
    selection.forget_other(data)
    views = {name: text for name, text in VIEWS.items() if name != "own" or data.info.is_image}
    view = controls.segments(st.container(horizontal=True), "View", views, keys.VIEW)
    if view == "training":
        training_film.section(run, data)
        return
    bar = st.container(horizontal=True, vertical_alignment="center")
    look = _controls(bar, run, data)
    try:
        spec = settings.spec_from(run, look.method)
    except AecoreError as error:
        notice.warning(str(error))
        return
    work = map_job.finished(run, spec)
    if work and view == "own":
        _own(run, data, work, look)
    elif work:
        _explore(run, data, work, look)
        trust.stability(run, data, work, spec)


def _controls(bar: st.delta_generator.DeltaGenerator, run: Run, data: Data) -> settings.Look:
    """The controls; a method or a colour without a meaning here is not offered."""
    raw = run.metrics.get("coding_size", 0) <= 3 and st.session_state.get(keys.MAP_LAYER, "codings") == "codings"
    methods = {name: text for name, text in map_job.METHODS.items() if raw or name != "none"}
    method = controls.segments(bar, "Method", methods, keys.METHOD)
    everything = st.session_state.get(keys.SPLIT) == "all"
    labelled = data.validation_labels is not None
    offered = {"class": labelled, "error": not everything, "trust": True}
    colour = controls.segments(
        bar, "Colour", {name: text for name, text in COLOURS.items() if offered[name]}, keys.COLOUR
    )
    style = controls.segments(bar, "Style", STYLES, keys.STYLE) if data.info.is_image else "dots"
    tool = controls.segments(bar, "Select by", TOOLS, keys.SELECT)
    with bar.popover("Settings", icon=":material/tune:"):
        settings.draw(run, method, map_job.METHODS)
    return settings.Look(method, colour, cast(Any, style), cast(Any, tool))


@render_lock.fragment
def _explore(run: Run, data: Data, work: ResultFolder, look: settings.Look) -> None:
    """The map, beside it how true it is and what was picked on it."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _map(run, data, work, look)
    with right:
        trust.trust(run, work)
        many = len(selection.current()) > 1
        if many:
            selection.draw(run, data, work)
        focus = np.flatnonzero(np.asarray(work.array("index")) == st.session_state.get(keys.POINT))
        if len(focus):
            trust.point(run, data, work, int(focus[0]))
        if not many:
            selection.draw(run, data, work)


@render_lock.fragment
def _own(run: Run, data: Data, work: ResultFolder, look: settings.Look) -> None:
    """The map with somebody's own picture on it, and what the network makes of that picture."""
    left, right = st.columns([3, 2], gap="medium")
    with right:
        st.markdown("**Where does your own picture go?** Draw one or upload one; the star is its place on the map.")
        sample = own_image.choose(data)
    found = own_image.show(run, data, sample, work) if sample is not None else None
    with left:
        _map(run, data, work, look, [latent_map.Mark(0, found.point, "yours", sample)] if found and found.point else [])


def _map(run: Run, data: Data, work: ResultFolder, look: settings.Look, marks: Sequence[latent_map.Mark] = ()) -> None:
    numbers, near = np.asarray(shared.array(work, "index")), shared.arrays(work, "neighbours")
    held_out = bool((numbers < len(data.validation)).all())
    pictured = held_out and len(numbers) <= MOST_PICTURED and data.info.is_image
    errors = run_images.errors_of(run)[numbers] if held_out else None
    panel = latent_map.Panel(
        np.asarray(shared.array(work, "points")),
        near=near["codings"],
        near_map=near["map"],
        reconstructions=run_images.reconstructions_on(work, run) if pictured else None,
        errors=errors,
    )
    place = {number: position for position, number in enumerate(numbers.tolist())}
    focus = place.get(st.session_state.get(keys.POINT))
    chosen = [place[number] for number in selection.current() if number in place]
    found = latent_map.draw(
        [panel],
        key="latent_map",
        numbers=numbers,
        labels=data.labels_of(numbers),
        class_names=data.info.classes,
        images=run_images.samples_on(work, data) if data.info.is_image else None,
        colour=look.colour,
        values={"error": errors, "trust": near["trust"]}.get(look.colour),
        value_name=COLOURS[look.colour].lower(),
        style=look.style,
        tool=look.tool,
        selected=chosen,
        focus=focus,
        marks=marks,
    )
    total = len(data.validation) if held_out else len(data.validation) + len(data.train)
    if len(numbers) < total:
        st.caption(f"{len(numbers):,} of {total:,} samples, as many of each class as there are; Settings draws more.")
    if (found.point, found.selection) != (focus, chosen):  # a gesture; else samples beyond this map stay selected too
        selection.choose(numbers[found.selection].tolist(), data)
        st.session_state[keys.POINT] = None if found.point is None else int(numbers[found.point])


main()
