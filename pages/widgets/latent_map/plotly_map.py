"""The map as a Plotly chart, with its selection, and its downloads as an HTML file and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from aecore import figures
from aecore.datasets import Data
from aecore.export.map_page import MOST_IMAGES, map_page
from aecore.presets.names import run_name
from aecore.store.runs import ResultFolder, Run
from pages.widgets.basics import charts, theme
from pages.widgets.components.latent_map import Mark
from pages.widgets.jobs.map_job import METHODS
from pages.widgets.latent_map.settings import COLOURS, MapControls
from pages.widgets.server import shared
from pages.widgets.session import keys, selection

KEY = "plotly_map"
DRAG = {"click": "pan", "box": "select", "lasso": "lasso"}
SLOW = 10_000  # points from which the other styles react much faster
CAMERA = {"png": "PNG", "svg": "SVG"}


def draw(
    run: Run,
    data: Data,
    work: ResultFolder,
    choices: MapControls,
    *,
    numbers: np.ndarray,
    errors: np.ndarray | None,
    values: np.ndarray | None,
    marks: Sequence[Mark] = (),
) -> None:
    """Draw the chart of a map, apply what is selected in it, and draw its downloads.

    `numbers` (n,) are the sample numbers of the points, `errors` and `values` (n,) their errors and values for colours.
    """
    points = np.asarray(shared.array(work, "points"))
    three = points.shape[1] == 3
    coloured = values if choices.colour != "class" else None
    of: tuple[Any, ...] = (*shared.file_identity(work, "points.npy"), choices.colour, choices.tool)
    of += tuple((*mark.point, mark.text) for mark in marks)
    # In 3-D nothing can be selected in the chart, so only a selection made elsewhere changes the figure.
    turn, selected = (0, tuple(selection.current())) if three else _selection_of_figure(of)

    def make(colours: figures.Theme, title: str = "") -> go.Figure:
        return figures.latent_map(
            points,
            data.labels_of(numbers),
            data.info.classes,
            colours,
            numbers=numbers,
            errors=errors,
            values=coloured,
            value_name=COLOURS[choices.colour],
            selected=selected,
            marks=[(mark.point, mark.text) for mark in marks],
            tool=DRAG[choices.tool],
            title=title,
        ).update_layout(meta=turn)

    camera = {**figures.MAP_CONFIG["toImageButtonOptions"], "format": st.session_state.get(keys.CAMERA) or "png"}
    event = charts.draw(
        make,
        key=KEY,
        alt=f"Map of {len(points):,} samples by {METHODS[choices.method]}, in the colours of their {choices.colour}",
        of=(*of, turn, selected),
        config={**figures.MAP_CONFIG, "toImageButtonOptions": camera},
        on_select="ignore" if three else "rerun",
    )
    if three:
        st.caption("Drag to turn it. To select points in 3-D, click them in the style Dots or Images.")
    else:
        _apply(of, turn, selected, _numbers(event.selection.points), data)
    if len(points) > SLOW:
        st.caption(f"Plotly reacts slowly with {len(points):,} points; the style Dots draws the same map faster.")
    with st.popover("Download this map", icon=":material/download:"):
        title = f"{run_name(run)} · {METHODS[choices.method]}"
        _downloads(data, numbers, lambda: make(theme.current(), title), f"map-{run.key}-{work.key}")


def _numbers(points: Sequence[Mapping[str, Any]]) -> list[int]:
    """Sample numbers of the points of Streamlit's selection; a row of `customdata` is a typed array in the browser,
    which arrives as {"0": …}. Marks have none."""
    rows = [point["customdata"] for point in points if point.get("customdata")]
    return [int(row["0"] if isinstance(row, Mapping) else row[0]) for row in rows]


def _selection_of_figure(of: tuple[Any, ...]) -> tuple[int, tuple[int, ...]]:
    """(number of the figure, sample numbers that it shows as selected).

    A selection made in the chart is drawn by the browser and must not change the figure, which would be a new chart
    without the visitor's zoom. One made elsewhere gives a new figure; its number makes it differ from all before.
    """
    shown, current = st.session_state.get(keys.PLOTLY_SHOWN), tuple(selection.current())
    # A chart that was not on the page in the last script run comes back without the selection that was made in it.
    if shown and KEY in st.session_state and shown[0] == of and current == (shown[2] if shown[3] is None else shown[3]):
        return shown[1], shown[2]
    turn = shown[1] + 1 if shown else 0
    st.session_state[keys.PLOTLY_SHOWN] = (of, turn, current, None)
    return turn, current


def _apply(of: tuple[Any, ...], turn: int, base: tuple[int, ...], chosen: list[int], data: Data) -> None:
    """Select the samples that a new gesture chose in the chart; a single one becomes the marked sample, too."""
    _, _, _, last = st.session_state[keys.PLOTLY_SHOWN]
    if tuple(chosen) == (last or ()):
        return
    st.session_state[keys.PLOTLY_SHOWN] = (of, turn, base, tuple(chosen))
    selection.choose(chosen, data)
    st.session_state[keys.POINT] = chosen[0] if len(chosen) == 1 else None


def _downloads(data: Data, numbers: np.ndarray, figure: Any, name: str) -> None:
    """Draw the downloads. Files are made when they are clicked."""
    pictured = data.info.is_image and len(numbers) <= MOST_IMAGES
    images = " Each point shows its image." if pictured else ""
    st.caption(f"A page that opens without this app and without a network (5 MB or more).{images}")

    def page() -> str:
        samples = data.numbered(numbers) if pictured else None
        return map_page(figure(), theme.current(), numbers, samples)

    st.download_button("HTML", page, f"{name}.html", "text/html", key="map_html", on_click="ignore")
    st.caption("The figure for `plotly.io.from_json`.")
    st.download_button(
        "JSON", lambda: figure().to_json(), f"{name}.json", "application/json", key="map_json", on_click="ignore"
    )
    st.segmented_control(
        "Picture: the camera above the chart saves what it shows as",
        list(CAMERA),
        default="png",
        required=True,
        format_func=CAMERA.__getitem__,
        key=keys.CAMERA,
    )
