"""The map of a run's codings, with its quality, the selected samples and the marked sample beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from aecore.datasets import Data
from aecore.store.runs import ResultFolder, Run
from pages.widgets.components import latent_map
from pages.widgets.images import run_images
from pages.widgets.latent_map import own_image, plotly_map, trust
from pages.widgets.latent_map.settings import COLOURS, MapControls
from pages.widgets.server import render_lock, shared
from pages.widgets.session import keys, selection

MOST_PICTURED = 10_000  # points up to which the map also sends the reconstructions


@render_lock.fragment
def section(run: Run, data: Data, work: ResultFolder, choices: MapControls) -> None:
    """Draw the map, and beside it its quality, the selection and the marked sample."""
    left, right = st.columns([2, 1], gap="medium")
    with left:
        _map(run, data, work, choices)
    with right:
        trust.summary(run, work)
        many = len(selection.current()) > 1
        if many:
            selection.draw(run, data, work)
        focus = np.flatnonzero(np.asarray(work.array("index")) == st.session_state.get(keys.POINT))
        if len(focus):
            trust.point(run, data, work, int(focus[0]))
        if not many:
            selection.draw(run, data, work)


@render_lock.fragment
def own_image_map(run: Run, data: Data, work: ResultFolder, choices: MapControls) -> None:
    """Draw the map with the visitor's own image on it, and that image's reconstruction and neighbours."""
    left, right = st.columns([2, 1], gap="medium")
    with right:
        st.markdown("**Your own image.** Draw one or upload one; the star is its position on the map.")
        sample = own_image.choose(data)
    placed = own_image.show(run, data, sample, work) if sample is not None else None
    marks = [latent_map.Mark(0, placed.point, "yours", sample)] if placed and placed.point else []
    with left:
        _map(run, data, work, choices, marks)


def _map(run: Run, data: Data, work: ResultFolder, choices: MapControls, marks: Sequence[latent_map.Mark] = ()) -> None:
    """Draw the map; store the samples that a gesture on it selects or marks."""
    numbers, near = np.asarray(shared.array(work, "index")), shared.arrays(work, "neighbours")
    held_out = bool((numbers < len(data.validation)).all())
    pictured = held_out and len(numbers) <= MOST_PICTURED and data.info.is_image
    errors = run_images.errors_of(run)[numbers] if held_out else None
    values = {"error": errors, "trust": near["trust"]}
    if choices.style == "plotly":
        plotly_map.draw(
            run, data, work, choices, numbers=numbers, errors=errors, values=values.get(choices.colour), marks=marks
        )
        _count(numbers, held_out, data)
        return
    panel = latent_map.Panel(
        np.asarray(shared.array(work, "points")),
        near=near["codings"],
        near_map=near["map"],
        reconstructions=run_images.reconstructions_on(work, run) if pictured else None,
        errors=errors,
    )
    positions = {number: position for position, number in enumerate(numbers.tolist())}
    focus = positions.get(st.session_state.get(keys.POINT))
    chosen = [positions[number] for number in selection.current() if number in positions]
    gesture = latent_map.draw(
        [panel],
        key="latent_map",
        numbers=numbers,
        labels=data.labels_of(numbers),
        class_names=data.info.classes,
        images=run_images.samples_on(work, data) if data.info.is_image else None,
        colour=choices.colour,
        values=values.get(choices.colour),
        value_name=COLOURS[choices.colour].lower(),
        style=choices.style,
        tool=choices.tool,
        selected=chosen,
        focus=focus,
        marks=marks,
        grows=True,
    )
    _count(numbers, held_out, data)
    # Only a gesture changes the selection, so that selected samples that are not on this map are not dropped.
    if (gesture.point, gesture.selection) != (focus, chosen):
        selection.choose(numbers[gesture.selection].tolist(), data)
        st.session_state[keys.POINT] = None if gesture.point is None else int(numbers[gesture.point])


def _count(numbers: np.ndarray, held_out: bool, data: Data) -> None:
    """Draw how many of the samples the map shows, if it does not show all."""
    total = len(data.validation) if held_out else len(data.validation) + len(data.train)
    if len(numbers) < total:
        st.caption(f"{len(numbers):,} of {total:,} samples, as many of each class as there are; Settings draws more.")
