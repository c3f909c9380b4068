"""Component of the training film: the codings at every snapshot on a canvas, with a slider along the error curve.

The film plays in the browser (`training_film.js`), which sends the frame when playing or sliding stops.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore.analysis.training_film import Film
from aecore.export import film_gif
from aecore.figures import Theme
from pages.widgets.basics import theme
from pages.widgets.components.shared import bundle, packing

WATCHED = 10  # samples beside the map: the first of `datasets.watched`, one of each class
FEWEST_WATCHED = 4
MOST_BYTES = 1_500_000  # bytes of reconstructions for the largest number of snapshots
MOST_SNAPSHOTS = 60
AGAIN = 6  # frames that are sent again during a training, in case the browser missed some
HEIGHT = 430
LEVELS = 65_535  # largest uint16, the type of a position's coordinates


def payload(film: Film, colours: Theme, *, first: int = 0, opening: int | None = None) -> bytes:
    """Bytes of a container with the frames of a film from number `first` on.

    Positions are uint16 on a grid of three times the view's size, to whose edge positions outside are clipped.
    `opening` is the frame to show first, None for the last one.
    """
    left, bottom, right, top = film.bounds()
    low, size = np.array([left, bottom]), np.array([right - left, top - bottom])
    low, unit = low - size, 3 * float(size.max()) / LEVELS
    positions = np.clip(np.round((film.positions[first:] - low) / unit), 0, LEVELS).astype(np.uint16)
    pixels = max(1, film.reconstructions[0, 0].size)
    count = int(np.clip(MOST_BYTES // (pixels * MOST_SNAPSHOTS), FEWEST_WATCHED, WATCHED))
    black, white = film_gif.picture_range(film)
    pictures = film_gif.tones(film.reconstructions[first:, :count], black, white)
    style = packing.style_header(colours, [int(group) for group in film.groups], film.classes)
    groups = np.zeros(len(film.numbers), np.uint16)
    if film.labels is not None:
        groups = np.searchsorted(film.groups, film.labels).astype(np.uint16)
    watched = [
        style["classes"][groups[i]]["name"] if film.labels is not None and i < len(film.groups) else f"no. {number}"
        for i, number in enumerate(film.numbers[: pictures.shape[1]].tolist())
    ]
    header: dict[str, Any] = {
        "version": f"{film.run} {film.started} {first} {film.snapshot_count} {film.finished} {colours.name} {opening}",
        "training": film.run,
        "first": first,
        "finished": film.finished,
        "opening": opening,
        "view": list(film.bounds()),
        "low": low.tolist(),
        "unit": unit,
        "shape": list(film.originals.shape[1:]),
        "range": [black, white],
        "watched": watched,
        "captions": [film.caption(frame) for frame in range(first, len(film))],
        "numbers": film.numbers.tolist(),
        "height": HEIGHT,
    }
    return packing.pack(
        header | style,
        positions=positions,
        pictures=pictures,
        originals=film_gif.tones(film.originals[:count], black, white),
        groups=groups,
        step=film.step[first:].astype(np.float32),
        epoch=film.epoch[first:].astype(np.float32),
        error=film.error[first:].astype(np.float32),
    )


def sent_key(key: str) -> str:
    """Session-state name of the number of frames of the film `key` that the browser has."""
    return f"{key}_sent"


def draw(film: Film, *, key: str, live: bool = False, opening: int | None = None) -> int:
    """Draw a film; returns the number of the current frame, initially `opening` or the last one.

    With `live` only frames that the browser lacks are sent; a rerun of the whole page sends all of them.
    """
    first = 0
    if live:
        sent = st.session_state.get(sent_key(key), 0)
        first = max(0, min(sent, len(film) - 1) - AGAIN)
        st.session_state[sent_key(key)] = len(film)
    data = payload(film, theme.current(), first=first, opening=opening)
    chosen = _component()(key=key, data=data, on_frame_change=lambda: None).get("frame")
    last = len(film) - 1
    frame = chosen if isinstance(chosen, int) else last if opening is None else opening
    return min(max(frame, 0), last)


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "training_film",
        html=packing.markup("training_film/training_film.html"),
        css=packing.style("training_film/training_film.css"),
        js=bundle.script("training_film/training_film.js"),
    )
