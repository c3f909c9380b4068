"""Component with rows of decoded pictures, and optionally a large picture with a slider from the first to the last.

The browser decodes them (`walk_row.js`) from two `blobs`: the decoder, and a small view with the codings. If it cannot
run the decoder, the server sends the decoded pictures and intermediate ones, and the component says so in one line.
For tests, the root has `dataset.ready` (all pictures of the row are drawn), `.t`, `.z` and `.level` (of the slider),
`.spot` (the picture that is described) and `.near` (its nearest real image).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import streamlit as st
import streamlit.components.v2 as components

from aecore.analysis import inference, interpolation, off_manifold
from aecore.datasets.base import class_name
from aecore.export.film_gif import tones
from pages.widgets.basics import notice, theme
from pages.widgets.components.latent_walk import Walker
from pages.widgets.components.shared import blobs, bundle, packing
from pages.widgets.server import shared

ALONG = 41  # codings from the first to the last at which distance and drift are measured
MOST = 1e6  # largest ratio that is sent, also where the network overflowed


def draw(
    walker: Walker,
    codings: np.ndarray,
    *,
    key: str,
    columns: int,
    labels: Sequence[str] = (),
    scrub: bool = False,
    framed: Collection[int] = (),
    wrap: bool = True,
    places: off_manifold.Diagnosis | None = None,
    way: interpolation.Path = "straight",
    ends: tuple[str, str] = ("A", "B"),
    start: float = 0.0,
) -> off_manifold.Diagnosis | None:
    """Draw codings (m, d) as pictures, `columns` in a row; returns the diagnosis of the slider's path, if any.

    Parameters
    ----------
    labels : texts (m) under the pictures, or none.
    scrub : add the large picture with the slider from the first coding to the last, along `way`, m ≥ 2.
    framed : positions of pictures with a frame.
    wrap : True for half as many columns on a narrow page; False to keep the rows.
    places : diagnosis of the m codings, drawn as bars under the pictures, and in words for the one that is hovered.
        That of the slider's path is computed here, at `ALONG` codings.
    ends : names of both ends.
    start : initial position of the slider, 0 to 1.

    Raises
    ------
    AecoreError : for codings that are not finite or of another width than the run's, and for a decoder that neither
        the browser nor the server can run.
    """
    codings = np.asarray(codings, np.float32)
    slots: dict[str, blobs.Blob] = {}
    if walker.decoder is not None:
        slots["decoder"] = walker.slots["decoder"]
    else:
        notice.caption(f"The server decodes these pictures: {walker.why_not}", ":material/dns:")
    view, arrays, along = _view(walker, codings, scrub, way)
    diagnosis = along if scrub else places
    if diagnosis is not None:
        words, measures = _diagnosis(walker, diagnosis)
        view, arrays = view | words, arrays | measures
    view |= {
        "columns": columns,
        "labels": list(labels),
        "framed": [int(i) for i in framed],
        "wrap": wrap,
        "levels": [] if scrub or places is None else places.level.tolist(),
        "ends": list(ends),
        "start": float(start),
        "theme": packing.style_header(theme.current())["theme"],
        "versions": blobs.versions(slots),
    }
    with st.container(gap=None, key=f"{key}_row"):
        _component()(key=key, data={"owner": key}, height="content")
        for slot in slots.values():
            blobs.send(key, slot)
        blobs.send(key, blobs.versioned("view", view, arrays))
    return along


def _view(
    walker: Walker, codings: np.ndarray, scrub: bool, way: interpolation.Path
) -> tuple[dict[str, Any], dict[str, np.ndarray | bytes], off_manifold.Diagnosis | None]:
    """Header and arrays that depend on the codings, and the diagnosis of the slider's path.

    They hold the angle of the path, its diagnosis, and pictures if the server decodes.
    """
    view: dict[str, Any] = {"scrub": scrub, "shape": list(walker.shape), "reach": walker.reach}
    arrays: dict[str, np.ndarray | bytes] = {"codings": codings}
    if walker.decoder is None:
        arrays["pictures"] = _sent(inference.decode(walker.run, codings))
    if not scrub:
        return view, arrays, None
    first, last = codings[0], codings[-1]
    view["angle"] = interpolation.angle(first, last) if way == "spherical" else None
    path = interpolation.interpolate(first, last, ALONG, way)
    if walker.decoder is None:
        arrays["film"] = _sent(inference.decode(walker.run, path))
    return view, arrays, off_manifold.diagnose(walker.run, walker.reference, path)


def _diagnosis(walker: Walker, places: off_manifold.Diagnosis) -> tuple[dict[str, Any], dict[str, np.ndarray | bytes]]:
    """Header and arrays of a diagnosis: verdicts, measures, and the nearest real images, each once."""
    assert places.drift_ratio is not None
    reference = walker.reference
    shown, near = np.unique(places.nearest, return_inverse=True)
    names = [f"no. {number:,}" for number in reference.numbers[shown].tolist()]
    if reference.labels is not None:
        groups = [class_name(walker.classes, group) for group in reference.labels[shown].tolist()]
        names = [f"{group}, {name}" for group, name in zip(groups, names, strict=True)]
    arrays: dict[str, np.ndarray | bytes] = {
        "distance": np.minimum(places.distance_ratio, MOST).astype(np.float32),
        "drift": np.minimum(places.drift_ratio, MOST).astype(np.float32),
        "level": places.level.astype(np.uint8),
        "verdict": places.verdict.astype(np.uint8),
        "near": near.ravel().astype(np.int32),
    }
    if places.density is not None:
        arrays["density"] = places.density.astype(np.float32)
    if "images" in walker.slots:
        arrays["real"] = shared.data(walker.run.spec.dataset).numbered(reference.numbers[shown])
    return {"verdicts": list(reference.verdicts), "nearest": names}, arrays


def _sent(samples: np.ndarray) -> np.ndarray:
    """Images as uint8, vectors unchanged."""
    return tones(samples, 0.0, 1.0) if samples.ndim > 2 else samples


@st.cache_resource(show_spinner=False)
def _component() -> components.ComponentRenderer:
    return components.component(
        "walk_row",
        html=packing.markup("walk_row/walk_row.html"),
        css=packing.style("walk_row/walk_row.css"),
        js=bundle.script("walk_row/walk_row.js"),
    )
