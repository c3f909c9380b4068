"""Component of the interactive map: one or two panels of points on a canvas, with the images behind the points.

The data are split by how often they change, into `blobs`: the samples, each panel's points and neighbours, each sheet
of images, and the view (colours, selection, tool). So a new selection sends only the small view, and another projection
does not send the images again.

Scripts: `scene.js` (positions, index), `raster.js` and `base.js` (points, images, names), `overlay.js` (hover, lines,
rings), `flight.js`, `sheets.js`, `card.js`, `panel.js`, `gestures.js`, `keys.js`, `map.js` (the component). For tests,
each panel's upper canvas has `dataset.hovered`, `.focus`, `.selected`, `.ready`, and a method `positionOf(i)`, the
position of sample i in CSS pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore.text import error_text
from pages.widgets.basics import theme
from pages.widgets.components.shared import blobs, bundle, packing
from pages.widgets.components.shared.blobs import Blob
from pages.widgets.images.sprite_sheet import Sheet

SLOTS = ("samples", "images", "panel0", "panel1", "reconstructions0", "reconstructions1")
STEPS = 64  # colours of a colour scale


@dataclass(frozen=True)
class Panel:
    """One map of n points, with their neighbours, reconstructions and errors in the run that it shows.

    points : (n, 2) or (n, 3). Points that are not finite are not drawn.
    near : (n, k) positions (0 to n-1) of the true nearest neighbours in the codings, nearest first.
    near_map : (n, k) positions of the nearest neighbours on the map, nearest first.
    reconstructions : (n, height, width[, channels]) uint8, or their sheet.
    errors : (n,) reconstruction errors.
    """

    points: np.ndarray
    title: str = ""
    near: np.ndarray | None = None
    near_map: np.ndarray | None = None
    reconstructions: np.ndarray | Sheet | None = None
    errors: np.ndarray | None = None


@dataclass(frozen=True)
class Mark:
    """A star with a text for something that is no sample, such as a drawing. `image` is uint8."""

    panel: int
    point: tuple[float, ...]
    text: str
    image: np.ndarray | None = None


@dataclass(frozen=True)
class Picked:
    """The marked point, clicked last, and the selection in order, as positions in the map."""

    point: int | None
    selection: list[int]


def draw(
    panels: Sequence[Panel],
    *,
    key: str,
    numbers: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    images: np.ndarray | Sheet | None = None,
    colour: str = "class",
    values: np.ndarray | None = None,
    value_name: str = "",
    style: Literal["dots", "images"] = "dots",
    tool: Literal["click", "box", "lasso"] = "click",
    selected: Sequence[int] = (),
    focus: int | None = None,
    marks: Sequence[Mark] = (),
    height: int = 560,
    grows: bool = False,
) -> Picked:
    """Draw the map; returns the selection and the marked point.

    `selected` and `focus` are the current ones. In the script run after a gesture the visitor's are returned, otherwise
    `selected` and `focus`, so that the caller can always store the result.

    Parameters
    ----------
    panels : one or two, of the same n samples.
    numbers : (n,) sample numbers, shown on hover.
    labels : (n,) class numbers.
    images : (n, height, width[, channels]) uint8, or their sheet; None for data that are no images.
    colour : 'class' (colour and shape), or a name of `values`; 'error' without values takes the panels' errors.
    values : (n,) values for colours, scaled from their 2nd to their 98th percentile; others than finite ones are grey.
    height : of a panel, in pixels; on a narrow page panels stand below each other and are at most as high as wide.
    grows : makes a wide panel higher than `height`, as far as the window allows.

    Raises
    ------
    ValueError : for arrays that do not belong together.
    """
    count = _check(panels, numbers, labels, images, values, colour, style, tool)
    shown = Picked(focus, [int(i) for i in selected])
    slots = _slots(panels, np.asarray(numbers), labels, images, count)
    with st.container(gap=None, key=f"{key}_map"):
        answer = _component()(key=key, data={"owner": key}, height="content", on_picked_change=lambda: None)
        picked = _picked(getattr(answer, "picked", None), count) or shown
        for slot in SLOTS:
            if slot in slots:
                blobs.send(key, slots[slot])
        view, arrays = _view(panels, labels, class_names, colour, values, value_name, marks, count)
        view |= {
            "style": style,
            "tool": tool,
            "focus": picked.point,
            "height": height,
            "grows": grows,
            "versions": blobs.versions(slots),
        }
        arrays["selected"] = np.asarray(picked.selection, np.int32)
        blobs.send(key, blobs.versioned("view", view, arrays))
    return picked


def _slots(
    panels: Sequence[Panel],
    numbers: np.ndarray,
    labels: np.ndarray | None,
    images: np.ndarray | Sheet | None,
    count: int,
) -> dict[str, Blob]:
    """{slot: blob} of all blobs except the view."""
    samples = {"numbers": numbers.astype(np.int32)}
    if labels is not None:
        samples["groups"] = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.uint16)
    slots: dict[str, Blob] = {"samples": blobs.versioned("samples", {}, samples)}
    if images is not None and count:
        slots["images"] = blobs.sprite_blob("images", images)
    for i, panel in enumerate(panels):
        arrays = {"points": np.asarray(panel.points, np.float32)}
        position = np.uint16 if count <= 65_536 else np.uint32  # the smallest type that holds all positions
        for name, near in (("near", panel.near), ("near_map", panel.near_map)):
            if near is not None:
                arrays[name] = np.asarray(near).astype(position)
        if panel.errors is not None:
            arrays["errors"] = np.asarray(panel.errors, np.float32)
        slots[f"panel{i}"] = blobs.versioned(f"panel{i}", {"title": panel.title}, arrays)
        if panel.reconstructions is not None and count:
            slots[f"reconstructions{i}"] = blobs.sprite_blob(f"reconstructions{i}", panel.reconstructions)
    return slots


def _view(
    panels: Sequence[Panel],
    labels: np.ndarray | None,
    class_names: Sequence[str],
    colour: str,
    values: np.ndarray | None,
    value_name: str,
    marks: Sequence[Mark],
    count: int,
) -> tuple[dict[str, Any], dict[str, np.ndarray | bytes]]:
    """Header and arrays of the view: colours, names and marks."""
    groups = [] if labels is None else np.unique(np.asarray(labels)).tolist()
    view: dict[str, Any] = packing.style_header(theme.current(), groups, class_names)
    arrays: dict[str, np.ndarray | bytes] = {}
    if colour != "class":
        columns = [panel.errors for panel in panels] if values is None else [values]
        given = [np.asarray(column, np.float32) for column in columns if column is not None]
        low, high = _range(np.concatenate(given) if count else np.zeros(1, np.float32))
        for i, value in enumerate(given):
            with np.errstate(invalid="ignore"):
                step = np.clip((value - low) / (high - low) * (STEPS - 1), 0, STEPS - 1)
            arrays[f"steps{i}"] = np.where(np.isfinite(value), np.nan_to_num(step), 255).astype(np.uint8)
        if values is not None and colour != "error":
            arrays["values"] = given[0]
        ticks = [error_text(tick) for tick in np.linspace(low, high, 3)]
        view["scale"] = {"name": value_name or colour, "ticks": ticks, "steps": STEPS}
    view["marks"] = [
        {"panel": mark.panel, "point": [float(c) for c in mark.point], "text": mark.text} for mark in marks
    ]
    for i, mark in enumerate(marks):
        if mark.image is not None:
            arrays[f"mark{i}"] = np.asarray(mark.image, np.uint8)
    return view, arrays


def _range(values: np.ndarray) -> tuple[float, float]:
    """2nd and 98th percentile of the finite values, robust to outliers; always two different numbers."""
    finite = values[np.isfinite(values)]
    low, high = (float(q) for q in np.percentile(finite, (2, 98))) if len(finite) else (0.0, 1.0)
    return low, high if high > low else low + max(abs(low), 1.0) * 1e-6


def _picked(answer: object, count: int) -> Picked | None:
    """The browser's message as `Picked`; None for one that does not fit this map, since it may be older."""
    if not isinstance(answer, dict):
        return None
    point, selection = answer.get("point"), answer.get("selection")
    valid = [i for i in selection if type(i) is int and 0 <= i < count] if isinstance(selection, list) else []
    return Picked(point if type(point) is int and 0 <= point < count else None, list(dict.fromkeys(valid)))


def _check(
    panels: Sequence[Panel],
    numbers: np.ndarray,
    labels: np.ndarray | None,
    images: np.ndarray | Sheet | None,
    values: np.ndarray | None,
    colour: str,
    style: str,
    tool: str,
) -> int:
    """The number of samples. Raises `ValueError` for arrays that do not belong together."""
    if not 1 <= len(panels) <= 2:
        raise ValueError(f"panels: got {len(panels)}, allowed: 1 or 2")
    count = len(numbers)
    for panel in panels:
        shape = np.shape(panel.points)
        if len(shape) != 2 or shape[1] not in (2, 3) or shape[0] != count:
            raise ValueError(f"points: got shape {shape}, allowed: ({count}, 2) or ({count}, 3), one a number")
        _lengths(count, near=panel.near, near_map=panel.near_map, errors=panel.errors)
        _lengths(count, reconstructions=panel.reconstructions)
        for near in (panel.near, panel.near_map):
            if near is not None and near.size and not (near.min() >= 0 and near.max() < count):
                raise ValueError(f"near: got {near.min()} to {near.max()}, allowed: positions 0 to {count - 1}")
    _lengths(count, labels=labels, images=images, values=values)
    if colour == "error" and values is None and any(panel.errors is None for panel in panels):
        raise ValueError("colour: got 'error' without values and without every panel's errors")
    if colour not in ("class", "error") and values is None:
        raise ValueError(f"colour: got {colour!r} without values")
    if style not in ("dots", "images") or tool not in ("click", "box", "lasso"):
        raise ValueError(f"style, tool: got {style!r}, {tool!r}, allowed: dots, images; click, box, lasso")
    return count


def _lengths(count: int, **arrays: np.ndarray | Sheet | None) -> None:
    for name, array in arrays.items():
        if array is not None and len(array) != count:
            raise ValueError(f"{name}: got {len(array)}, allowed: {count}, one a number")


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "latent_map",
        html='<div class="map"></div>',
        css=packing.style("latent_map/map.css"),
        js=bundle.script("latent_map/map.js"),
    )
