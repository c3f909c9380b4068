"""Two maps of the same samples side by side, with shared hover and selection, and how far each sample moved."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aecore.datasets import Data, as_float
from aecore.errors import AecoreError
from aecore.specs.map import MapSpec
from aecore.store.runs import ResultFolder, Run
from aecore.text import counted, share_text
from pages.widgets.basics import notice
from pages.widgets.compare import pair as compare_pair
from pages.widgets.compare import run_picker
from pages.widgets.compare.pair import Pair, Side
from pages.widgets.components import latent_map
from pages.widgets.images import grid, run_images
from pages.widgets.jobs import map_job
from pages.widgets.jobs.map_job import METHODS
from pages.widgets.server import shared
from pages.widgets.session import controls, keys, selection

COLOURS = {"class": "Class", "moved": "Moved", "shared": "Shared neighbours", "error": "Error"}
Tool = Literal["click", "box", "lasso"]
TOOLS = {"click": "Click", "box": "Box", "lasso": "Lasso"}
POINTS, MOST_POINTS = 2000, 10_000
HEIGHT = 430
MOST_MOVED = 10
NAMED = 3  # samples that moved most, named in the sentence


def draw(bar: DeltaGenerator, run: Run, data: Data) -> None:
    """Draw the view: controls in `bar`, then the two maps, the differences in words and numbers, and the selection."""
    labelled = data.validation_labels is not None
    colour = controls.segments(
        bar, "Colour", {k: v for k, v in COLOURS.items() if labelled or k != "class"}, keys.COLOUR
    )
    tool = controls.segments(bar, "Select by", TOOLS, keys.SELECT)
    with bar.popover("Settings", icon=":material/tune:"):
        points = _points(data)
    left, right = _sides(run, points)
    if left.work is None or right.work is None:
        before = _before(run)
        if before is None:
            _alone(left if left.work else right, data, tool, 0 if left.work else 1)
            return
        left, right = before
        notice.caption(f"Still the last two maps: {left.title}, and {right.title}.")
    try:
        pair = compare_pair.pair_of(left, right)
    except AecoreError as error:
        notice.warning(str(error))
        _alone(left, data, tool, 0)
        return
    st.session_state[keys.COMPARED_MAPS] = left, right
    _maps(pair, data, colour, tool)
    moved, neighbours = st.columns([3, 2], gap="large")
    with moved:
        _moved(pair, data)
    with neighbours:
        _neighbours(pair)
        st.html(compare_pair.STYLE + compare_pair.numbers_html(pair))
    _selected(pair, data)


def _before(run: Run) -> tuple[Side, Side] | None:
    """The two maps of this run that the session showed last; they stay on the page while other maps are computed."""
    sides: tuple[Side, Side] | None = st.session_state.get(keys.COMPARED_MAPS)
    if sides is None or sides[0].run.key != run.key:
        return None
    return sides if all(side.work is not None and side.work.state == "finished" for side in sides) else None


def _points(data: Data) -> int:
    most = min(len(data.validation), MOST_POINTS)
    if st.session_state.get(keys.POINTS, 0) > most:
        st.session_state[keys.POINTS] = most
    return controls.number(
        st.slider,
        "Points",
        min(10, most - 1),
        most,
        min(POINTS, most),
        key=keys.POINTS,
        help="Both maps show the same samples, as many of each class where there are more.",
    )


def _sides(run: Run, points: int) -> tuple[Side, Side]:
    """The two maps that are selected in the controls above them; maps that are missing are submitted to the queue."""
    columns = st.columns(2, gap="medium")
    others = run_picker.others(run)
    with columns[0]:
        names = run_picker.names([run, *others])
        # Disabled, because the active run is changed in the sidebar; drawn so that both columns line up.
        st.selectbox("This run", [names[run.key]], disabled=True, label_visibility="collapsed", key="compared_run")
        method = _method(run, keys.METHOD, names[run.key])
    with columns[1]:
        other = run_picker.pick_other(st.container(), run, others)
        other_method = _method(other, keys.OTHER_METHOD, names[other.key], "" if other.key != run.key else method)
    sides = []
    waiting = st.container()  # below both columns, so that neither moves while the other one waits
    for side_run, side_method, key in ((run, method, "map_left"), (other, other_method, "map_right")):
        if side_run.key != run.key:
            side_run.touch()
        with waiting:
            work = _finished(side_run, side_method, points, key)
            sides.append(Side(side_run, names[side_run.key], side_method, work))
    return sides[0], sides[1]


def _finished(run: Run, method: str, points: int, key: str) -> ResultFolder | None:
    """The finished map of one side; else None, after drawing its progress or the reason why there is none."""
    try:
        spec = MapSpec(method=method, n=points)
        spec.check(points, run.metrics.get("coding_size", run.spec.coding_size))
    except AecoreError as error:
        notice.warning(str(error))
        return None
    return map_job.finished(run, spec, key=key)


def _method(run: Run, key: str, name: str, without: str = "") -> str:
    """The projection of one side, from a segmented control of those that fit the run's codings; says why another one
    does not."""
    codings = run.metrics.get("coding_size", run.spec.coding_size)
    flat = codings <= 2
    too_wide = f"{name} cannot be drawn as it is: {codings:,} codings, and a page has two dimensions"
    if not flat and st.session_state.get(key) == "none":
        notice.caption(f"{too_wide}. PCA instead.", ":material/info:")
    options = {k: v for k, v in METHODS.items() if (flat or k != "none") and k != without}
    lacking = {} if flat else dict.fromkeys(("none", METHODS["none"]), too_wide)
    return controls.segments(st.container(), "Projection", options, key, lacking=lacking)


def _panel(side: Side, points: np.ndarray, data: Data) -> latent_map.Panel:
    work = side.finished
    return latent_map.Panel(
        points,
        side.title,
        near=side.near("codings"),
        near_map=side.near("map"),
        reconstructions=run_images.reconstructions_on(work, side.run) if data.info.is_image else None,
        errors=run_images.errors_of(side.run)[shared.array(work, "index")],
    )


def _maps(pair: Pair, data: Data, colour: str, tool: str) -> None:
    values = {"moved": pair.moved, "shared": pair.shared}.get(colour)
    if colour == "shared" and values is None:
        st.caption(":material/info: These maps were drawn before neighbours were kept: no shared ones to colour by.")
        colour = "moved"
        values = pair.moved
    panels = [_panel(pair.left, pair.points, data), _panel(pair.right, pair.aligned, data)]
    _draw(panels, pair.left.finished, data, colour, tool, values)
    st.caption(
        "The same samples twice; the right map is turned, mirrored and scaled until it fits the left one best. Point "
        "at one: it is ringed on both. Good: a sample has the same neighbours on both sides."
    )


def _alone(side: Side, data: Data, tool: str, column: int) -> None:
    """Draw the one finished map in its column, while the other is pending or refused."""
    if side.work is not None:
        panel = _panel(side, np.asarray(shared.array(side.work, "points"), np.float32), data)
        with st.columns(2, gap="medium")[column]:  # the same column as beside the other map
            _draw([panel], side.work, data, "class", tool, None)


def _draw(
    panels: list[latent_map.Panel], work: ResultFolder, data: Data, colour: str, tool: str, values: np.ndarray | None
) -> None:
    """Draw one or two maps; `work` is the folder of a map with the same samples."""
    selection.forget_other(data)
    index = np.asarray(shared.array(work, "index"))
    place = dict(zip(index.tolist(), range(len(index)), strict=True))
    labels = data.labels_of(index)
    names: dict[str, str] = {"moved": "moved", "shared": "shared neighbours"}
    gesture = latent_map.draw(
        panels,
        key=f"compare_{len(panels)}",
        numbers=index,
        labels=labels,
        class_names=data.info.classes,
        images=run_images.samples_on(work, data) if data.info.is_image else None,
        colour=colour if labels is not None or colour != "class" else "error",
        values=values,
        value_name=names.get(colour, ""),
        tool=cast(Tool, tool),
        selected=[place[number] for number in selection.current() if number in place],
        focus=place.get(st.session_state.get(keys.POINT, -1)),
        height=HEIGHT,
    )
    chosen = [int(index[position]) for position in gesture.selection]
    if chosen != [number for number in selection.current() if number in place]:
        selection.choose(chosen, data)
    st.session_state[keys.POINT] = None if gesture.point is None else int(index[gesture.point])


def _moved(pair: Pair, data: Data) -> None:
    st.markdown("## Displacement between the maps")
    order = np.argsort(-pair.moved, kind="stable")[:MOST_MOVED]
    names = data.captions_of([int(n) for n in pair.index[order]])
    st.markdown(compare_pair.moved_sentence(pair, names[:NAMED]))
    _grid(pair, data, order, [share_text(pair.moved[i]) for i in order], "moved")
    st.caption(
        "The ten that moved most, with their reconstructions in each run. In shares of the map's longer side, after "
        "the best fit. t-SNE and UMAP place whole groups by chance: there, a group that moved together has not changed."
    )


def _neighbours(pair: Pair) -> None:
    st.markdown("## Shared nearest neighbours")
    st.markdown(compare_pair.shared_sentence(pair))


def _selected(pair: Pair, data: Data) -> None:
    place = dict(zip(pair.index.tolist(), range(len(pair.index)), strict=True))
    positions = [place[number] for number in selection.current() if number in place]
    if not positions:
        st.caption("Click points, or drag a box or a lasso: the selected samples appear here as both runs draw them.")
        return
    st.markdown(f"## Selected: {counted(len(positions), 'sample')}")
    shown = np.array(positions[: 2 * MOST_MOVED])
    with st.container(width="stretch" if len(shown) >= MOST_MOVED else 90 + 100 * len(shown)):
        _grid(pair, data, shown, [share_text(pair.moved[i]) for i in shown], "moved")
    if len(positions) > len(shown):
        st.caption(f"The first {len(shown)} of {len(positions):,}.")
    if st.button("Clear", key="clear_compared"):
        selection.choose([], data)
        st.rerun()


def _grid(pair: Pair, data: Data, positions: np.ndarray, texts: list[str], measure: str) -> None:
    """Draw samples as rows: originals, reconstructions of the left run, and of the right one if it is another run."""
    numbers = pair.index[positions]
    x = as_float(data.numbered(numbers))
    rows: list[grid.Row] = [("original", x)]
    outputs = [as_float(run_images.reconstructions_of(side.run)[numbers]) for side in (pair.left, pair.right)]
    rows += [("reconstruction", outputs[0])] if pair.one_run else [("left", outputs[0]), ("right", outputs[1])]
    grid.show(rows, data.names_of(numbers), (measure, texts), per_row=10)
